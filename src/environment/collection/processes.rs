//! Lock files that no process holds any more. A process that died is found by its lock, and its file goes with its record
//! (`src/workspace/fleet.rs`); what is left is that of one that died before it was recorded.

use std::collections::HashSet;

use super::pass::Pass;
use crate::settings::paths::WORKER_LOCK;
use crate::store::StoreError;
use crate::system::lock::Lock;
use crate::system::machine::FoundKind;

pub(super) fn collect(pass: &Pass<'_>) -> Result<(), StoreError> {
    let (workspace, options) = (pass.workspace, pass.options);
    let files = workspace.files();
    let workers = workspace.store.workers()?;
    let known: HashSet<_> = workers.into_iter().map(|worker| worker.lock_path).collect();
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
