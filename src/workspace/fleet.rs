//! Registers the processes that claim runs or build environments, and recovers the claims of those that died.
//!
//! Each such process holds an operating system lock on a file of its own for its whole life, and is registered in the database.
//! A process is dead if its lock can be taken or its file is missing. This works because the database has a write-ahead log, so
//! all its processes share one data directory and one kernel, which releases the lock with the process. The lock is taken
//! before the record names it, and a worker recreates its file if somebody deletes it. Other signs are unreliable: a host name
//! changes with the container, a process number may be in use again, and an age proves nothing. The claims of a dead process
//! return to the queue at once. If the file cannot be examined, the process counts as alive; leases end the claims of processes
//! that hang.
//!
//! With a database server there are processes on other hosts, whose locks cannot be seen from here. They regularly record that
//! they are alive, by the server's clock. Their claims return to the queue only when their leases have expired: a process that
//! cannot reach the server may still be alive, and then only its leases tell it when to stop.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::files::{FileError, describe};
use crate::base::mutex;
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, become_error, code};
use crate::settings::Recovery;
use crate::settings::paths::Paths;
use crate::store::{
    BuildAttempts, MIN_ID_DIGITS, RunRecord, Store, StoreError, Submitter, WorkerFilter,
    WorkerRecord,
};
use crate::system::lock::Lock;
use crate::system::machine::{FileSystem, Machine, System, Work};
use crate::workspace::Workspace;

/// The kind of a process that executes queued runs.
pub const WORKER: &str = "worker";

/// The time beyond its lease after which an unseen process of another host is dead. Clocks of hosts agree to within this time.
const MARGIN: Duration = Duration::from_secs(2);

/// The registration of this process, which ends when dropped.
pub struct Member<'a> {
    workspace: &'a Workspace,
    /// The id by which the claims of the process are found when it dies.
    pub id: String,
    /// The record as it was last written.
    record: Mutex<WorkerRecord>,
    held: Mutex<Lock>,
}

/// An error that keeps a process from taking part in the queue.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lock file of the process cannot be used.
    #[error(transparent)]
    LockFile(#[from] FileError),
}

impl Problem for FleetError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::Store(error) => error.facts(),
            Self::LockFile(error) => error
                .facts()
                .under(ProblemKind::Database, code::STORAGE_FAILED),
        }
    }
}

become_error!(FleetError);

impl<'a> Member<'a> {
    /// Registers this process as a `worker` or a `run` ([`WorkerRecord::kind`]).
    ///
    /// # Errors
    /// The store cannot be used, or the lock file cannot be created.
    pub fn join(
        workspace: &'a Workspace,
        kind: &str,
        slots: usize,
        only: &WorkerFilter,
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

    /// Records that this process is alive. Registers it again if another host considered it dead meanwhile.
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

    /// Registers this process, unless it is registered already.
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

    /// Checks whether somebody has quieted or resumed this process. Returns its record if that changed.
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
        // A new registration keeps the current state.
        known.quieted_at = now.quieted_at;
        known.quieted_by.clone_from(&now.quieted_by);
        Ok(has_changed.then_some(now))
    }

    /// Recreates the lock file of this process if somebody deleted it. Otherwise others would consider the process dead.
    ///
    /// # Errors
    /// See [`Member::join`].
    pub fn stay(&self) -> Result<(), FleetError> {
        let (files, path) = (self.workspace.files(), &self.lock_path());
        let is_missing =
            matches!(files.find(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
        // A data directory that is away must not be recreated.
        let database = path.ancestors().nth(2);
        if is_missing && database.is_some_and(|folder| files.is_folder(folder)) {
            *mutex::lock(&self.held) = take(&*self.workspace.machine, path)?;
            self.register()?;
        }
        Ok(())
    }
}

fn take(machine: &dyn Machine, path: &Path) -> Result<Lock, FileError> {
    // The name of this lock is unique to this process.
    Lock::try_take(machine, path)?
        .ok_or(io::ErrorKind::ResourceBusy.into())
        .map_err(FileError::on("lock", path))
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        // If this fails, or a claim could not be released, the next process finds the lock free and recovers the rest. For that
        // it needs the file.
        if matches!(self.workspace.store.remove_worker(&self.id), Ok(true)) {
            let _ = self.workspace.files().remove_file(&self.lock_path());
        }
    }
}

/// Finds a worker by its name, its id, or a part at the beginning or end of the id.
///
/// # Errors
/// No worker or more than one matches, or the store cannot be used.
pub fn find(workspace: &Workspace, given: &str) -> Result<WorkerRecord, StoreError> {
    let mut all = living(workspace)?;
    all.retain(|worker| worker.kind == WORKER);
    let is_whole = |worker: &&WorkerRecord| worker.id == given || worker.name == given;
    let is_part =
        |worker: &&WorkerRecord| worker.id.starts_with(given) || worker.id.ends_with(given);
    let mut found: Vec<&WorkerRecord> = all.iter().filter(is_whole).collect();
    if found.is_empty() && given.len() >= MIN_ID_DIGITS {
        found = all.iter().filter(is_part).collect();
    }
    match found.as_slice() {
        [worker] => Ok((*worker).clone()),
        [] => Err(StoreError::not_found(WORKER, given)),
        several => Err(StoreError::Ambiguous {
            what: WORKER,
            id: given.to_owned(),
            count: several.len(),
            examples: several.iter().map(|worker| worker.id.clone()).collect(),
        }),
    }
}

/// Quiets a worker: it finishes its runs and claims no more, until it is resumed. Returns its new record.
///
/// # Errors
/// The worker has ended, or the store cannot be used.
pub fn quiet(workspace: &Workspace, id: &str, by: &Submitter) -> Result<WorkerRecord, StoreError> {
    let store = &workspace.store;
    let quieted = store.quiet_worker(id, &by.to_string(), workspace.machine.now())?;
    quieted.ok_or_else(|| StoreError::not_found(WORKER, id))
}

/// Lets a quieted worker claim runs again.
///
/// # Errors
/// See [`quiet`].
pub fn resume(workspace: &Workspace, id: &str) -> Result<WorkerRecord, StoreError> {
    let resumed = workspace.store.resume_worker(id)?;
    workspace.machine.wake(&workspace.paths.wake());
    resumed.ok_or_else(|| StoreError::not_found(WORKER, id))
}

/// Recovers the claims of dead processes. Returns the current records of the runs.
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
                // The record stays as long as the process holds a claim.
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

/// Returns the longest lease that a living process may hold.
pub fn longest_lease(workspace: &Workspace) -> Result<Duration, StoreError> {
    let workers = living(workspace)?;
    let leases = workers.iter().map(|worker| worker.lease);
    Ok(leases.fold(workspace.settings.worker.lease, Duration::max))
}

/// Returns the registered processes, oldest first, without those that are dead.
pub fn living(workspace: &Workspace) -> Result<Vec<WorkerRecord>, StoreError> {
    let now = workspace.machine.now();
    living_at(now, &workspace.store, workspace.files(), &workspace.paths)
}

/// Returns the living processes without an open workspace.
pub fn living_of(
    store: &Store,
    files: &dyn FileSystem,
    paths: &Paths,
) -> Result<Vec<WorkerRecord>, StoreError> {
    let now = store.server_time()?.unwrap_or_else(Timestamp::now);
    living_at(now, store, files, paths)
}

fn living_at(
    now: Timestamp,
    store: &Store,
    files: &dyn FileSystem,
    paths: &Paths,
) -> Result<Vec<WorkerRecord>, StoreError> {
    let mut workers = store.workers()?;
    workers.retain(|worker| match worker.is_here {
        true => lock_of_the_dead(files, paths, worker).is_none(),
        false => !is_silent(worker, now),
    });
    Ok(workers)
}

/// Returns whether a process of another host has not been seen for longer than its lease and [`MARGIN`].
fn is_silent(worker: &WorkerRecord, now: Timestamp) -> bool {
    worker.seen_at.plus(worker.lease + MARGIN) < now
}

/// Returns the lock file of a process that is dead. `None` if it is alive, or its file cannot be examined, which proves
/// nothing. The file is looked for at the path that the process recorded and at the path as seen from here, because they may
/// see the same folder at different paths.
fn lock_of_the_dead(
    files: &dyn FileSystem,
    paths: &Paths,
    worker: &WorkerRecord,
) -> Option<PathBuf> {
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

/// Returns the threads or descriptors that this process lacks for a worker with this number of slots. `None` if it has enough.
pub fn lacking(slots: usize) -> Option<String> {
    let needed = 20 + 12 * slots as u64;
    let most = getrlimit(Resource::Nofile).current;
    if let Some(most) = most.filter(|most| *most < needed) {
        return Some(format!(
            "open files: {most} are allowed, {needed} are needed"
        ));
    }
    let error = try_threads(4 + 6 * slots).err()?;
    Some(format!("threads: {}", describe(&error)))
}

/// Starts `count` threads at once, and ends them.
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
    use crate::system::machine::ServerTimeSystem;

    /// Returns a host's workspace, in a data directory of its own.
    fn workspace(folder: &Path, host: &str, store: Store) -> Workspace {
        let data = folder.join(host).display().to_string();
        let settings = Settings::resolve(&Inputs {
            flags: BTreeMap::from([("ADE_DATA_DIR", data)]),
            variables: BTreeMap::new(),
            folder: folder.to_owned(),
            program: None,
        });
        let settings = settings.unwrap().on_server();
        let machine = ServerTimeSystem::asking(|| store.server_time())
            .unwrap()
            .unwrap();
        Workspace {
            paths: Paths::new(&settings).unwrap(),
            settings,
            store,
            database_id: "d".to_owned(),
            machine: Arc::new(machine),
            objects: None,
        }
    }

    /// Returns a run claimed by a host's process.
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
        let member = Member::join(&a, "worker", 2, &WorkerFilter::default()).unwrap();
        let run = running(&a, &member.id);
        let known = || b.store.workers().unwrap().len();
        let recovered = || recover(&b, Recovery::Requeue).unwrap().len();
        let later = |seconds| {
            let time = b.store.server_time().unwrap().unwrap();
            let then = time.plus(Duration::from_secs(seconds));
            b.machine.keep_time(&|| Some(then));
        };
        // The lock of the other host's process is on a file that this host does not have.
        assert!(!b.paths.worker_lock(&member.id).exists());
        assert_eq!((recovered(), known(), living(&b).unwrap().len()), (0, 1, 1));
        later(61);
        assert_eq!((recovered(), known(), living(&b).unwrap().len()), (0, 1, 1));
        // The process was not seen for too long, but its claims end only with their lease.
        later(64);
        assert_eq!((recovered(), known(), living(&b).unwrap().len()), (0, 1, 0));
        let backoff = |_| Duration::ZERO;
        let now = b.machine.now();
        let expired = b.store.expire_run_leases(&backoff, &|| Some(now)).unwrap();
        assert_eq!(expired[0].id, run.id);
        assert_eq!(expired[0].status, RunStatus::Queued);
        assert_eq!((recovered(), known()), (0, 0));

        // The process stood still and continues.
        later(0);
        member.seen().unwrap();
        assert_eq!(living(&b).unwrap().len(), 1);
        assert_eq!(recover(&a, Recovery::Requeue).unwrap().len(), 0);
        assert_eq!(living(&a).unwrap()[0].id, member.id);
    }
}
