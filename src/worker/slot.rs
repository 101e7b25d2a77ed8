//! One slot: what to do next, and doing it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Change, Pool, Unrecorded, is_passing};
use crate::backoff::backoff;
use crate::clock::Timestamp;
use crate::events::{EventLog, Subject as LogSubject};
use crate::files::{self, FileError};
use crate::layout;
use crate::problem::Problem;
use crate::run::execute::{Attempted, Execution, failure};
use crate::run::lease::{Held, Lease, Subject};
use crate::run::provide::{self, Progress, ProvideError, chance, linked};
use crate::run::{code, ends, inline, prepare};
use crate::store::{Claim, EnvironmentRecord, Failure, RunRecord, RunStatus, StoreError};

/// Less room than this on the disk of the runs is none.
const LEAST_ROOM: u64 = 1024 * 1024;

/// What a round did.
pub(super) enum Round {
    /// A build or a run; there may be more.
    Worked,
    /// There was nothing to do.
    Idle,
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

impl Pool<'_> {
    pub(super) fn slot(&self, index: usize) {
        let worker = self.workspace.settings.worker_id(index);
        let settings = &self.workspace.settings.worker;
        let mut interval = settings.poll_interval;
        self.tell(&worker, &Change::Started);
        while !self.stop.is_cancelled() && !self.done.is_cancelled() {
            let heard = self.bell.rings();
            self.busy.fetch_add(1, Ordering::AcqRel);
            let round = self.round(&worker);
            self.busy.fetch_sub(1, Ordering::AcqRel);
            match round {
                Ok(Round::Worked) => {
                    interval = settings.poll_interval;
                    // What was done may be what another slot waits for.
                    self.bell.ring();
                    if self.options.once && self.taken.load(Ordering::Acquire) {
                        break;
                    }
                    continue;
                }
                Ok(Round::Idle) if self.options.once => break,
                Ok(Round::Idle) if self.options.drain && self.is_drained() => break,
                Ok(Round::Idle) => {}
                Err(error) => self.store_failed(&worker, error),
            }
            if self.bell.sleep(heard, interval) {
                interval = settings.poll_interval;
            } else {
                interval = interval.mul_f64(1.25).min(settings.poll_interval_max);
            }
        }
        if self.stop.is_cancelled() {
            self.tell_stopping();
        }
        self.tell(&worker, &Change::Stopped);
    }

    /// Nothing waits, and nothing runs anywhere: what another worker runs may come back to the queue.
    fn is_drained(&self) -> bool {
        self.busy.load(Ordering::Acquire) == 0
            && self
                .workspace
                .store
                .queue_depth()
                .is_ok_and(|depth| depth.queued == 0 && depth.running == 0)
    }

    /// Environment rows for waiting runs, then an environment, then a run.
    fn round(&self, worker: &str) -> Result<Round, StoreError> {
        let store = &*self.workspace.store;
        self.ensure_environments()?;
        for run in store.fail_runs_of_failed_environments(Timestamp::now())? {
            ends::tell_once(self.workspace, &run)?;
            self.counters.ended(run.status);
            self.tell(worker, &Change::Ended(&run));
        }
        if !self.has_room(worker) {
            return Ok(Round::Idle);
        }
        if let Some(environment) = store.next_environment(Timestamp::now())?
            && self.build(worker, &environment)?
        {
            return Ok(Round::Worked);
        }
        let claim =
            Claim::new(worker, self.workspace.settings.worker.lease).by(Some(&self.process));
        let (now, since) = (Timestamp::now(), Instant::now());
        if let Some(run) = store.claim_next_run(&claim, now)? {
            self.taken.store(true, Ordering::Release);
            self.count_claim(&run, now);
            self.execute(worker, &run, &claim, since)?;
            return Ok(Round::Worked);
        }
        Ok(Round::Idle)
    }

    fn count_claim(&self, run: &RunRecord, now: Timestamp) {
        let waited = now.since(run.available_at).saturating_mul(1000);
        self.counters.claims.fetch_add(1, Ordering::Relaxed);
        self.counters.waited.fetch_add(waited, Ordering::Relaxed);
        self.counters
            .waited_longest
            .fetch_max(waited, Ordering::Relaxed);
    }

    /// A queued run whose environment's record was deleted gets a new one.
    fn ensure_environments(&self) -> Result<(), StoreError> {
        let store = &*self.workspace.store;
        let batch = u32::try_from((5 * self.options.concurrency).max(10)).unwrap_or(u32::MAX);
        for run in store.runs_without_environment(batch)? {
            let layout = &self.workspace.layout;
            let key = &run.key;
            let snapshots = layout.snapshots(&key.workspace_id, &key.configuration_id);
            let folder =
                layout.environment_key(&key.workspace_id, &key.configuration_id, &key.deps_digest);
            let environment = store.ensure_environment(
                key,
                &layout::snapshot(&snapshots, &run.source_digest),
                &|id| layout::environment(&folder, id),
                Timestamp::now(),
            )?;
            store.set_run_environment(&run.id, &environment.id)?;
        }
        Ok(())
    }

    /// Whether the disk of the runs has any room. Without it a run can only spend its attempts, so none is claimed.
    fn has_room(&self, worker: &str) -> bool {
        let runs = self.workspace.layout.runs(self.workspace.id());
        let room = files::room(&runs).is_none_or(|bytes| bytes >= LEAST_ROOM);
        let had = self.room.swap(room, Ordering::AcqRel);
        if had && !room {
            let message = format!(
                "there is no room left at {}: nothing is claimed until there is",
                runs.display()
            );
            self.tell(worker, &Change::Trouble(message));
        }
        room
    }

    /// Builds an environment. False: another process is at it.
    fn build(&self, worker: &str, waiting: &EnvironmentRecord) -> Result<bool, StoreError> {
        let result = match prepare::prepare_environment(self.workspace, waiting) {
            Ok(prepared) => {
                if prepared.key != waiting.key {
                    let other = prepared.ensure_environment(self.workspace)?;
                    self.workspace.store.move_waiting_runs(
                        &waiting.id,
                        &other,
                        Timestamp::now(),
                    )?;
                }
                let builder = provide::Builder {
                    worker,
                    process: Some(&self.process),
                    waits: false,
                };
                let mut begun = |progress: Progress<'_>| {
                    if let Progress::Building { environment, .. } = progress {
                        self.tell(worker, &Change::Building(environment));
                    }
                };
                provide::provide(
                    self.workspace,
                    &prepared,
                    provide::Want::Ready,
                    builder,
                    &self.abandon,
                    &mut begun,
                )
            }
            Err(prepare::PrepareError::Store(error)) => return Err(error),
            Err(error) => self.cannot_prepare(worker, waiting, &error),
        };
        match result {
            Ok(environment) => self.tell(worker, &Change::Ready(&environment)),
            Err(ProvideError::Store(error)) => return Err(error),
            Err(ProvideError::Busy) => return Ok(false),
            Err(error) => self.tell(worker, &Change::BuildFailed(waiting, &error)),
        }
        Ok(true)
    }

    /// The snapshot or its Python is not to be had: the environment fails for good, or it would be tried for ever.
    fn cannot_prepare(
        &self,
        worker: &str,
        waiting: &EnvironmentRecord,
        error: &prepare::PrepareError,
    ) -> Result<EnvironmentRecord, ProvideError> {
        let store = &*self.workspace.store;
        let hint = crate::problem::Problem::hint(error);
        let failure = failure(
            code::ENVIRONMENT_FAILED,
            "environment",
            error.to_string(),
            hint,
        );
        let claim =
            Claim::new(worker, self.workspace.settings.worker.lease).by(Some(&self.process));
        let now = Timestamp::now();
        if store
            .claim_environment(&waiting.id, &claim, false, now)?
            .is_some()
        {
            store.fail_environment(&waiting.id, &claim, &failure, None, now)?;
        }
        Err(ProvideError::Failed {
            failure,
            transient: false,
            log: waiting.folder.clone(),
        })
    }

    fn execute(
        &self,
        worker: &str,
        run: &RunRecord,
        claim: &Claim,
        since: Instant,
    ) -> Result<(), StoreError> {
        self.tell(worker, &Change::Claimed(run));
        let subject = Subject::Run(run.id.clone());
        let held = Held::new(&*self.workspace.store, subject, claim.clone(), since);
        let outcome = self.execute_claimed(run, claim, &held);
        match outcome {
            Ok(Some(run)) => {
                self.counters.ended(run.status);
                self.tell(worker, &Change::Ended(&run));
                Ok(())
            }
            Ok(None) => {
                self.tell(worker, &Change::Lost(run));
                Ok(())
            }
            Err(ExecuteError::File(error)) => {
                self.tell(worker, &Change::Trouble(error.to_string()));
                let failure = failure(code::STORAGE_FAILED, "run", error.to_string(), error.hint());
                self.leave_later(run, claim, failure);
                Ok(())
            }
            Err(ExecuteError::Store(error)) => {
                let failure = failure(code::STORAGE_FAILED, "worker", error.to_string(), None);
                self.leave_later(run, claim, failure);
                Err(error)
            }
        }
    }

    fn execute_claimed(
        &self,
        run: &RunRecord,
        claim: &Claim,
        held: &Held<'_>,
    ) -> Result<Option<RunRecord>, ExecuteError> {
        let store = &*self.workspace.store;
        let environment = match &run.environment_id {
            // A database that does not answer says nothing about the environment.
            Some(id) => match store.environment(&run.key.workspace_id, id) {
                Err(StoreError::NotFound { .. }) => None,
                found => Some(found?),
            },
            None => None,
        };
        let Some(environment) = environment.filter(provide::is_usable) else {
            return Ok(self.environment_vanished(run, claim)?);
        };
        if !held.holds() {
            return Ok(None);
        }
        let execution = Execution::begin(self.workspace, run, claim, held)?;
        execution.start();
        let work = linked(&self.abandon);
        std::thread::scope(|scope| {
            let _lease = Lease::keep(scope, held, work.cancel.clone());
            let attempted = if run.options.dry_run {
                inline::dry_run()
            } else {
                execution.attempt(&environment, &work.cancel, &mut |_| {})
            };
            // The lease is kept until the end is recorded, however long the database takes to take it.
            self.conclude(&execution, &attempted, &environment, held)
        })
    }

    /// Gives the run's attempt back and has the environment built again.
    fn environment_vanished(
        &self,
        run: &RunRecord,
        claim: &Claim,
    ) -> Result<Option<RunRecord>, StoreError> {
        let store = &*self.workspace.store;
        // Another run may have found it out before, and a builder have mended it.
        if let Some(environment) = store.environment_of(&run.key)?
            && environment.status == crate::store::EnvironmentStatus::Ready
            && !provide::is_usable(&environment)
        {
            store.requeue_environment(
                &environment,
                &environment.folder,
                &environment.snapshot,
                Timestamp::now(),
            )?;
        }
        let Some(status) =
            store.release_run(&run.id, claim, "its environment vanished", Timestamp::now())?
        else {
            return Ok(None);
        };
        let run = store.run(&run.key.workspace_id, &run.id)?;
        self.tell_left(
            &run,
            status,
            "Its environment vanished and is built again",
            None,
        )?;
        Ok(Some(run))
    }

    fn conclude(
        &self,
        execution: &Execution<'_>,
        attempted: &Attempted,
        environment: &EnvironmentRecord,
        held: &Held<'_>,
    ) -> Result<Option<RunRecord>, ExecuteError> {
        let (run, claim) = (execution.run, execution.claim);
        let patience = self.workspace.settings.worker.lease;
        let since = Instant::now();
        loop {
            if !held.holds() {
                return Ok(None);
            }
            match self.conclude_once(execution, attempted, environment) {
                Err(ExecuteError::Store(error))
                    if is_passing(&error) && since.elapsed() < patience =>
                {
                    self.tell(
                        &claim.worker,
                        &Change::Trouble(format!(
                            "the end of run {} cannot be recorded yet: {error}",
                            run.id
                        )),
                    );
                    if self.done.wait(Duration::from_secs(1)) {
                        return Err(error.into());
                    }
                }
                other => return other,
            }
        }
    }

    fn conclude_once(
        &self,
        execution: &Execution<'_>,
        attempted: &Attempted,
        environment: &EnvironmentRecord,
    ) -> Result<Option<RunRecord>, ExecuteError> {
        let (run, claim) = (execution.run, execution.claim);
        let store = &*self.workspace.store;
        if self.abandon.is_cancelled() && attempted.ending.status == RunStatus::Cancelled {
            let Some(status) =
                store.release_run(&run.id, claim, "the worker was stopped", Timestamp::now())?
            else {
                return Ok(None);
            };
            let run = store.run(&run.key.workspace_id, &run.id)?;
            self.tell_left(
                &run,
                status,
                "The worker was stopped; the run goes back to the queue",
                None,
            )?;
            return Ok(Some(run));
        }
        if let Attempted {
            transient: true,
            ending,
        } = attempted
            && let Some(failure) = &ending.error
            && run.attempt_count < run.max_attempts
        {
            return Ok(self.retry(run, claim, failure)?);
        }
        Ok(execution.finish(&attempted.ending, Some(environment))?)
    }

    /// Sends a run back to the queue with its backoff. `None`: the claim was lost.
    pub(super) fn retry(
        &self,
        run: &RunRecord,
        claim: &Claim,
        failure: &Failure,
    ) -> Result<Option<RunRecord>, StoreError> {
        let store = &*self.workspace.store;
        let now = Timestamp::now();
        let Some(status) = store.retry_run(
            &run.id,
            claim,
            failure,
            now.plus(self.backoff(run.attempt_count)),
            now,
        )?
        else {
            return Ok(None);
        };
        let run = store.run(&run.key.workspace_id, &run.id)?;
        self.tell_left(&run, status, &failure.message, Some(failure))?;
        Ok(Some(run))
    }

    pub(super) fn backoff(&self, attempt: u32) -> Duration {
        let settings = &self.workspace.settings.worker;
        backoff(
            settings.backoff_base,
            settings.backoff_max,
            attempt,
            chance(),
        )
    }

    /// The claim is left as soon as the database can be written.
    fn leave_later(&self, run: &RunRecord, claim: &Claim, failure: Failure) {
        let mut unrecorded = self
            .unrecorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unrecorded.push(Unrecorded {
            run: run.clone(),
            claim: claim.clone(),
            failure,
        });
    }

    /// Tells in a run's log how its attempt was left.
    pub(super) fn tell_left(
        &self,
        run: &RunRecord,
        status: RunStatus,
        message: &str,
        failure: Option<&Failure>,
    ) -> Result<(), StoreError> {
        if status.is_terminal() {
            return ends::tell_once(self.workspace, run);
        }
        let data = json!({"status": status, "error": failure, "available_at": run.available_at, "attempt": run.attempt_count});
        self.note(run, "warning", "run.retry", message, data);
        Ok(())
    }

    /// Adds to the log of a run that nobody executes now.
    pub(super) fn note(
        &self,
        run: &RunRecord,
        level: &str,
        event: &str,
        message: &str,
        data: Value,
    ) {
        let folder = self.workspace.layout.run(&run.key.workspace_id, &run.id);
        if let Ok(log) = EventLog::open(&folder.events(), LogSubject::Run, &run.id) {
            log.write(level, event, message, data);
        }
    }
}
