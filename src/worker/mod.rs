//! The loop over the queue.
//!
//! Each slot is a thread with a worker id of its own. It builds an environment that waits, else takes a run whose
//! environment is ready, else sleeps until somebody enqueues or its poll interval has passed. All that it does to a run
//! happens under a claim; a slot that dies leaves a lease that expires.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cancel::Cancel;
use crate::clock::Timestamp;
use crate::events::{EventLog, Subject as LogSubject};
use crate::files::FileError;
use crate::run::execute::{Attempted, Execution};
use crate::run::lease::{Lease, Subject};
use crate::run::provide::{self, Progress, ProvideError, chance, linked};
use crate::run::{inline, prepare};
use crate::store::{Claim, EnvironmentRecord, Failure, RunRecord, RunStatus, StoreError, backoff};
use crate::wake::Sleeper;
use crate::workspace::Workspace;

/// How to work the queue.
#[derive(Clone, Debug)]
pub struct Options {
    /// Slots.
    pub concurrency: usize,
    /// End when the queue is empty and nothing runs here.
    pub drain: bool,
    /// End after one run, or at once where none waits.
    pub once: bool,
    /// How long running runs may go on after a stop was asked for.
    pub grace: Duration,
}

/// A change that a worker's log tells of.
#[derive(Debug)]
pub enum Change<'a> {
    /// The worker looks for work.
    Started,
    /// An environment is being built.
    Building(&'a EnvironmentRecord),
    /// An environment is ready.
    Ready(&'a EnvironmentRecord),
    /// An environment could not be built.
    BuildFailed(&'a EnvironmentRecord, &'a ProvideError),
    /// A run was claimed.
    Claimed(&'a RunRecord),
    /// A run ended, or went back to the queue: its status tells.
    Ended(&'a RunRecord),
    /// A claim was lost.
    Lost(&'a RunRecord),
    /// A run's lease had expired.
    Expired(&'a RunRecord),
    /// Something went wrong that the next round may get past.
    Trouble(String),
    /// A stop was asked for.
    Stopping,
    /// The worker ends.
    Stopped,
}

/// Hears of changes; called from several threads.
pub trait Observer: Sync {
    /// A slot's worker id, and what happened.
    fn change(&self, worker: &str, change: &Change<'_>);
}

/// Works the queue until it is drained or `stop` is set.
///
/// # Errors
/// The database can't serve any more, for a reason that waiting does not mend.
pub fn work(
    workspace: &Workspace,
    options: &Options,
    stop: &Cancel,
    observer: &dyn Observer,
) -> Result<(), StoreError> {
    let pool = Pool {
        workspace,
        options,
        observer,
        stop,
        abandon: Cancel::new(),
        busy: AtomicUsize::new(0),
        taken: AtomicBool::new(false),
        done: Cancel::new(),
        fatal: Mutex::new(None),
    };
    let slots = if options.once {
        1
    } else {
        options.concurrency.max(1)
    };
    std::thread::scope(|scope| {
        let pool = &pool;
        let running: Vec<_> = (0..slots)
            .map(|index| scope.spawn(move || pool.slot(index)))
            .collect();
        scope.spawn(move || pool.enforce_grace());
        for slot in running {
            let _ = slot.join();
        }
        pool.done.cancel();
    });
    match pool
        .fatal
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
    {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

struct Pool<'a> {
    workspace: &'a Workspace,
    options: &'a Options,
    observer: &'a dyn Observer,
    /// No more claims.
    stop: &'a Cancel,
    /// Running runs are given back.
    abandon: Cancel,
    busy: AtomicUsize,
    /// With `once`: the one run was taken.
    taken: AtomicBool,
    /// All slots have ended.
    done: Cancel,
    fatal: Mutex<Option<StoreError>>,
}

enum Round {
    Worked,
    Idle,
}

impl Pool<'_> {
    fn slot(&self, index: usize) {
        let worker = self.workspace.settings.worker_id(index);
        let settings = &self.workspace.settings.worker;
        let mut sleeper = Sleeper::new(self.workspace.layout.wake());
        let mut interval = settings.poll_interval;
        let mut swept: Option<Instant> = None;
        self.tell(&worker, &Change::Started);
        while !self.stop.is_cancelled() && !self.done.is_cancelled() {
            if index == 0 && swept.is_none_or(|swept| swept.elapsed() >= settings.cleanup_interval)
            {
                self.attempt(&worker, || self.sweep(&worker).map(|()| Round::Idle));
                swept = Some(Instant::now());
            }
            self.busy.fetch_add(1, Ordering::AcqRel);
            let round = self.attempt(&worker, || self.round(&worker));
            self.busy.fetch_sub(1, Ordering::AcqRel);
            match round {
                Some(Round::Worked) => {
                    interval = settings.poll_interval;
                    if self.taken.load(Ordering::Acquire) && self.options.once {
                        break;
                    }
                    continue;
                }
                Some(Round::Idle) if self.options.once => break,
                Some(Round::Idle) if self.options.drain && self.is_drained() => break,
                _ => {}
            }
            if sleeper.sleep(interval, self.stop) {
                interval = settings.poll_interval;
            } else {
                interval = interval.mul_f64(1.25).min(settings.poll_interval_max);
            }
        }
        self.tell(&worker, &Change::Stopped);
    }

    /// Runs one piece of work; a database that is busy or full for a while is trouble, one that is gone is the end.
    fn attempt(
        &self,
        worker: &str,
        work: impl FnOnce() -> Result<Round, StoreError>,
    ) -> Option<Round> {
        match work() {
            Ok(round) => Some(round),
            Err(
                error @ (StoreError::Locked { .. }
                | StoreError::Unreachable { .. }
                | StoreError::File(_)),
            ) => {
                self.tell(worker, &Change::Trouble(error.to_string()));
                None
            }
            Err(error) => {
                self.fatal
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(error);
                self.done.cancel();
                None
            }
        }
    }

    fn is_drained(&self) -> bool {
        self.busy.load(Ordering::Acquire) == 0
            && self
                .workspace
                .store
                .queue_depth()
                .is_ok_and(|depth| depth.queued == 0)
    }

    fn enforce_grace(&self) {
        while !self.done.wait(Duration::from_millis(100)) {
            if self.stop.is_cancelled() {
                self.tell(&self.workspace.settings.worker_id(0), &Change::Stopping);
                self.done.wait(self.options.grace);
                self.abandon.cancel();
                return;
            }
        }
    }

    fn sweep(&self, worker: &str) -> Result<(), StoreError> {
        let store = &*self.workspace.store;
        let settings = &self.workspace.settings.worker;
        store.expire_environment_leases(Timestamp::now())?;
        let wait = |attempt| {
            backoff(
                settings.backoff_base,
                settings.backoff_max,
                attempt,
                chance(),
            )
        };
        for run in store.expire_run_leases(&wait, Timestamp::now())? {
            let event = if run.status == RunStatus::Failed {
                "run.complete"
            } else {
                "run.recovered"
            };
            self.note(
                &run,
                "warning",
                event,
                "Its lease expired",
                json!({"status": run.status, "error": run.error}),
            );
            self.tell(worker, &Change::Expired(&run));
        }
        Ok(())
    }

    fn round(&self, worker: &str) -> Result<Round, StoreError> {
        let store = &*self.workspace.store;
        let lease = self.workspace.settings.worker.lease;
        for run in store.fail_runs_of_failed_environments(Timestamp::now())? {
            self.note(
                &run,
                "error",
                "run.complete",
                "failed: its environment could not be built",
                json!({"status": run.status, "error": run.error}),
            );
            self.tell(worker, &Change::Ended(&run));
        }
        if let Some(environment) = store.next_environment(Timestamp::now())? {
            self.build(worker, &environment)?;
            return Ok(Round::Worked);
        }
        let claim = Claim::new(worker, lease);
        if let Some(run) = store.claim_next_run(&claim, Timestamp::now())? {
            self.taken.store(true, Ordering::Release);
            self.execute(worker, &run, &claim)?;
            return Ok(Round::Worked);
        }
        Ok(Round::Idle)
    }

    fn build(&self, worker: &str, claimed: &EnvironmentRecord) -> Result<(), StoreError> {
        self.tell(worker, &Change::Building(claimed));
        let result = prepare::prepare_environment(self.workspace, claimed)
            .map_err(|error| ProvideError::Failed {
                failure: crate::run::execute::failure(
                    crate::run::code::ENVIRONMENT_FAILED,
                    "environment",
                    error.to_string(),
                    crate::problem::Problem::hint(&error),
                ),
                transient: false,
                log: claimed.folder.clone(),
            })
            .and_then(|prepared| {
                provide::provide(
                    self.workspace,
                    &prepared,
                    provide::Want::Ready,
                    worker,
                    &self.abandon,
                    &mut |_: Progress<'_>| {},
                )
            });
        match result {
            Ok(environment) => self.tell(worker, &Change::Ready(&environment)),
            Err(ProvideError::Store(error)) => return Err(error),
            Err(error) => self.tell(worker, &Change::BuildFailed(claimed, &error)),
        }
        Ok(())
    }

    fn execute(&self, worker: &str, run: &RunRecord, claim: &Claim) -> Result<(), StoreError> {
        self.tell(worker, &Change::Claimed(run));
        let store = &*self.workspace.store;
        let environment = match &run.environment_id {
            Some(id) => store.environment(&run.key.workspace_id, id)?,
            None => {
                return store
                    .release_run(&run.id, claim, "its environment is gone", Timestamp::now())
                    .map(drop);
            }
        };
        if !provide::is_usable(&environment) {
            store.requeue_environment(
                &environment.id,
                &environment.folder,
                &environment.snapshot,
                Timestamp::now(),
            )?;
            store.release_run(&run.id, claim, "its environment vanished", Timestamp::now())?;
            return Ok(());
        }
        match self.execute_in(run, claim, &environment) {
            Ok(Some(run)) => self.tell(worker, &Change::Ended(&run)),
            Ok(None) => self.tell(worker, &Change::Lost(run)),
            Err(ExecuteError::Store(error)) => return Err(error),
            Err(ExecuteError::File(error)) => {
                let failure = crate::run::execute::failure(
                    crate::run::code::STORAGE_FAILED,
                    "run",
                    error.to_string(),
                    error.hint(),
                );
                self.retry(run, claim, &failure)?;
                self.tell(worker, &Change::Trouble(error.to_string()));
            }
        }
        Ok(())
    }

    fn execute_in(
        &self,
        run: &RunRecord,
        claim: &Claim,
        environment: &EnvironmentRecord,
    ) -> Result<Option<RunRecord>, ExecuteError> {
        let execution = Execution::begin(self.workspace, run, claim)?;
        execution.start();
        let work = linked(&self.abandon);
        let (attempted, lost) = std::thread::scope(|scope| {
            let lease = Lease::keep(
                scope,
                &*self.workspace.store,
                Subject::Run(run.id.clone()),
                claim.clone(),
                work.cancel.clone(),
            );
            let attempted = if run.options.dry_run {
                inline::dry_run()
            } else {
                execution.attempt(environment, &work.cancel, &mut |_| {})
            };
            (attempted, lease.is_lost())
        });
        if lost {
            execution.lost();
            return Ok(None);
        }
        let store = &*self.workspace.store;
        if self.abandon.is_cancelled() && attempted.ending.status == RunStatus::Cancelled {
            if !store.release_run(&run.id, claim, "the worker was stopped", Timestamp::now())? {
                execution.lost();
                return Ok(None);
            }
            execution.log.write(
                "warning",
                "run.retry",
                "The worker was stopped; the run goes back to the queue",
                Value::Null,
            );
            return Ok(Some(store.run(&run.key.workspace_id, &run.id)?));
        }
        if let Attempted {
            transient: true,
            ending,
        } = &attempted
            && let Some(failure) = &ending.error
            && run.attempt_count < run.max_attempts
        {
            return Ok(self.retry(run, claim, failure)?);
        }
        Ok(execution.finish(&attempted.ending, Some(environment))?)
    }

    /// Sends a run back to the queue with its backoff.
    fn retry(
        &self,
        run: &RunRecord,
        claim: &Claim,
        failure: &Failure,
    ) -> Result<Option<RunRecord>, StoreError> {
        let store = &*self.workspace.store;
        let settings = &self.workspace.settings.worker;
        let wait = backoff(
            settings.backoff_base,
            settings.backoff_max,
            run.attempt_count,
            chance(),
        );
        let now = Timestamp::now();
        let Some(status) = store.retry_run(&run.id, claim, failure, now.plus(wait), now)? else {
            return Ok(None);
        };
        let run = store.run(&run.key.workspace_id, &run.id)?;
        let event = if status == RunStatus::Queued {
            "run.retry"
        } else {
            "run.complete"
        };
        self.note(
            &run,
            "warning",
            event,
            &failure.message,
            json!({"status": status, "error": failure, "available_at": run.available_at}),
        );
        Ok(Some(run))
    }

    /// Adds to the log of a run that nobody executes now.
    fn note(&self, run: &RunRecord, level: &str, event: &str, message: &str, data: Value) {
        let folder = self.workspace.layout.run(&run.key.workspace_id, &run.id);
        if let Ok(log) = EventLog::open(&folder.events(), LogSubject::Run, &run.id) {
            log.write(level, event, message, data);
        }
    }

    fn tell(&self, worker: &str, change: &Change<'_>) {
        self.observer.change(worker, change);
    }
}

#[derive(Debug)]
enum ExecuteError {
    Store(StoreError),
    File(FileError),
}

impl From<StoreError> for ExecuteError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<FileError> for ExecuteError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}
