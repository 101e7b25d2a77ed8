//! Processes that take claims, and what to do about those that died.
//!
//! Each such process holds a lock of the operating system on a file of its own for as long as it lives, and says so in the
//! database. A process is dead when its lock can be taken: no age, no number that somebody else may have by now. What a dead
//! process of this machine held goes back to the queue at once; one of another machine is left to its leases.

use std::path::PathBuf;

use crate::clock::Timestamp;
use crate::files::FileError;
use crate::host;
use crate::lock::{self, Lock};
use crate::run::leftovers;
use crate::settings::Recovery;
use crate::store::{RunRecord, StoreError, WorkerRecord};
use crate::workspace::Workspace;

/// This process as one that takes claims. Ends when dropped.
pub struct Member<'a> {
    workspace: &'a Workspace,
    /// What its claims carry.
    pub id: String,
    lock_path: PathBuf,
    _lock: Lock,
}

/// A process cannot become a member.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its lock file.
    #[error(transparent)]
    File(#[from] FileError),
}

impl<'a> Member<'a> {
    /// Makes this process known, as a `worker` or a `run`.
    ///
    /// # Errors
    /// The store can't serve, or the lock file cannot be made.
    pub fn join(workspace: &'a Workspace, kind: &str, slots: usize) -> Result<Self, JoinError> {
        let id = uuid::Uuid::now_v7().to_string();
        let lock_path = workspace.layout.worker_lock(&id);
        let lock = Lock::take(&lock_path)?;
        let now = Timestamp::now();
        let record = WorkerRecord {
            id: id.clone(),
            host: host::name(),
            pid: std::process::id(),
            name: workspace.settings.worker_id(0),
            kind: kind.to_owned(),
            slots: u32::try_from(slots).unwrap_or(u32::MAX),
            lock_path: lock_path.clone(),
            started_at: now,
            seen_at: now,
        };
        let joined = workspace.store.register_worker(&record);
        let member = Self {
            workspace,
            id,
            lock_path,
            _lock: lock,
        };
        joined?;
        Ok(member)
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        // Where this fails, the next process finds the lock free and tidies up.
        if self.workspace.store.remove_worker(&self.id).is_ok() {
            let _ = std::fs::remove_file(&self.lock_path);
        }
    }
}

/// Takes back what dead processes of this machine held. Gives the runs as they are now.
///
/// # Errors
/// The store can't serve.
pub fn recover(workspace: &Workspace, recovery: Recovery) -> Result<Vec<RunRecord>, StoreError> {
    let host = host::name();
    let mut runs = Vec::new();
    for worker in workspace.store.workers()? {
        // A lock file that is gone was removed by somebody who had found it free; one that cannot be looked at proves
        // nothing.
        if worker.host != host
            || worker.pid == std::process::id()
            || lock::is_held(&worker.lock_path) != Some(false)
        {
            continue;
        }
        let reclaimed = workspace
            .store
            .reclaim(&worker.id, recovery, Timestamp::now())?;
        for run in &reclaimed {
            // Where a worker has claimed the run meanwhile, it has cleared by itself.
            if run.status.is_terminal() {
                leftovers::clear(&workspace.layout.run(&run.key.workspace_id, &run.id));
            }
        }
        runs.extend(reclaimed);
        workspace.store.remove_worker(&worker.id)?;
        let _ = std::fs::remove_file(&worker.lock_path);
    }
    Ok(runs)
}
