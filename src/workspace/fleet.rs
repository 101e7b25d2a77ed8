//! Processes that claim runs or build environments, and recovery of the claims of those that died.
//!
//! Each such process holds a lock of the operating system on a file of its own for as long as it lives, and is registered in
//! the database. A process is dead when its lock can be taken or its file is not there: the database has a write-ahead log, so
//! all its processes run under one kernel, which releases the lock with the process, and share one data directory. The lock is
//! taken before the record names it, and a worker makes its file anew where somebody deletes it. Neither a host name, which
//! changes with the container, nor an age, nor a process number, which may be in use again, decides. The claims of a dead process
//! go back to the queue at once. Where the file cannot be examined, its process lives; leases end the claims of those that hang.
//!
//! On a server there are processes of other hosts, whose locks are not seen from here. They say regularly that they live, by the
//! server's clock. What one of them holds comes back when its leases have expired, and not before: it may live where the server cannot be
//! reached, and then knows by its leases alone when to stop.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::files::{FileError, describe};
use crate::base::mutex;
use crate::base::problem::{Facts, Kind, Problem, become_error, code};
use crate::settings::Recovery;
use crate::settings::paths::Paths;
use crate::store::{
    BuildAttempts, Only, RunRecord, SHORTEST, Store, StoreError, Submitter, WorkerRecord,
};
use crate::system::lock::Lock;
use crate::system::machine::{Files, Machine, System, Work};
use crate::workspace::Workspace;

/// The kind of a process that works the queue.
pub const WORKER: &str = "worker";

/// A process of another host that was not seen for this much longer than its lease is dead: each knows the time this well.
const MARGIN: Duration = Duration::from_secs(2);

/// The registration of this process. Ends when dropped.
pub struct Member<'a> {
    workspace: &'a Workspace,
    /// Its id, by which its claims are found when it dies.
    pub id: String,
    /// As it was recorded last.
    record: Mutex<WorkerRecord>,
    held: Mutex<Lock>,
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

become_error!(FleetError);

impl<'a> Member<'a> {
    /// Registers this process, as a `worker` or a `run` ([`WorkerRecord::kind`]).
    ///
    /// # Errors
    /// The store cannot be used, or the lock file cannot be made.
    pub fn join(
        workspace: &'a Workspace,
        kind: &str,
        slots: usize,
        only: &Only,
    ) -> Result<Self, FleetError> {
        let machine = &*workspace.machine;
        let id = machine.new_id();
        let lock_path = workspace.paths.worker_lock(&id);
        let lock = take(machine, &lock_path)?;
        let now = machine.now();
        let record = WorkerRecord {
            id: id.clone(),
            host: machine.host(),
            pid: machine.pid(),
            name: workspace.worker_id(0),
            kind: kind.to_owned(),
            slots: u32::try_from(slots).unwrap_or(u32::MAX),
            lock_path,
            lease: workspace.settings.worker.lease,
            started_at: now,
            seen_at: now,
            only: only.clone(),
            quieted_at: None,
            quieted_by: None,
            is_here: true,
        };
        let joined = workspace.store.register_worker(&record);
        let member = Self {
            workspace,
            id,
            record: Mutex::new(record),
            held: Mutex::new(lock),
        };
        joined?;
        Ok(member)
    }

    /// Records that this process is alive. Where another host took it for dead meanwhile, it is registered again.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn seen(&self) -> Result<(), StoreError> {
        let store = &self.workspace.store;
        if store.host().is_some() {
            self.register()?;
        }
        store.worker_seen(&self.id, self.workspace.machine.now())
    }

    /// Registers it again, unless it is registered.
    fn register(&self) -> Result<(), StoreError> {
        let seen_at = self.workspace.machine.now();
        let record = WorkerRecord {
            seen_at,
            ..mutex::lock(&self.record).clone()
        };
        self.workspace.store.register_worker(&record)
    }

    fn lock_path(&self) -> PathBuf {
        mutex::lock(&self.record).lock_path.clone()
    }

    /// Looks whether somebody has quieted this process, or resumed it. Returns its record where that has changed.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn hear(&self) -> Result<Option<WorkerRecord>, StoreError> {
        let mut all = self.workspace.store.workers()?.into_iter();
        let Some(now) = all.find(|worker| worker.id == self.id) else {
            return Ok(None);
        };
        let mut known = mutex::lock(&self.record);
        let has_changed = known.quieted_at.is_some() != now.quieted_at.is_some();
        // Where it is registered anew it stays as it is.
        known.quieted_at = now.quieted_at;
        known.quieted_by.clone_from(&now.quieted_by);
        Ok(has_changed.then_some(now))
    }

    /// Where somebody has deleted the lock file of this process, makes it anew: others would take the process for dead.
    ///
    /// # Errors
    /// As [`Member::join`].
    pub fn stay(&self) -> Result<(), FleetError> {
        let (files, path) = (self.workspace.files(), &self.lock_path());
        let is_missing =
            matches!(files.find(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
        // A data directory that is away is not made anew.
        let database = path.ancestors().nth(2);
        if is_missing && database.is_some_and(|folder| files.is_folder(folder)) {
            *mutex::lock(&self.held) = take(&*self.workspace.machine, path)?;
            self.register()?;
        }
        Ok(())
    }
}

fn take(machine: &dyn Machine, path: &Path) -> Result<Lock, FileError> {
    // No other process takes a lock of this name.
    Lock::try_take(machine, path)?
        .ok_or(io::ErrorKind::ResourceBusy.into())
        .map_err(FileError::on("lock", path))
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        // Where this fails, or a claim could not be left, the next process finds the lock free and recovers what is left. It
        // needs the file for that.
        if matches!(self.workspace.store.remove_worker(&self.id), Ok(true)) {
            let _ = self.workspace.files().remove_file(&self.lock_path());
        }
    }
}

/// The worker that is meant: by its name, its id, or a part at the beginning or end of that.
///
/// # Errors
/// There is none or more than one, or the store cannot be used.
pub fn find(workspace: &Workspace, given: &str) -> Result<WorkerRecord, StoreError> {
    let mut all = living(workspace)?;
    all.retain(|worker| worker.kind == WORKER);
    let is_whole = |worker: &&WorkerRecord| worker.id == given || worker.name == given;
    let is_part =
        |worker: &&WorkerRecord| worker.id.starts_with(given) || worker.id.ends_with(given);
    let mut found: Vec<&WorkerRecord> = all.iter().filter(is_whole).collect();
    if found.is_empty() && given.len() >= SHORTEST {
        found = all.iter().filter(is_part).collect();
    }
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(StoreError::not_found(WORKER, given)),
        several => Err(StoreError::Ambiguous {
            what: WORKER,
            id: given.to_owned(),
            count: several.len(),
            examples: several.iter().map(|one| one.id.clone()).collect(),
        }),
    }
}

/// Quiets a worker: it finishes what it has and takes no more, until it is resumed. Returns it as it is then.
///
/// # Errors
/// It has ended, or the store cannot be used.
pub fn quiet(workspace: &Workspace, id: &str, by: &Submitter) -> Result<WorkerRecord, StoreError> {
    let store = &workspace.store;
    let quieted = store.quiet_worker(id, &by.to_string(), workspace.machine.now())?;
    quieted.ok_or_else(|| StoreError::not_found(WORKER, id))
}

/// Has a quieted worker take runs again.
///
/// # Errors
/// As [`quiet`].
pub fn resume(workspace: &Workspace, id: &str) -> Result<WorkerRecord, StoreError> {
    let resumed = workspace.store.resume_worker(id)?;
    workspace.machine.wake(&workspace.paths.wake());
    resumed.ok_or_else(|| StoreError::not_found(WORKER, id))
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
        if !worker.is_here {
            if is_silent(&worker, machine.now()) {
                // Stays as long as it holds a claim.
                workspace.store.remove_worker(&worker.id)?;
            }
            continue;
        }
        let Some(lock_path) = lock_of_the_dead(files, &workspace.paths, &worker) else {
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
    let workers = living(workspace)?;
    let leases = workers.iter().map(|worker| worker.lease);
    Ok(leases.fold(workspace.settings.worker.lease, Duration::max))
}

/// The registered processes, oldest first, without those that are dead.
pub fn living(workspace: &Workspace) -> Result<Vec<WorkerRecord>, StoreError> {
    let now = workspace.machine.now();
    living_at(now, &workspace.store, workspace.files(), &workspace.paths)
}

/// The same where no workspace is open.
pub fn living_of(
    store: &Store,
    files: &dyn Files,
    paths: &Paths,
) -> Result<Vec<WorkerRecord>, StoreError> {
    let now = store.server_time()?.unwrap_or_else(Timestamp::now);
    living_at(now, store, files, paths)
}

fn living_at(
    now: Timestamp,
    store: &Store,
    files: &dyn Files,
    paths: &Paths,
) -> Result<Vec<WorkerRecord>, StoreError> {
    let mut workers = store.workers()?;
    workers.retain(|worker| match worker.is_here {
        true => lock_of_the_dead(files, paths, worker).is_none(),
        false => !is_silent(worker, now),
    });
    Ok(workers)
}

/// Whether a process of another host has not been seen for longer than it may hold anything.
fn is_silent(worker: &WorkerRecord, now: Timestamp) -> bool {
    worker.seen_at.plus(worker.lease + MARGIN) < now
}

/// The lock file of a process that is dead. `None`: it lives, or its file cannot be examined, which proves nothing. The file is
/// looked for where the process said that it is, and where it is seen from here: the same folder may have another path for each of
/// them.
fn lock_of_the_dead(files: &dyn Files, paths: &Paths, worker: &WorkerRecord) -> Option<PathBuf> {
    let here = paths.worker_lock(&worker.id);
    let mut is_unknown = false;
    for path in [&worker.lock_path, &here] {
        match files.is_locked(path) {
            Ok(is_held) => return (!is_held).then(|| path.clone()),
            Err(error) => is_unknown |= error.kind() != io::ErrorKind::NotFound,
        }
    }
    (!is_unknown).then_some(here)
}

/// What a worker with so many slots needs and this process may not have: threads or descriptors.
pub fn lacking(slots: usize) -> Option<String> {
    let needed = 20 + 12 * slots as u64;
    let most = getrlimit(Resource::Nofile).current;
    if let Some(most) = most.filter(|most| *most < needed) {
        return Some(format!("descriptors: {most} where it needs {needed}"));
    }
    let error = try_threads(4 + 6 * slots).err()?;
    Some(format!("threads: {}", describe(&error)))
}

/// Starts so many threads at once, and ends them.
fn try_threads(count: usize) -> io::Result<()> {
    let done = Cancel::new();
    let wait = || -> Work<'_> { Box::new(|| _ = System.wait(&done, Duration::MAX)) };
    let mut all = Ok(());
    System.beside((0..count).map(|_| wait()).collect(), &mut |started| {
        all = started;
        done.cancel();
    });
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::settings::{Inputs, Settings};
    use crate::store::{RunStatus, Store, hosts, places};
    use crate::system::machine::ByServer;

    /// A host's workspace, in a data directory of its own.
    fn workspace(folder: &Path, host: &str, store: Store) -> Workspace {
        let data = folder.join(host).display().to_string();
        let settings = Settings::resolve(&Inputs {
            flags: BTreeMap::from([("ADE_DATA_DIR", data)]),
            variables: BTreeMap::new(),
            folder: folder.to_owned(),
            program: None,
        });
        let settings = settings.unwrap().on_server();
        let machine = ByServer::asking(|| store.server_time()).unwrap().unwrap();
        Workspace {
            paths: Paths::new(&settings).unwrap(),
            settings,
            store,
            database_id: "d".to_owned(),
            machine: Arc::new(machine),
            objects: None,
        }
    }

    /// A run of a host's process.
    fn running(workspace: &Workspace, process: &str) -> RunRecord {
        let (store, now) = (&workspace.store, workspace.machine.now());
        let environment = places::environment(store, "d", now);
        let claim = workspace.claim("w", Some(process));
        places::running(store, &environment, &claim, now)
    }

    #[test]
    fn the_runs_of_a_host_that_is_gone_come_back_when_their_leases_end_and_its_processes_are_forgotten()
     {
        let Some(open) = hosts() else { return };
        let folder = tempfile::tempdir().unwrap();
        let a = workspace(folder.path(), "a", open("a"));
        let b = workspace(folder.path(), "b", open("b"));
        assert_eq!(a.settings.worker.lease, Duration::from_secs(60));
        let member = Member::join(&a, "worker", 2, &Only::default()).unwrap();
        let run = running(&a, &member.id);
        let known = || b.store.workers().unwrap().len();
        let recovered = || recover(&b, Recovery::Requeue).unwrap().len();
        let later = |seconds| {
            let time = b.store.server_time().unwrap().unwrap();
            let then = time.plus(Duration::from_secs(seconds));
            b.machine.keep_time(&|| Some(then));
        };
        // The lock of its process is on a file that this host does not have.
        assert!(!b.paths.worker_lock(&member.id).exists());
        assert_eq!((recovered(), known(), living(&b).unwrap().len()), (0, 1, 1));
        later(61);
        assert_eq!((recovered(), known(), living(&b).unwrap().len()), (0, 1, 1));
        // Not seen for too long; but what it holds is left to its lease.
        later(64);
        assert_eq!((recovered(), known(), living(&b).unwrap().len()), (0, 1, 0));
        let backoff = |_| Duration::ZERO;
        let now = b.machine.now();
        let expired = b.store.expire_run_leases(&backoff, &|| Some(now)).unwrap();
        assert_eq!(expired[0].id, run.id);
        assert_eq!(expired[0].status, RunStatus::Queued);
        assert_eq!((recovered(), known()), (0, 0));

        // It stood still, and goes on.
        later(0);
        member.seen().unwrap();
        assert_eq!(living(&b).unwrap().len(), 1);
        assert_eq!(recover(&a, Recovery::Requeue).unwrap().len(), 0);
        assert_eq!(living(&a).unwrap()[0].id, member.id);
    }
}
