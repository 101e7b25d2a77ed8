//! Processes that claim runs or build environments, and recovery of the claims of those that died.
//!
//! Each such process holds a lock of the operating system on a file of its own for as long as it lives, and is registered in
//! the database. A process is dead when its file is there and its lock can be taken: the database has a write-ahead log, so
//! all its processes run under one kernel, which releases the lock with the process. Neither a host name, which changes with
//! the container, nor an age, nor a process number, which may be in use again, decides. The claims of a dead process go back to
//! the queue at once. Of a process whose file is missing nothing is known; its claims end with their leases.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::files::FileError;
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::settings::Recovery;
use crate::store::{BuildAttempts, RunRecord, StoreError, WorkerRecord};
use crate::system::lock;
use crate::system::lock::Lock;
use crate::workspace::Workspace;

/// The registration of this process. Ends when dropped.
pub struct Member<'a> {
    workspace: &'a Workspace,
    /// Its id, by which its claims are found when it dies.
    pub id: String,
    lock_path: PathBuf,
    _lock: Lock,
}

/// A process cannot take part in the queue.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file by whose lock others see that it lives.
    #[error(transparent)]
    LockFile(#[from] FileError),
}

impl Problem for FleetError {
    fn facts(&self) -> Facts {
        match self {
            Self::Store(error) => error.facts(),
            Self::LockFile(error) => error.facts().under(Kind::Database, code::STORAGE_FAILED),
        }
    }
}

impl<'a> Member<'a> {
    /// Registers this process, as a `worker` or a `run` ([`WorkerRecord::kind`]).
    ///
    /// # Errors
    /// The store cannot be used, or the lock file cannot be made.
    pub fn join(workspace: &'a Workspace, kind: &str, slots: usize) -> Result<Self, FleetError> {
        let machine = &*workspace.machine;
        let id = machine.new_id();
        let lock_path = workspace.paths.worker_lock(&id);
        // The name is new, so no other process has locked it.
        let taken = Lock::try_take(machine, &lock_path)?;
        let lock = taken
            .ok_or(io::ErrorKind::ResourceBusy.into())
            .map_err(FileError::on("lock", &lock_path))?;
        let now = machine.now();
        let record = WorkerRecord {
            id: id.clone(),
            host: machine.host(),
            pid: machine.pid(),
            name: workspace.worker_id(0),
            kind: kind.to_owned(),
            slots: u32::try_from(slots).unwrap_or(u32::MAX),
            lock_path: lock_path.clone(),
            lease: workspace.settings.worker.lease,
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
        // Where this fails, or a claim could not be left, the next process finds the lock free and recovers what is left. It
        // needs the file for that.
        if matches!(self.workspace.store.remove_worker(&self.id), Ok(true)) {
            let _ = self.workspace.files().remove_file(&self.lock_path);
        }
    }
}

/// Recovers the claims of dead processes. Returns the runs as they are now.
pub fn recover(workspace: &Workspace, recovery: Recovery) -> Result<Vec<RunRecord>, StoreError> {
    let (machine, files) = (&*workspace.machine, workspace.files());
    let backoff = |attempt| workspace.backoff(attempt);
    let builds = BuildAttempts {
        most: workspace.settings.worker.max_attempts,
        backoff: &backoff,
    };
    let mut runs = Vec::new();
    for worker in workspace.store.workers()? {
        let Some(lock_path) = lock_of_the_dead(workspace, &worker) else {
            continue;
        };
        let reclaimed = workspace
            .store
            .reclaim(&worker.id, recovery, &builds, machine.now())?;
        runs.extend(reclaimed);
        if workspace.store.remove_worker(&worker.id)? {
            let _ = files.remove_file(&lock_path);
        }
    }
    Ok(runs)
}

/// The longest lease that a process at work may hold.
pub fn longest_lease(workspace: &Workspace) -> Result<Duration, StoreError> {
    let workers = workspace.store.workers()?;
    let leases = workers.iter().map(|worker| worker.lease);
    Ok(leases.fold(workspace.settings.worker.lease, Duration::max))
}

/// The registered processes, oldest first, without those that are dead.
pub fn living(workspace: &Workspace) -> Result<Vec<WorkerRecord>, StoreError> {
    let mut workers = workspace.store.workers()?;
    workers.retain(|worker| lock_of_the_dead(workspace, worker).is_none());
    Ok(workers)
}

/// The lock file of a process that is dead. `None`: it lives, or nothing is known of it. Its file is looked for where the
/// process said that it is, and where it is seen from here: the same folder may have another path for each of them.
fn lock_of_the_dead(workspace: &Workspace, worker: &WorkerRecord) -> Option<PathBuf> {
    let here = workspace.paths.worker_lock(&worker.id);
    let found = [&worker.lock_path, &here]
        .into_iter()
        .find_map(|path| Some((path, lock::is_held(workspace.files(), path)?)));
    match found {
        Some((path, false)) => Some(path.clone()),
        _ => None,
    }
}
