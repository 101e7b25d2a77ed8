//! The work of one slot: it decides what to do next, and does it.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::{Pool, UnrecordedClaim};
use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::mutex::lock;
use crate::base::problem::code;
use crate::environment::needed::prepare::environment_of_run;
use crate::run::ending::ends;
use crate::run::execution::error::RunError;
use crate::run::execution::happenings::ProgressEvent;
use crate::run::execution::lifecycle::{
    ClaimedRun, EnvironmentSource, ExecutionResult, Lifecycle, send_back,
};
use crate::run::execution::safe_mode::SafeMode;
use crate::store::{AttemptUsage, FailureRecord, Overview, RunRecord, RunStatus, StoreError};
use crate::workspace::{Workspace, pause};

/// The maximum number of runs of a failed environment that fail in one transaction.
const FAILED_AT_ONCE: usize = 100;
/// The disk of the runs counts as full below this number of free bytes.
const MIN_FREE_BYTES: u64 = 1024 * 1024;

/// The outcome of a round.
pub(super) enum RoundOutcome {
    /// A run was executed or an environment built; there may be more work.
    Worked,
    /// There was nothing to do.
    Idle,
}

impl Pool<'_> {
    pub fn slot(&self, index: usize) {
        let worker = self.workspace.worker_id(index);
        let settings = &self.workspace.settings.worker;
        let mut interval = settings.poll_interval;
        self.report(&worker, &ProgressEvent::Started);
        if index == 0 {
            self.report_what_is_held(&worker);
        }
        while !self.stop.is_cancelled() && !self.done.is_cancelled() {
            let heard = self.bell.rings();
            self.busy.fetch_add(1, Ordering::AcqRel);
            let turn = || {
                self.turns[index].fetch_add(1, Ordering::AcqRel);
            };
            turn();
            let round = self.round(&worker, &turn);
            turn();
            self.busy.fetch_sub(1, Ordering::AcqRel);
            match round {
                Ok(RoundOutcome::Worked) => {
                    interval = settings.poll_interval;
                    // Another slot may wait for this work.
                    self.bell.ring();
                    if self.options.once && self.taken.load(Ordering::Acquire) {
                        break;
                    }
                    continue;
                }
                Ok(RoundOutcome::Idle) if self.options.once => {
                    self.note_left();
                    break;
                }
                Ok(RoundOutcome::Idle) if self.options.drain && self.is_drained() => {
                    // The threads that build end with the slots.
                    self.done.cancel();
                    self.bell.ring();
                    break;
                }
                Ok(RoundOutcome::Idle) => {}
                Err(error) => self.store_failed(&worker, error),
            }
            let rung = self
                .workspace
                .machine
                .sleep_until_rung(&self.bell, heard, interval);
            interval = self.next_interval(interval, rung);
        }
        if self.stop.is_cancelled() {
            self.report_stopping();
        }
        self.report(&worker, &ProgressEvent::Stopped);
    }

    /// Returns the waiting and running runs, on any host, that this worker may take.
    fn queue(&self) -> Result<Overview, StoreError> {
        let (store, only) = (&self.workspace.store, &self.options.only);
        let now = self.workspace.machine.now();
        let mut queue = store.overview(only.workspace.as_deref(), now, now)?;
        if only.label.is_some() {
            (queue.queued, queue.running) = store.queue_of_worker(&self.member.id)?;
        }
        Ok(queue)
    }

    /// With `once`, records the number of waiting runs if trouble, safe mode or a pause kept this worker from executing one.
    fn note_left(&self) {
        let met_trouble = self.troubles.load(Ordering::Acquire) > 0;
        let is_held = self.workspace.settings.safe_mode != SafeMode::Off
            || self
                .workspace
                .store
                .paused_runs()
                .is_ok_and(|paused| paused > 0);
        if (met_trouble || is_held)
            && !self.taken.load(Ordering::Acquire)
            && let Ok(queue) = self.queue()
        {
            self.left.store(queue.queued, Ordering::Release);
        }
    }

    /// Returns whether all waiting runs wait for the end of trouble or of a pause, and nothing runs anywhere: a run of another
    /// worker may come back to the queue.
    fn is_drained(&self) -> bool {
        if self.busy.load(Ordering::Acquire) > 0 {
            return false;
        }
        let Ok(queue) = self.queue() else {
            return false;
        };
        let tries = self.workspace.settings.worker.max_attempts;
        if self.workspace.settings.safe_mode != SafeMode::Off {
            // Waiting runs are left for the time after safe mode.
            self.left.store(queue.queued, Ordering::Release);
            return queue.running == 0;
        }
        let Ok(paused) = self.workspace.store.paused_runs() else {
            return false;
        };
        let left = match queue.queued > 0 && self.troubles.load(Ordering::Acquire) >= tries {
            true if self.room.load(Ordering::Acquire) => queue.in_trouble,
            // Without free space, none of the runs is tried.
            true => queue.queued,
            false => 0,
        };
        let is_drained = queue.running == 0 && left + paused >= queue.queued;
        if is_drained {
            self.left.store(queue.queued, Ordering::Release);
        }
        is_drained
    }

    /// Records environments for waiting runs, and then executes a run. With `once`, builds an environment if no run is ready.
    /// `turn` is called before and after the build or the run.
    fn round(&self, worker: &str, turn: &dyn Fn()) -> Result<RoundOutcome, StoreError> {
        let (store, machine) = (&self.workspace.store, &self.workspace.machine);
        if self.workspace.settings.safe_mode != SafeMode::Off {
            return Ok(RoundOutcome::Idle);
        }
        self.ensure_environments()?;
        for run in store.fail_runs_of_failed_environments(FAILED_AT_ONCE, machine.now())? {
            ends::report_ended(self.workspace, &run);
            self.report(worker, &ProgressEvent::Ended(&run));
        }
        if !self.has_room(worker) {
            self.met_trouble();
            return Ok(RoundOutcome::Idle);
        }
        let Some(claimed) = self.claim(worker)? else {
            turn();
            let built = self.options.once && self.build_next(worker)?;
            turn();
            return Ok(if built {
                RoundOutcome::Worked
            } else {
                RoundOutcome::Idle
            });
        };
        self.taken.store(true, Ordering::Release);
        turn();
        let executed = self.execute(worker, &claimed);
        turn();
        executed.map(|()| RoundOutcome::Worked)
    }

    /// Reports why nothing is executed, for an operator who reads the log.
    fn report_what_is_held(&self, worker: &str) {
        if self.workspace.settings.safe_mode != SafeMode::Off {
            let message = "safe mode (ADE_SAFE_MODE): this worker executes and builds nothing, and runs stay in the queue";
            self.trouble(worker, &message);
        }
        for paused in pause::all(self.workspace).unwrap_or_default() {
            let message = format!("{paused}; `{}` ends the pause", paused.command());
            self.trouble(worker, &message);
        }
    }

    /// Claims the next run of the queue.
    fn claim(&self, worker: &str) -> Result<Option<ClaimedRun>, StoreError> {
        let (workspace, machine) = (self.workspace, &self.workspace.machine);
        let claim = workspace.claim(worker, Some(&self.member.id));
        let (now, since) = (machine.now(), machine.steady());
        let run = workspace.store.claim_next_run(&claim, now)?;
        Ok(run.map(|run| {
            self.count_claim(&run, now);
            ClaimedRun { run, claim, since }
        }))
    }

    fn count_claim(&self, run: &RunRecord, now: Timestamp) {
        let waited = now.since(run.available_at).saturating_mul(1000);
        self.counters.claims.fetch_add(1, Ordering::Relaxed);
        self.counters.waited.fetch_add(waited, Ordering::Relaxed);
        self.counters
            .waited_longest
            .fetch_max(waited, Ordering::Relaxed);
    }

    /// Records new environments for queued runs whose environment's record was deleted.
    fn ensure_environments(&self) -> Result<(), StoreError> {
        let store = &self.workspace.store;
        let batch = u32::try_from((5 * self.options.concurrency).max(10)).unwrap_or(u32::MAX);
        for run in store.runs_without_environment(batch)? {
            let environment = environment_of_run(self.workspace, &run)?;
            store.set_run_environment(&run.id, &environment.id)?;
        }
        Ok(())
    }

    /// Returns whether the disk of the runs is mounted and has free space. Without it a run can only wait, so none is claimed.
    pub fn has_room(&self, worker: &str) -> bool {
        let files = self.workspace.files();
        let runs = self.workspace.paths.runs(self.workspace.id());
        let mut away = lock(&self.away);
        away.take_if(|folder| files.is_folder(folder));
        let obstacle = match &*away {
            Some(folder) => Some((
                format!("{} is not there", folder.display()),
                "its disk is mounted",
            )),
            None => files
                .room(&runs)
                .filter(|bytes| *bytes < MIN_FREE_BYTES)
                .map(|_| {
                    (
                        format!("the disk of {} is full", runs.display()),
                        "there is free space",
                    )
                }),
        };
        drop(away);
        let had = self.room.swap(obstacle.is_none(), Ordering::AcqRel);
        if had && let Some((obstacle, until)) = &obstacle {
            let message = format!("{obstacle}: no run is claimed until {until}");
            self.trouble(worker, &message);
        }
        obstacle.is_none()
    }

    /// Records that a folder of all runs is missing, if that is the reason why a run cannot use a file.
    fn note_away(&self, run: &RunRecord, error: &FileError) {
        let (paths, workspace) = (&self.workspace.paths, &run.key.workspace_id);
        let needed = [paths.runs(workspace), paths.configurations(workspace)];
        let is_away = |folder: &PathBuf| {
            error.path.starts_with(folder) && !self.workspace.files().is_folder(folder)
        };
        if let Some(folder) = needed.into_iter().find(is_away) {
            *lock(&self.away) = Some(folder);
        }
    }

    /// Executes a claimed run and records its end.
    fn execute(&self, worker: &str, claimed: &ClaimedRun) -> Result<(), StoreError> {
        self.report(worker, &ProgressEvent::Claimed(&claimed.run));
        let tell = |change: &ProgressEvent<'_>| {
            if matches!(change, ProgressEvent::Trouble(_)) {
                self.met_trouble();
            }
            self.report(worker, change);
        };
        let lifecycle = Lifecycle {
            workspace: self.workspace,
            launcher: self.tools.launcher,
            environments: EnvironmentSource::Ready,
            tell: &tell,
            cancel: &crate::base::cancel::Cancel::new(),
            shutdown: &self.shutdown,
            stop_recording: &self.done,
        };
        let given_back = ReleaseOnPanic(self.workspace, claimed);
        let executed = lifecycle.execute(claimed);
        drop(given_back);
        match executed {
            ExecutionResult::Recorded(run, _) => {
                if run.status == RunStatus::Succeeded {
                    self.troubles.store(0, Ordering::Release);
                }
                self.counters.left(run.status);
                self.report(worker, &ProgressEvent::Ended(&run));
            }
            ExecutionResult::Lost => self.report(worker, &ProgressEvent::Lost(&claimed.run)),
            ExecutionResult::Unrecorded(failure, error) => {
                let ClaimedRun { run, claim, .. } = claimed;
                let of_machine = matches!(&error, RunError::File(error) if error.is_of_machine());
                if of_machine {
                    self.met_trouble();
                }
                if let RunError::File(error) = &error {
                    self.note_away(run, error);
                }
                lock(&self.unrecorded).push(UnrecordedClaim {
                    run: run.clone(),
                    claim: claim.clone(),
                    failure,
                    of_machine,
                });
                match error {
                    RunError::Store(error) => return Err(error),
                    // A paused run is not started.
                    RunError::Paused(_) => {}
                    RunError::File(error) => {
                        self.trouble(worker, &error);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Sends a run back to the queue if the thread that executes it panics. The run may be the cause, so its attempt counts.
struct ReleaseOnPanic<'a>(&'a Workspace, &'a ClaimedRun);

impl Drop for ReleaseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self(workspace, ClaimedRun { run, claim, .. }) = self;
            let message = "the worker's thread crashed while it executed this run";
            let hint = "the worker's log has the details".to_owned();
            let failure =
                FailureRecord::new(code::WORKER_DIED, "worker", message.to_owned(), Some(hint));
            // If this fails, the next process finds that this one is dead.
            let _ = send_back(
                workspace,
                run,
                claim,
                &failure,
                &AttemptUsage::default(),
                false,
            );
        }
    }
}
