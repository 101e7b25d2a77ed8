//! One slot: what to do next, and doing it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::handoff::Found;
use super::{Change, Pool, Unrecorded};
use crate::clock::Timestamp;
use crate::environment::prepare::{PrepareError, Prepared, environment_of_run};
use crate::environment::provide::{Other, Progress, ProvideError, Provider, Want};
use crate::problem::{Problem, code};
use crate::run::attempt::failure;
use crate::run::ends;
use crate::run::error::RunError;
use crate::run::lifecycle::{Carried, Claimed, Environments, Lifecycle, Reporter};
use crate::store::{AfterFailure, Claim, Claimable, EnvironmentRecord, RunRecord, StoreError};

/// How many runs of a failed environment are failed in one transaction.
const FAILED_AT_ONCE: usize = 100;
/// How soon an idle slot asks again for a run that is being claimed for it. It is woken when the run is there.
const PROMISED: Duration = Duration::from_millis(100);
/// With less free space than this the disk of the runs counts as full.
const LEAST_ROOM: u64 = 1024 * 1024;

/// What a round did.
pub(super) enum Round {
    /// A build or a run; there may be more.
    Worked,
    /// There was nothing to do.
    Idle,
}

impl Pool<'_> {
    pub(super) fn slot(&self, index: usize) {
        let worker = self.workspace.worker_id(index);
        let settings = &self.workspace.settings.worker;
        let mut interval = settings.poll_interval;
        self.report(&worker, &Change::Started);
        while !self.stop.is_cancelled() && !self.done.is_cancelled() {
            let heard = self.bell.rings();
            self.busy.fetch_add(1, Ordering::AcqRel);
            let round = self.round(index);
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
            let (rung, given) = self.sleep(index, heard, interval);
            interval = match rung {
                true => settings.poll_interval,
                false => interval.mul_f64(1.25).min(settings.poll_interval_max),
            };
            if let Some(claimed) = given {
                self.busy.fetch_add(1, Ordering::AcqRel);
                let executed = self.execute(&worker, &claimed);
                self.busy.fetch_sub(1, Ordering::AcqRel);
                if let Err(error) = executed {
                    self.store_failed(&worker, error);
                }
                self.bell.ring();
            }
        }
        if self.stop.is_cancelled() {
            self.report_stopping();
        }
        self.report(&worker, &Change::Stopped);
    }

    /// Sleeps until there may be something to do. Returns whether the bell rang, and the run that another slot claimed for
    /// this one.
    fn sleep(&self, index: usize, heard: u64, most: Duration) -> (bool, Option<Box<Claimed>>) {
        let machine = &self.workspace.machine;
        self.handoff.idle(index);
        let rung = machine.sleep_until_rung(&self.bell, heard, most);
        loop {
            let heard = self.bell.rings();
            match self.handoff.busy(index) {
                Found::Nothing => return (rung, None),
                Found::Run(claimed) => return (true, Some(claimed)),
                Found::Promise => {
                    machine.sleep_until_rung(&self.bell, heard, PROMISED);
                }
            }
        }
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
    fn round(&self, index: usize) -> Result<Round, StoreError> {
        let worker = &*self.workspace.worker_id(index);
        let (store, machine) = (&*self.workspace.store, &self.workspace.machine);
        self.ensure_environments()?;
        for run in store.fail_runs_of_failed_environments(FAILED_AT_ONCE, machine.now())? {
            ends::report_ended(self.workspace, &run);
            self.counters.ended(run.status);
            self.report(worker, &Change::Ended(&run));
        }
        if !self.has_room(worker) {
            return Ok(Round::Idle);
        }
        // One that another process has taken meanwhile keeps none of the later ones waiting.
        let mut last = None;
        while let Some(environment) = store.next_environment(machine.now(), last.as_ref())? {
            if self.build(worker, &environment)? {
                return Ok(Round::Worked);
            }
            last = Some(environment);
        }
        let promised = self.handoff.promise();
        let claimed = self.claim(index, &promised);
        let (runs, failed) = match claimed {
            Ok(runs) => (runs, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut runs = runs.into_iter();
        let mine = runs.next();
        // The promises are kept or taken back before anything else is done.
        self.hand_out(&promised, runs);
        if let Some(error) = failed {
            return Err(error);
        }
        let Some(mine) = mine else {
            return Ok(Round::Idle);
        };
        self.taken.store(true, Ordering::Release);
        self.execute(worker, &mine)?;
        Ok(Round::Worked)
    }

    /// Claims runs for a slot and for others, in this order, as many as are due.
    fn claim(&self, slot: usize, others: &[usize]) -> Result<Vec<Claimed>, StoreError> {
        let (workspace, machine) = (self.workspace, &self.workspace.machine);
        let slots = [slot].into_iter().chain(others.iter().copied());
        let claims: Vec<Claim> = slots
            .map(|slot| workspace.claim(&workspace.worker_id(slot), Some(&self.process)))
            .collect();
        let (now, since) = (machine.now(), machine.steady());
        let runs = workspace.store.claim_next_runs(&claims, now)?;
        runs.iter().for_each(|run| self.count_claim(run, now));
        let claimed = runs.into_iter().zip(claims);
        Ok(claimed
            .map(|(run, claim)| Claimed { run, claim, since })
            .collect())
    }

    /// Gives each slot that was promised a run one of these; where they do not suffice, takes the promise back.
    fn hand_out(&self, promised: &[usize], mut runs: impl ExactSizeIterator<Item = Claimed>) {
        let any = runs.len() > 0;
        for slot in promised {
            match runs.next() {
                Some(run) => self.handoff.give(*slot, run),
                None => self.handoff.take_back(*slot),
            }
        }
        if any {
            self.bell.ring();
        }
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
            let environment = environment_of_run(self.workspace, &run)?;
            store.set_run_environment(&run.id, &environment.id)?;
        }
        Ok(())
    }

    /// Whether the disk of the runs has any room. Without it a run can only spend its attempts, so none is claimed.
    fn has_room(&self, worker: &str) -> bool {
        let runs = self.workspace.layout.runs(self.workspace.id());
        let found = self.workspace.files().room(&runs);
        let room = found.is_none_or(|bytes| bytes >= LEAST_ROOM);
        let had = self.room.swap(room, Ordering::AcqRel);
        if had && !room {
            let message = format!(
                "the disk of {} is full: no run is claimed until there is free space",
                runs.display()
            );
            self.report(worker, &Change::Trouble(message));
        }
        room
    }

    /// Builds an environment. False: another process builds it.
    fn build(&self, worker: &str, waiting: &EnvironmentRecord) -> Result<bool, StoreError> {
        let prepared = match self.tools.builder.prepare(self.workspace, waiting) {
            Ok(prepared) => prepared,
            Err(PrepareError::Store(error)) => return Err(error),
            Err(error) => {
                let error = self.cannot_prepare(worker, waiting, &error)?;
                self.report(worker, &Change::BuildFailed(waiting, &error));
                return Ok(true);
            }
        };
        self.move_to_own_engine(waiting, &prepared)?;
        let provider = Provider {
            workspace: self.workspace,
            builder: self.tools.builder,
            worker,
            process: &self.process,
            other: Other::Leave,
        };
        let mut on = |progress: Progress<'_>| {
            if let Progress::Building { environment, .. } = progress {
                self.report(worker, &Change::Building(environment));
            }
        };
        match provider.provide(&prepared, Want::Ready, &self.abandon, &mut on) {
            Ok(environment) => self.report(worker, &Change::Ready(&environment)),
            Err(ProvideError::Store(error)) => return Err(error),
            Err(ProvideError::Busy) => return Ok(false),
            Err(error) => self.report(worker, &Change::BuildFailed(waiting, &error)),
        }
        Ok(true)
    }

    /// An environment that was asked for with the engine of another `ade` is built with this one's, under a key of its own.
    fn move_to_own_engine(
        &self,
        waiting: &EnvironmentRecord,
        prepared: &Prepared,
    ) -> Result<(), StoreError> {
        if prepared.key == waiting.key {
            return Ok(());
        }
        let other = prepared.ensure_environment(self.workspace)?;
        let now = self.workspace.machine.now();
        // Some at a time: other processes use the database in between.
        while !self
            .workspace
            .store
            .move_waiting_runs(&waiting.id, &other, now)?
        {}
        Ok(())
    }

    /// The snapshot or its Python is not to be had: the environment fails for good, or it would be tried for ever.
    fn cannot_prepare(
        &self,
        worker: &str,
        waiting: &EnvironmentRecord,
        error: &PrepareError,
    ) -> Result<ProvideError, StoreError> {
        let store = &*self.workspace.store;
        let code = code::ENVIRONMENT_FAILED;
        let failure = failure(code, "environment", error.to_string(), error.hint());
        let claim = self.workspace.claim(worker, Some(&self.process));
        let now = self.workspace.machine.now();
        if store
            .claim_environment(&waiting.id, &claim, Claimable::Due, &waiting.folder, now)?
            .is_some()
        {
            store.fail_environment(&waiting.id, &claim, &failure, AfterFailure::Fail, now)?;
        }
        Ok(ProvideError::Failed {
            failure,
            transient: false,
            log: waiting.folder.clone(),
        })
    }

    /// Carries a claimed run to its recorded end.
    fn execute(&self, worker: &str, claimed: &Claimed) -> Result<(), StoreError> {
        self.report(worker, &Change::Claimed(&claimed.run));
        let reporter = Reported { pool: self, worker };
        let lifecycle = Lifecycle {
            workspace: self.workspace,
            launcher: self.tools.launcher,
            environments: Environments::Ready,
            reporter: &reporter,
            cancel: &crate::cancel::Cancel::new(),
            abandon: &self.abandon,
            give_up: &self.done,
        };
        match lifecycle.carry(claimed) {
            Carried::Recorded(run, _) => {
                self.counters.ended(run.status);
                self.report(worker, &Change::Ended(&run));
            }
            Carried::Lost => self.report(worker, &Change::Lost(&claimed.run)),
            Carried::Unrecorded(failure, error) => {
                let Claimed { run, claim, .. } = claimed;
                self.unrecorded
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(Unrecorded {
                        run: run.clone(),
                        claim: claim.clone(),
                        failure,
                    });
                match error {
                    RunError::Store(error) => return Err(error),
                    RunError::File(error) => {
                        self.report(worker, &Change::Trouble(error.to_string()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a lifecycle reports goes to the worker's log.
struct Reported<'a> {
    pool: &'a Pool<'a>,
    worker: &'a str,
}

impl Reporter for Reported<'_> {
    fn trouble(&self, _run: &RunRecord, message: &str) {
        self.pool
            .report(self.worker, &Change::Trouble(message.to_owned()));
    }
}
