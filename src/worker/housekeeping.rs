//! The periodic work of a worker, in its own threads so that no run delays it.

use std::cell::RefCell;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Pool;
use crate::base::mutex::lock;
use crate::base::problem::Error;
use crate::environment::collection::{self, CollectError};
use crate::events::names;
use crate::run::ending::ends;
use crate::run::ending::recover::recover;
use crate::run::execution::happenings::ProgressEvent;
use crate::run::execution::lifecycle::send_back;
use crate::run::execution::queue_metrics::QueueMetrics;
use crate::store::{AttemptUsage, BuildAttempts, Overview, QueueTotals, StoreError};
use crate::system::machine::{JUMP, Machine, Moment, SteadyTime};
use crate::workspace::ballast;
use crate::workspace::fleet::{FleetError, living, longest_lease};

/// The interval at which a process reports to the other hosts of a server that it is alive, and asks for the time.
const SEEN_EVERY: Duration = Duration::from_secs(10);

/// A task that is repeated at an interval.
pub(super) struct Duty {
    every: Duration,
    last: Option<SteadyTime>,
}

impl Duty {
    pub fn new(every: Duration) -> Self {
        Self { every, last: None }
    }

    pub fn is_due(&mut self, now: SteadyTime) -> bool {
        let due = self.last.is_none_or(|last| now.since(last) >= self.every);
        if due {
            self.last = Some(now);
        }
        due
    }
}

/// Notices if the wall clock moves differently from the steady clock.
pub(super) struct Clocks<'a> {
    machine: &'a dyn Machine,
    seen: Moment,
    /// The time of the last jump. For a process that starts while others run, its start.
    jumped_at: Option<SteadyTime>,
}

impl<'a> Clocks<'a> {
    pub fn new(machine: &'a dyn Machine) -> Self {
        Self {
            machine,
            seen: Moment::now(machine),
            jumped_at: None,
        }
    }

    /// Acts as if the clock had just jumped.
    fn distrust(&mut self) {
        self.jumped_at = Some(self.machine.steady());
    }

    /// Returns the seconds by which the wall clock jumped since the last look, if it did.
    fn jumped(&mut self) -> Option<f64> {
        let now = Moment::now(self.machine);
        let jump = std::mem::replace(&mut self.seen, now).jump_until(&now)?;
        self.distrust();
        Some(jump)
    }

    /// Returns whether the last jump is longer ago than `settle`, the time in which every live worker renews its leases.
    fn are_trusted(&self, settle: Duration) -> bool {
        let now = self.machine.steady();
        self.jumped_at.is_none_or(|at| now >= at.plus(settle))
    }
}

impl Pool<'_> {
    /// Recovers the claims of dead processes, before the first claim.
    pub fn start(&self) {
        let worker = self.workspace.worker_id(0);
        if let Err(error) = self.recover(&worker) {
            self.store_failed(&worker, error);
        }
    }

    /// Returns the detector of clock jumps.
    pub fn clocks(&self) -> Clocks<'_> {
        let mut clocks = Clocks::new(&*self.workspace.machine);
        // A starting process cannot know of a jump shortly before. If no other process is alive, later processes take their
        // leases after it.
        if self.has_company() {
            clocks.distrust();
        }
        clocks
    }

    pub fn maintain(&self, mut clocks: Clocks<'_>) {
        let settings = &self.workspace.settings.worker;
        let machine = &*self.workspace.machine;
        let worker = self.workspace.worker_id(0);
        // On a server, other hosts release the claims of this process if it does not report in time.
        let most = self
            .workspace
            .store
            .host()
            .map_or(Duration::MAX, |_| SEEN_EVERY);
        let mut sweep = Duty::new(settings.cleanup_interval.min(most));
        let mut metrics = Duty::new(settings.metrics_interval);
        // The first entry covers an interval, not a point in time.
        metrics.is_due(machine.steady());
        let mut turns = vec![0; self.turns.len()];
        let mut totals = self.workspace.store.totals().unwrap_or_default();
        let pause = settings
            .cleanup_interval
            .min(settings.metrics_interval)
            .min(Duration::from_secs(1));
        loop {
            self.look_at(&worker, &mut clocks);
            self.stay(&worker);
            let step = self.leave_unrecorded(&worker).and_then(|()| {
                // Checking a few locks is cheap, and the claims of a dead process need not wait for a sweep.
                self.recover(&worker)?;
                self.hear(&worker)?;
                self.adopt_environments()?;
                if sweep.is_due(machine.steady()) {
                    self.sweep(&worker, &mut clocks)?;
                }
                if metrics.is_due(machine.steady()) {
                    self.measure(&worker, &mut totals)?;
                }
                Ok(())
            });
            if let Err(error) = step {
                self.store_failed(&worker, error);
            }
            if self.goes_round(&mut turns) {
                self.report(&worker, &ProgressEvent::GoesRound);
            }
            if machine.wait(&self.done, pause) {
                break;
            }
        }
        if let Err(error) = self.leave_unrecorded(&worker) {
            self.trouble(&worker, &error);
        }
    }

    /// Returns whether each slot has left the round of the last look.
    fn goes_round(&self, seen: &mut [u64]) -> bool {
        let turns = self.turns.iter().map(|turns| turns.load(Ordering::Acquire));
        turns.zip(seen).fold(true, |all, (now, seen)| {
            let stands_still = now % 2 == 1 && now == std::mem::replace(seen, now);
            all && !stands_still
        })
    }

    /// Returns whether other processes may hold leases. If the store does not answer, they may.
    fn has_company(&self) -> bool {
        let workers = living(self.workspace);
        workers.map_or(true, |workers| {
            workers.iter().any(|worker| worker.id != self.member.id)
        })
    }

    /// Releases the claims that could not be released when their runs ended.
    fn leave_unrecorded(&self, worker: &str) -> Result<(), StoreError> {
        loop {
            let next = lock(&self.unrecorded).pop();
            let Some(left) = next else { return Ok(()) };
            match send_back(
                self.workspace,
                &left.run,
                &left.claim,
                &left.failure,
                &AttemptUsage::default(),
                left.of_machine,
            ) {
                Ok(Some(run)) => self.report(worker, &ProgressEvent::Ended(&run)),
                Ok(None) => self.report(worker, &ProgressEvent::Lost(&left.run)),
                Err(error) => {
                    lock(&self.unrecorded).push(left);
                    // The error was reported when it first happened, and this is tried every second.
                    return if error.may_pass() { Ok(()) } else { Err(error) };
                }
            }
        }
    }

    /// Checks for a clock jump. Frequent checks make it less likely that a second jump hides the first.
    fn look_at(&self, worker: &str, clocks: &mut Clocks<'_>) {
        if let Some(seconds) = clocks.jumped() {
            self.report(worker, &ProgressEvent::ClockJumped(seconds));
        }
    }

    fn sweep(&self, worker: &str, clocks: &mut Clocks<'_>) -> Result<(), StoreError> {
        let (store, machine) = (&self.workspace.store, &*self.workspace.machine);
        let settings = &self.workspace.settings.worker;
        self.workspace.keep_time();
        self.member.seen()?;
        match store.demand_known_schema() {
            Err(error) if !error.may_pass() => {
                self.stop_for(error);
                return Ok(());
            }
            looked => looked?,
        }
        ballast::keep(
            machine.files(),
            &self.workspace.settings,
            &self.workspace.paths,
        );
        // The time in which every live worker renews its leases.
        let settle = longest_lease(self.workspace)? / 3 + JUMP;
        // The clock is checked while the database is locked: a clock that jumps while the store waits for the lock must not end
        // valid leases.
        let clocks = RefCell::new(clocks);
        let trusted = || {
            let mut clocks = clocks.borrow_mut();
            self.look_at(worker, &mut clocks);
            clocks.are_trusted(settle).then(|| machine.now())
        };
        let backoff = |attempt| self.workspace.backoff(attempt);
        let builds = BuildAttempts {
            most: settings.max_attempts,
            backoff: &backoff,
        };
        store.expire_environment_leases(&builds, &trusted)?;
        let expired = store.expire_run_leases(&backoff, &trusted)?;
        for run in expired {
            self.counters.left(run.status);
            ends::report_claim_ended(
                self.workspace,
                &run,
                names::RUN_LOST_CLAIM,
                "The lease of this run expired, so its worker writes no more events",
            );
            self.report(worker, &ProgressEvent::Expired(&run));
        }
        // No valid wait is longer than twice the maximum backoff, and no valid lease is longer than its holder may have.
        store.repair_times(settings.backoff_max * 2 + JUMP, JUMP, &|| {
            Some(machine.now())
        })?;
        Ok(())
    }

    /// Stops the worker in order, because the database is not the opened one any more, or a newer `ade` has migrated it.
    fn stop_for(&self, error: StoreError) {
        let mut fatal = lock(&self.fatal);
        if fatal.is_none() {
            let worker = self.workspace.worker_id(0);
            self.trouble(&worker, &error);
            *fatal = Some(Error::from_problem(error));
        }
        drop(fatal);
        self.stop.cancel();
    }

    fn recover(&self, worker: &str) -> Result<(), StoreError> {
        let runs = recover(self.workspace)?;
        for run in &runs {
            self.counters.left(run.status);
            self.report(worker, &ProgressEvent::Recovered(run));
        }
        if !runs.is_empty() {
            self.bell.ring();
        }
        Ok(())
    }

    /// Reports if somebody has quieted or resumed this worker.
    fn hear(&self, worker: &str) -> Result<(), StoreError> {
        if let Some(now) = self.member.hear()? {
            self.report(worker, &ProgressEvent::Quieted(now.quieted_by.as_deref()));
            self.bell.ring();
        }
        Ok(())
    }

    /// Keeps the lock file that shows other processes that this one lives.
    fn stay(&self, worker: &str) {
        match self.member.stay() {
            Err(FleetError::LockFile(error)) => {
                self.trouble(worker, &error);
            }
            Err(FleetError::Store(error)) => self.store_failed(worker, error),
            Ok(()) => {}
        }
    }

    fn measure(&self, worker: &str, before: &mut QueueTotals) -> Result<(), StoreError> {
        let store = &self.workspace.store;
        let now = self.workspace.machine.now();
        let totals = store.totals()?;
        let since = std::mem::replace(before, totals);
        let queue = Overview {
            succeeded: totals.succeeded.saturating_sub(since.succeeded),
            failed: totals.failed.saturating_sub(since.failed),
            cancelled: totals.cancelled.saturating_sub(since.cancelled),
            ..store.overview(None, now, now)?
        };
        let take = |counter: &std::sync::atomic::AtomicU64| counter.swap(0, Ordering::Relaxed);
        let claims = take(&self.counters.claims);
        let (waited, longest) = (
            take(&self.counters.waited),
            take(&self.counters.waited_longest),
        );
        let metrics = QueueMetrics {
            at: now,
            worker: worker.to_owned(),
            queue,
            retried: take(&self.counters.retried),
            claims,
            claim_latency_ms: (claims > 0).then(|| waited as f64 / claims as f64 / 1000.0),
            claim_latency_max_ms: (claims > 0).then(|| longest as f64 / 1000.0),
        };
        self.report(worker, &ProgressEvent::Metrics(&metrics));
        Ok(())
    }
}

/// Collects in a thread of its own, because collection may take long, and expired leases and dead processes must not wait for
/// it.
impl Pool<'_> {
    pub fn collect_regularly(&self) {
        let interval = self.workspace.settings.worker.gc_interval;
        let machine = &*self.workspace.machine;
        let worker = self.workspace.worker_id(0);
        loop {
            if let Err(error) = self.collect(&worker) {
                self.store_failed(&worker, error);
            }
            if machine.wait(&self.done, interval) {
                return;
            }
        }
    }

    fn collect(&self, worker: &str) -> Result<(), StoreError> {
        let options = collection::CollectOptions::of_settings(&self.workspace.settings);
        match collection::collect_alone(self.workspace, worker, &options, &self.done) {
            Ok(report) => {
                if report.deleted_anything() {
                    self.report(worker, &ProgressEvent::Collected(&report));
                }
                Ok(())
            }
            // The other process does what this one would have done.
            Err(CollectError::Busy(_)) => Ok(()),
            Err(CollectError::Store(error)) => Err(error),
            Err(error @ CollectError::Thread(_)) => {
                self.trouble(worker, &error);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::system::machine::System;

    #[test]
    fn a_jump_of_the_wall_clock_is_noticed_and_leases_are_left_alone_for_a_while() {
        let mut clocks = Clocks::new(&System);
        let settle = Duration::from_secs(60);
        assert!(clocks.jumped().is_none());
        assert!(clocks.are_trusted(settle));
        clocks.seen.wall = Timestamp(clocks.seen.wall.0 - 3_600_000);
        let jump = clocks.jumped().unwrap();
        assert!((3599.0..3601.0).contains(&jump), "{jump}");
        assert!(!clocks.are_trusted(settle));
        assert!(clocks.are_trusted(Duration::ZERO));
    }
}
