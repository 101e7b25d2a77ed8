//! Processes of machines that are gone, and lock files that no process holds any more. Those of this machine that died are
//! found by their locks (`src/fleet.rs`); whether one of another machine lives cannot be seen, so time decides, generously:
//! what it had claimed went back when its leases expired, long before.

use std::collections::HashSet;
use std::time::Duration;

use super::orphans::modified;
use super::pass::Pass;
use super::report::{Removed, Report};
use crate::layout::WORKER_LOCK;
use crate::lock::{self, Lock};
use crate::machine::FoundKind;
use crate::store::StoreError;

/// A process of another machine that was not seen for so long is gone.
const GONE: Duration = Duration::from_secs(7 * 86_400);

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let Pass {
        workspace,
        options,
        ages,
        ..
    } = *pass;
    let (store, files) = (&workspace.store, workspace.files());
    let host = workspace.machine.host();
    let mut known = HashSet::new();
    for worker in store.workers()? {
        let is_gone = worker.host != host
            && ages.is_older(worker.seen_at, GONE)
            && lock::is_held(files, &worker.lock_path) != Some(true);
        if !is_gone || pass.is_stopped() {
            known.insert(worker.lock_path);
            continue;
        }
        report.scanned += 1;
        if !options.dry_run {
            // What still has claims stays: whoever takes them back needs its name and its lock.
            if !store.remove_worker(&worker.id)? {
                known.insert(worker.lock_path);
                continue;
            }
            let _ = files.remove_file(&worker.lock_path);
        }
        report.add(Removed {
            kind: "process",
            id: worker.id,
            name: worker.name,
            reason: "its machine was not seen for a week",
            bytes: 0,
        });
    }
    let locks = workspace.layout.worker_locks();
    for (name, kind) in files.names(&locks).unwrap_or_default() {
        let path = locks.join(&name);
        let is_leftover = kind == FoundKind::File
            && name.ends_with(WORKER_LOCK)
            && !known.contains(&path)
            && ages.is_older(modified(workspace, &path), options.leftover_ttl);
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
