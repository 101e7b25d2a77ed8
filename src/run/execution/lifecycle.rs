//! The lifecycle of a run, from claimed to its recorded end.
//!
//! `ade run` and the worker both use [`Lifecycle::execute`]. They differ in how they claim (an inserted run, or the next one
//! in the queue), in how they report ([`ProgressEvent`]), in the source of environments ([`EnvironmentSource`]), and in what they
//! do with the recorded run afterwards.
//!
//! The steps: find the environment, begin the attempt, provide the environment, run the engine, record. The lease is kept
//! from the first step to the last. The end is recorded under the token of the claim, and then written into the event log: a
//! process that lost the claim finds no row, writes no terminal event and leaves the run to its new owner. If the store
//! cannot be written for a moment, the process retries for as long as the lease would hold.

use std::time::Duration;

use serde_json::Value;

use super::after_attempt::{NextAction, next};
use super::attempt::{AttemptResult, RunAttempt};
use super::error::RunError;
use super::happenings::ProgressEvent;
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::problem::{Problem, code};
use crate::engine::Launch;
use crate::environment::is_ready;
use crate::environment::provide::ProvideError;
use crate::environment::provide::in_use::EnvironmentUse;
use crate::environment::provide::rebuild::{damage, is_usable, requeue};
use crate::run::ending::artifact::{self, AttemptContext};
use crate::run::ending::{cancel, ends};
use crate::run::shared_log::{self, LogSender, SendingLease};
use crate::store::{
    AttemptUsage, Claim, ClaimLease, ClaimTarget, Ending, EnvironmentRecord, EnvironmentStatus,
    FailureRecord, NOT_BUILT, Retry, RunRecord, RunStatus, StoreError,
};
use crate::system::lease::HeldLease;
use crate::system::machine::SteadyTime;
use crate::workspace::Workspace;

/// The pause before the end of a run is recorded again.
const RECORD_AGAIN: Duration = Duration::from_secs(1);
/// The minimum number of further attempts to record.
const MIN_STORE_TRIES: u32 = 3;

/// The source of the environments of runs.
pub enum EnvironmentSource<'a> {
    /// Environments are ready, or else runs go back to the queue: a worker claims no others.
    Ready,
    /// Environments are provided while the run is claimed.
    Provided(&'a EnvironmentProvider<'a>),
}

/// Provides an environment, unless it is cancelled.
pub type EnvironmentProvider<'a> = dyn Fn(&Cancel) -> Result<EnvironmentRecord, ProvideError> + 'a;

/// A run with the claim on it.
pub struct ClaimedRun {
    /// The run, as claimed.
    pub run: RunRecord,
    /// The claim on the run.
    pub claim: Claim,
    /// The earliest time at which the claim can have been made.
    pub since: SteadyTime,
}

/// The outcome of a claimed run.
#[derive(Debug)]
pub enum ExecutionResult {
    /// The run ended or went back to the queue, as recorded; with its ending if it was recorded as ended.
    Recorded(Box<RunRecord>, Option<Box<Ending>>),
    /// The claim was lost, and nothing was recorded.
    Lost,
    /// The outcome could not be recorded. The claim has to be left later, with this failure.
    Unrecorded(FailureRecord, RunError),
}

/// Executes claimed runs; see the module.
pub struct Lifecycle<'a> {
    /// The workspace of the runs.
    pub workspace: &'a Workspace,
    /// Starts the engine of a run.
    pub launcher: &'a dyn Launch,
    /// The source of the environments.
    pub environments: EnvironmentSource<'a>,
    /// Receives everything that happens.
    pub tell: &'a dyn Fn(&ProgressEvent<'_>),
    /// Raised to cancel the run for good.
    pub cancel: &'a Cancel,
    /// Raised to stop: the run goes back to the queue.
    pub shutdown: &'a Cancel,
    /// Raised when nothing can be recorded any more.
    pub stop_recording: &'a Cancel,
}

/// The recorded run, with its ending. `None`: the claim was lost.
type RecordedOutcome = Option<(RunRecord, Option<Box<Ending>>)>;

impl Lifecycle<'_> {
    /// Takes a claimed run to its recorded end, or back to the queue.
    pub fn execute(&self, claimed: &ClaimedRun) -> ExecutionResult {
        let store = &self.workspace.store;
        let lease = SendingLease {
            lease: ClaimLease {
                store,
                on: ClaimTarget::Run(&claimed.run.id),
                claim: &claimed.claim,
            },
            log: LogSender::new(store, &claimed.run, Some(&claimed.claim)),
        };
        let held = HeldLease::new(&*self.workspace.machine, &lease, claimed.since);
        let outcome = match self.environments {
            EnvironmentSource::Ready => self.execute_in_ready(claimed, &held),
            EnvironmentSource::Provided(provide) => self.execute_in(claimed, &held, provide),
        };
        match outcome {
            Ok(Some((run, ending))) => ExecutionResult::Recorded(Box::new(run), ending),
            Ok(None) => ExecutionResult::Lost,
            Err(error) => {
                let stage = match &error {
                    RunError::File(_) | RunError::Paused(_) => "run",
                    RunError::Store(_) => "worker",
                };
                let (message, hint) = (error.to_string(), error.hint());
                ExecutionResult::Unrecorded(
                    FailureRecord::new(code::STORAGE_FAILED, stage, message, hint),
                    error,
                )
            }
        }
    }

    fn execute_in_ready(
        &self,
        claimed: &ClaimedRun,
        held: &HeldLease<'_>,
    ) -> Result<RecordedOutcome, RunError> {
        let Some(environment) = self.ready_environment(&claimed.run)? else {
            return Ok(self.environment_vanished(claimed)?);
        };
        let Some(_in_use) = EnvironmentUse::mark(self.workspace, &environment.folder) else {
            return Ok(self.environment_vanished(claimed)?);
        };
        self.execute_in(claimed, held, &|_| Ok(environment.clone()))
    }

    /// Returns the environment of a run if it is ready and on disk.
    fn ready_environment(&self, run: &RunRecord) -> Result<Option<EnvironmentRecord>, StoreError> {
        let Some(id) = &run.environment_id else {
            return Ok(None);
        };
        match self.workspace.store.environment(&run.key.workspace_id, id) {
            Err(StoreError::NotFound { .. }) => Ok(None),
            // If the database does not answer, nothing is known about the environment.
            Err(error) => Err(error),
            Ok(found) => {
                let is_usable = is_usable(self.workspace.files(), &found);
                Ok(is_usable.then_some(found))
            }
        }
    }

    fn execute_in(
        &self,
        claimed: &ClaimedRun,
        held: &HeldLease<'_>,
        provide: &EnvironmentProvider<'_>,
    ) -> Result<RecordedOutcome, RunError> {
        if !held.holds() {
            return Ok(None);
        }
        let (run, claim) = (&claimed.run, &claimed.claim);
        let execution = RunAttempt::begin(self.workspace, run, claim, held)?;
        let started = execution.start();
        (self.tell)(&ProgressEvent::Begun(run));
        (self.tell)(&ProgressEvent::Event(run, &started));
        // This run has its own flag: a lost lease ends only this run's work.
        let work = Cancel::new();
        let _causes = [self.cancel, self.shutdown].map(|cause| {
            let work = work.clone();
            cause.on_cancel(move || work.cancel())
        });
        let kept = held.keep(&work, || {
            let (attempted, environment) = self.attempt(&execution, provide, &work);
            // The lease is renewed until the end is recorded, however long that takes.
            self.conclude(&execution, attempted, environment.as_ref())
        });
        kept.map_err(FileError::on("start a thread for", execution.folder.path()))?
    }

    fn attempt(
        &self,
        execution: &RunAttempt<'_>,
        provide: &EnvironmentProvider<'_>,
        cancel: &Cancel,
    ) -> (AttemptResult, Option<EnvironmentRecord>) {
        if execution.run.options.safe_mode {
            return (AttemptResult::safe_mode(), None);
        }
        if execution.run.options.dry_run {
            return (AttemptResult::dry_run(), None);
        }
        match self.provide_in_use(provide, cancel) {
            Err(error) => (without_environment(&error), None),
            Ok((environment, None)) => (gone(execution, &environment), Some(environment)),
            Ok((environment, Some(_in_use))) => {
                let mut on_event =
                    |event: &Value| (self.tell)(&ProgressEvent::Event(execution.run, event));
                let mut attempted =
                    execution.attempt(self.launcher, &environment, cancel, &mut on_event);
                let files = self.workspace.files();
                let is_there = files.is_folder(execution.folder.path())
                    && is_ready(files, &environment.folder);
                if attempted.ending.status == RunStatus::Failed {
                    match is_there {
                        false => attempted = gone(execution, &environment),
                        true => self.blame_environment(execution.run, &environment, &mut attempted),
                    }
                }
                (attempted, Some(environment))
            }
        }
    }

    /// Blames the environment for a failure if files of its packages have changed since they were built, and has it rebuilt.
    /// An environment that is younger than the run is not blamed, so that it is not rebuilt for ever.
    fn blame_environment(
        &self,
        run: &RunRecord,
        environment: &EnvironmentRecord,
        attempted: &mut AttemptResult,
    ) {
        if environment.ready_at > Some(run.created_at) {
            return;
        }
        if let Some(damage) = damage(environment)
            && requeue(self.workspace, environment, &environment.snapshot).is_ok()
        {
            let folder = environment.folder.display();
            let message = format!(
                "its environment {folder} has changed since it was built ({damage}), and is built again"
            );
            let failure =
                FailureRecord::new(code::ENVIRONMENT_FAILED, "environment", message, None);
            *attempted = AttemptResult::failed(failure, true).of_machine(true);
        }
    }

    /// Provides an environment and marks it as used. If it is deleted in between, provides it once more.
    fn provide_in_use(
        &self,
        provide: &EnvironmentProvider<'_>,
        cancel: &Cancel,
    ) -> Result<(EnvironmentRecord, Option<EnvironmentUse>), ProvideError> {
        let environment = provide(cancel)?;
        if let Some(in_use) = EnvironmentUse::mark(self.workspace, &environment.folder) {
            return Ok((environment, Some(in_use)));
        }
        let environment = provide(cancel)?;
        let in_use = EnvironmentUse::mark(self.workspace, &environment.folder);
        Ok((environment, in_use))
    }

    /// Releases the run to the queue, and has its environment rebuilt.
    fn environment_vanished(&self, claimed: &ClaimedRun) -> Result<RecordedOutcome, StoreError> {
        let (run, store) = (&claimed.run, &self.workspace.store);
        // Another run may have noticed this before, and a process may have rebuilt the environment since.
        if let Some(environment) = store.environment_of(&run.key)?
            && environment.status == EnvironmentStatus::Ready
            && !is_usable(self.workspace.files(), &environment)
        {
            requeue(self.workspace, &environment, &environment.snapshot)?;
        }
        self.release(
            (run, &claimed.claim),
            "its environment vanished",
            "Its environment vanished and is built again",
        )
    }

    fn release(
        &self,
        (run, claim): (&RunRecord, &Claim),
        reason: &str,
        message: &str,
    ) -> Result<RecordedOutcome, StoreError> {
        let store = &self.workspace.store;
        let now = self.workspace.machine.now();
        let Some(run) = store.release_run(&run.id, claim, reason, now)? else {
            return Ok(None);
        };
        ends::report_left(self.workspace, &run, message, None);
        Ok(Some((run, None)))
    }

    /// Records how an attempt ended and writes it into the run's log.
    fn conclude(
        &self,
        execution: &RunAttempt<'_>,
        attempted: AttemptResult,
        environment: Option<&EnvironmentRecord>,
    ) -> Result<RecordedOutcome, RunError> {
        // Without the claim, this attempt may not even write the audit record.
        if !execution.held.holds() {
            return Ok(None);
        }
        let AttemptResult {
            mut ending,
            transient,
            of_machine,
            sandbox,
        } = attempted;
        let run = execution.run;
        let attempts_left = run.attempt_count < run.max_attempts;
        // Both may have been raised. A request to cancel has priority over a shutdown.
        let shuts_down = self.shutdown.is_cancelled() && !self.cancel.is_cancelled();
        let of_machine = of_machine && matches!(self.environments, EnvironmentSource::Ready);
        let status = ending.status;
        let next = next(status, transient, of_machine, attempts_left, shuts_down);
        match (next, &ending.error) {
            (NextAction::Release, _) => {
                let message = "The worker was stopped; the run goes back to the queue";
                let release =
                    || self.release((run, execution.claim), "the worker was stopped", message);
                Ok(self.persist(execution, release)?.1)
            }
            (NextAction::Wait | NextAction::Retry, Some(failure)) => {
                let (used, of_machine) =
                    (AttemptUsage::from_ending(&ending), next == NextAction::Wait);
                let (_, left) = self.persist(execution, || {
                    let claim = execution.claim;
                    send_back(self.workspace, run, claim, failure, &used, of_machine)
                })?;
                if of_machine {
                    (self.tell)(&ProgressEvent::Trouble(&failure.message));
                }
                Ok(left.map(|run| (run, None)))
            }
            _ => {
                // Notes a cancel by a signal, which is recorded nowhere else. The process that recorded a request has already
                // noted it, if both processes use the same log.
                if ending.status == RunStatus::Cancelled
                    && (self.workspace.store.keeps_logs()
                        || self.cancel.is_cancelled() && !self.is_cancel_requested(run))
                {
                    cancel::note_in(&execution.log, run);
                }
                let now = self.workspace.machine.now();
                let around = (environment, sandbox.as_ref());
                let notes = write_artifact(execution, &ending, around, now);
                self.put_files(execution)?;
                self.finish(execution, &mut ending, notes, now)
            }
        }
    }

    fn is_cancel_requested(&self, run: &RunRecord) -> bool {
        let found = self.workspace.store.run(&run.key.workspace_id, &run.id);
        found.is_ok_and(|run| run.cancel_requested_at.is_some())
    }

    /// Stores the attempt's files where other hosts find them. If the object store is unreachable for as long as the lease
    /// would hold, that is trouble of the machine, not of the run.
    fn put_files(&self, execution: &RunAttempt<'_>) -> Result<(), RunError> {
        let Some(objects) = &self.workspace.objects else {
            return Ok(());
        };
        let put = self.persist(execution, || {
            objects.put_attempt(execution.run, execution.claim)?;
            Ok(Some(()))
        });
        match put {
            Err(RunError::Store(StoreError::File(error))) => Err(error.into()),
            put => put.map(drop),
        }
    }

    /// Records the end of a run and reports it. If the results could not be recorded in full, the run does not fail, but
    /// notes it.
    fn finish(
        &self,
        execution: &RunAttempt<'_>,
        ending: &mut Ending,
        mut notes: Vec<String>,
        now: Timestamp,
    ) -> Result<RecordedOutcome, RunError> {
        let (store, run) = (&self.workspace.store, execution.run);
        LogSender::new(store, run, Some(execution.claim)).send();
        let (asked_before, recorded) = self.persist(execution, || {
            let mut recorded = store.finish_run(&run.id, execution.claim, ending, now);
            if let Some(refusal) = recorded.as_ref().err().and_then(StoreError::refusal) {
                // The results do not fit the tables, but the run's end is still recorded.
                notes.push(format!("its results could not be recorded: {refusal}"));
                ending.results = None;
                ending.summary = Some(notes.join("; "));
                recorded = store.finish_run(&run.id, execution.claim, ending, now);
            }
            Ok(recorded?.then_some(()))
        })?;
        if recorded.is_none() && !asked_before {
            return Ok(None);
        }
        let (_, found) = self.persist(execution, || {
            store.run(&run.key.workspace_id, &run.id).map(Some)
        })?;
        // A store that did not answer may have recorded the end. If the recorded end is this attempt's, it did.
        let is_ours = |found: &RunRecord| {
            recorded.is_some() || found.ended_token.as_ref() == Some(&execution.claim.token)
        };
        let Some(found) = found.filter(is_ours) else {
            return Ok(None);
        };
        for note in &notes {
            ends::note_in(&execution.log, note);
        }
        // If the store recorded the end without an answer, it is not certain which process recorded it, and its event may be
        // in the log.
        if recorded.is_some() {
            ends::report(&execution.log, &found);
            shared_log::send(store, &found);
        }
        Ok(Some((found, Some(Box::new(ending.clone())))))
    }

    /// Asks the store; if it is busy, repeatedly for as long as the lease would hold, and at least a few times, because a
    /// process that was suspended has not tried for long. `None`: the claim was lost. The flag tells whether an earlier
    /// request got no answer.
    fn persist<T>(
        &self,
        execution: &RunAttempt<'_>,
        mut ask: impl FnMut() -> Result<Option<T>, StoreError>,
    ) -> Result<(bool, Option<T>), RunError> {
        let machine = &self.workspace.machine;
        let since = machine.steady();
        let mut times = 0;
        loop {
            let answer = ask();
            let has_patience =
                times < MIN_STORE_TRIES || machine.steady().since(since) < execution.claim.lease;
            match answer {
                Err(error) if error.may_pass() && has_patience => {
                    times += 1;
                    if times == 1 {
                        let id = &execution.run.id;
                        let message = format!(
                            "the end of run {id} cannot be recorded yet, and is tried again: {error}"
                        );
                        (self.tell)(&ProgressEvent::Trouble(&message));
                    }
                    if machine.wait(self.stop_recording, RECORD_AGAIN) {
                        return Err(error.into());
                    }
                }
                answer => return Ok((times > 0, answer?)),
            }
        }
    }
}

/// Writes the audit record. Returns the notes about it.
fn write_artifact(
    execution: &RunAttempt<'_>,
    ending: &Ending,
    around: AttemptContext<'_>,
    now: Timestamp,
) -> Vec<String> {
    let files = execution.workspace.files();
    let output_sha256 = ending
        .output_path
        .as_deref()
        .and_then(|path| files.sha256(path).ok());
    let written = artifact::write(
        files,
        execution.run,
        around,
        ending,
        output_sha256.as_deref(),
        now,
    );
    match written {
        Ok(()) => Vec::new(),
        Err(error) => vec![format!("the audit record is missing: {error}")],
    }
}

/// Sends a run back to the queue with the usage of its attempt, to be tried again after a backoff. `of_machine`: the machine
/// or the network is in trouble, and no attempt is spent; otherwise the run fails if its attempts are spent. Returns the
/// current run. `None`: the claim was lost.
pub fn send_back(
    workspace: &Workspace,
    run: &RunRecord,
    claim: &Claim,
    failure: &FailureRecord,
    used: &AttemptUsage,
    of_machine: bool,
) -> Result<Option<RunRecord>, StoreError> {
    let (store, now) = (&workspace.store, workspace.machine.now());
    let retry = if of_machine {
        Retry::Free(now.plus(workspace.backoff(run.trouble_count + 1)))
    } else {
        Retry::Counted(now.plus(workspace.backoff(run.attempt_count)))
    };
    let Some(run) = store.retry_run(&run.id, claim, failure, used, retry, now)? else {
        return Ok(None);
    };
    ends::report_left(workspace, &run, &failure.message, Some(failure));
    Ok(Some(run))
}

/// Returns the outcome of an attempt that lost its environment or its folder: whatever the attempt reported, the machine is
/// at fault.
fn gone(execution: &RunAttempt<'_>, environment: &EnvironmentRecord) -> AttemptResult {
    let folder = execution.folder.path();
    let failure = if execution.workspace.files().is_folder(folder) {
        let folder = environment.folder.display();
        let message = format!("its environment {folder} disappeared while the run was using it");
        FailureRecord::new(code::ENVIRONMENT_FAILED, "environment", message, None)
    } else {
        let away = FileError::away(folder);
        let (message, hint) = (away.to_string(), away.hint());
        FailureRecord::new(code::STORAGE_FAILED, "run", message, hint)
    };
    AttemptResult::failed(failure, true).of_machine(true)
}

/// Returns the outcome of an attempt whose environment could not be provided.
fn without_environment(error: &ProvideError) -> AttemptResult {
    if matches!(error, ProvideError::Cancelled) {
        let cancelled = FailureRecord::new(code::CANCELLED, "environment", error.to_string(), None);
        return AttemptResult::failed(cancelled, false);
    }
    let message = format!("{NOT_BUILT}{error}");
    let (code, hint) = (code::ENVIRONMENT_FAILED, error.hint());
    let failed = FailureRecord::new(code, "environment", message, hint);
    AttemptResult::failed(failed, error.is_transient())
}
