//! Records of processes whose lock files are missing, and lock files that no process holds any more. A process that died is
//! found by its lock (`src/workspace/fleet.rs`); where the file is missing, time decides, generously: the claims of such a process went
//! back to the queue when their leases expired, long before.

use std::collections::HashSet;
use std::time::Duration;

use super::pass::Pass;
use super::report::{Removed, Report};
use crate::settings::paths::WORKER_LOCK;
use crate::store::StoreError;
use crate::system::lock;
use crate::system::lock::Lock;
use crate::system::machine::FoundKind;

/// A process without a lock file that was not seen for so long is gone.
const GONE: Duration = Duration::from_secs(7 * 86_400);

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let (workspace, options) = (pass.workspace, pass.options);
    let (store, files) = (&workspace.store, workspace.files());
    let mut known = HashSet::new();
    for worker in store.workers()? {
        let is_gone = pass.ages.is_older(worker.seen_at, GONE)
            && lock::is_held(files, &worker.lock_path).is_none();
        if !is_gone || pass.is_stopped() {
            known.insert(worker.lock_path);
            continue;
        }
        report.scanned += 1;
        // A process that still has claims stays known: their recovery needs its id.
        if !options.dry_run && !store.remove_worker(&worker.id)? {
            known.insert(worker.lock_path);
            continue;
        }
        report.add(Removed {
            kind: "process",
            id: worker.id,
            name: worker.name,
            reason: "its lock file is missing, and it was not seen for a week",
            bytes: 0,
        });
    }
    let locks = workspace.paths.worker_locks();
    for (name, kind) in files.names(&locks).unwrap_or_default() {
        let path = locks.join(&name);
        let is_leftover = kind == FoundKind::File
            && name.ends_with(WORKER_LOCK)
            && !known.contains(&path)
            && pass.is_leftover(&path);
        if !is_leftover || options.dry_run || pass.is_stopped() {
            continue;
        }
        // Its process may be about to register.
        if let Ok(Some(_lock)) = Lock::try_take(&*workspace.machine, &path) {
            let _ = files.remove_file(&path);
        }
    }
    Ok(())
}
