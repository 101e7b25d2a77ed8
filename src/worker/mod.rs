//! The loop over the queue.
//!
//! Each slot is a thread with a worker id of its own. It records environments for waiting runs, claims runs whose environments are
//! ready, one for itself and one for each idle slot (`handoff`), else sleeps until a run is queued or its poll interval has
//! passed. Environments are built in threads of their own (`builds`), as many as there are slots: a build that takes long, or
//! hangs, keeps no run waiting whose environment is ready. One more thread does the maintenance (`housekeeping`):
//! expired leases, dead processes, metrics; and one collects (`collecting`), for however long that takes. All that is done
//! to a run happens under a claim; a process that dies leaves a lock whose release shows its death at once, and leases that
//! expire.

mod builds;
mod collecting;
mod handoff;
mod housekeeping;
mod slot;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::handoff::Handoff;
use crate::cancel::Cancel;
use crate::clock::Timestamp;
use crate::environment::gc;
use crate::environment::provide::ProvideError;
use crate::fleet::{FleetError, Member};
use crate::machine::Work;
use crate::run::Tools;
use crate::store::{EnvironmentRecord, Failure, RunRecord, RunStatus, StoreError};
use crate::wake::Bell;
use crate::workspace::Workspace;

/// The options of a worker.
#[derive(Clone, Debug)]
pub struct Options {
    /// Slots.
    pub concurrency: usize,
    /// End when the queue is empty and nothing runs, here or elsewhere. Runs that wait because the machine or the network is in
    /// trouble are left in the queue when the worker met trouble as often in a row as a run has attempts.
    pub drain: bool,
    /// End after one run, or at once where none waits.
    pub once: bool,
    /// How long running runs may go on after a stop was asked for.
    pub grace: Duration,
    /// Collect, where the settings allow it.
    pub gc: bool,
}

/// How a worker is asked to stop.
#[derive(Clone, Default)]
pub struct Stop {
    /// No more claims; running runs may go on for [`Options::grace`].
    pub in_order: Cancel,
    /// After that: what runs is given back now.
    pub at_once: Cancel,
}

/// A change that a worker's log mentions.
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
    /// A run ended, or went back to the queue: its status says which.
    Ended(&'a RunRecord),
    /// A claim was lost.
    Lost(&'a RunRecord),
    /// A run's lease had expired.
    Expired(&'a RunRecord),
    /// A run's process had died.
    Recovered(&'a RunRecord),
    /// The queue at this moment.
    Metrics(&'a QueueMetrics),
    /// Something was collected.
    Collected(&'a gc::Report),
    /// The clock jumped; sweeps wait until every live worker has renewed its leases.
    ClockJumped(f64),
    /// Something went wrong that the next round may get past.
    Trouble(String),
    /// A stop was asked for.
    Stopping,
    /// The worker ends.
    Stopped,
}

/// The queue's metrics, as a worker's log has them.
#[derive(Clone, Debug, serde::Serialize)]
pub struct QueueMetrics {
    /// When it was made.
    pub at: Timestamp,
    /// The worker that made it.
    pub worker: String,
    /// Queued runs.
    pub queued: u64,
    /// How long the queued run that has been due longest has waited, in milliseconds.
    pub oldest_wait_ms: Option<u64>,
    /// Running runs.
    pub running: u64,
    /// Runs that succeeded since the last entry of this process.
    pub succeeded: u64,
    /// Runs that failed since then.
    pub failed: u64,
    /// Runs that were cancelled since then.
    pub cancelled: u64,
    /// Attempts that went back to the queue.
    pub retried: u64,
    /// Claims made.
    pub claims: u64,
    /// Mean time from due to claimed, in milliseconds.
    pub claim_latency_ms: Option<f64>,
    /// The longest of them.
    pub claim_latency_max_ms: Option<f64>,
}

/// Receives changes; called from several threads.
pub trait Observer: Sync {
    /// A slot's worker id, and what happened.
    fn change(&self, worker: &str, change: &Change<'_>);
}

/// Executes queued runs until the queue is drained or it is asked to stop. Returns how many runs a drained queue still has: those
/// that wait because the machine or the network is in trouble.
///
/// # Errors
/// The database cannot be used any more, for a reason that waiting does not change.
pub fn work(
    workspace: &Workspace,
    tools: Tools<'_>,
    options: &Options,
    stop: &Stop,
    observer: &dyn Observer,
) -> Result<u64, FleetError> {
    let slots = if options.once {
        1
    } else {
        options.concurrency.max(1)
    };
    let member = Member::join(workspace, "worker", slots)?;
    let pool = Pool {
        workspace,
        tools,
        options,
        observer,
        stop: &stop.in_order,
        at_once: &stop.at_once,
        process: member.id.clone(),
        abandon: Cancel::new(),
        busy: AtomicUsize::new(0),
        taken: AtomicBool::new(false),
        stopping: AtomicBool::new(false),
        room: AtomicBool::new(true),
        troubles: AtomicU32::new(0),
        left: AtomicU64::new(0),
        done: Cancel::new(),
        bell: Bell::default(),
        handoff: Handoff::new(slots),
        unrecorded: Mutex::new(Vec::new()),
        counters: Counters::default(),
        fatal: Mutex::new(None),
    };
    let woken = stop.in_order.on_cancel({
        let bell = pool.bell.clone();
        move || bell.ring()
    });
    // Before anything is claimed, the claims of dead processes are recovered.
    pool.start();
    pool.run(slots);
    drop(woken);
    match pool
        .fatal
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
    {
        Some(error) => Err(error.into()),
        None => Ok(pool.left.into_inner()),
    }
}

struct Pool<'a> {
    workspace: &'a Workspace,
    tools: Tools<'a>,
    options: &'a Options,
    observer: &'a dyn Observer,
    /// What this process's claims carry.
    process: String,
    /// No more claims.
    stop: &'a Cancel,
    /// The grace is over.
    at_once: &'a Cancel,
    /// Running runs are given back.
    abandon: Cancel,
    busy: AtomicUsize,
    /// With `once`: the one run was taken.
    taken: AtomicBool,
    /// The observer knows that the worker stops.
    stopping: AtomicBool,
    /// The disk of the runs had free space at the last check.
    room: AtomicBool,
    /// How often in a row this worker met trouble of the machine or the network.
    troubles: AtomicU32,
    /// With `drain`: the runs that were left in the queue.
    left: AtomicU64,
    /// All slots have ended, or must.
    done: Cancel,
    bell: Bell,
    handoff: Handoff,
    /// Claims that could not be left because the database could not be written; tried again until they can, or are lost.
    unrecorded: Mutex<Vec<Unrecorded>>,
    counters: Counters,
    fatal: Mutex<Option<StoreError>>,
}

/// A claim that still has to be left.
struct Unrecorded {
    run: RunRecord,
    claim: crate::store::Claim,
    failure: Failure,
    /// The machine was in trouble, so the attempt does not count.
    of_machine: bool,
}

/// What this process did since its last entry of metrics.
#[derive(Default)]
struct Counters {
    succeeded: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    retried: AtomicU64,
    claims: AtomicU64,
    /// Microseconds from due to claimed, summed up, and the longest.
    waited: AtomicU64,
    waited_longest: AtomicU64,
}

impl Counters {
    fn ended(&self, status: RunStatus) {
        let counter = match status {
            RunStatus::Succeeded => &self.succeeded,
            RunStatus::Failed => &self.failed,
            RunStatus::Cancelled => &self.cancelled,
            RunStatus::Queued | RunStatus::Running => &self.retried,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Pool<'_> {
    /// The slots and what goes on beside them, until all slots have ended.
    fn run(&self, slots: usize) {
        let (machine, wake) = (&self.workspace.machine, self.workspace.layout.wake());
        // From before the first claim: a jump after that is noticed, however late these threads begin.
        let clocks = self.clocks();
        let beside: Vec<Work<'_>> = vec![
            Box::new(move || self.maintain(clocks)),
            Box::new(|| self.collect_regularly()),
            Box::new(|| self.enforce_grace()),
            Box::new(|| machine.ring_on_wake(&wake, &self.bell, &self.done)),
        ];
        machine.beside(beside, &mut || {
            // With `once` the one slot builds what its run needs.
            let builds = if self.options.once { 0 } else { slots };
            let others = (1..slots).map(|index| -> Work<'_> { Box::new(move || self.slot(index)) });
            let builds =
                (0..builds).map(|index| -> Work<'_> { Box::new(move || self.builds(index)) });
            machine.beside(others.chain(builds).collect(), &mut || self.slot(0));
            self.done.cancel();
        });
    }

    fn report(&self, worker: &str, change: &Change<'_>) {
        self.observer.change(worker, change);
    }

    /// Notes an error of the store. One that may pass is trouble; any other ends the worker.
    fn store_failed(&self, worker: &str, error: StoreError) {
        if error.may_pass() {
            self.report(worker, &Change::Trouble(error.to_string()));
        } else {
            self.fatal
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
            self.done.cancel();
            self.abandon.cancel();
            self.bell.ring();
        }
    }

    /// Notes that the machine or the network was in trouble once more.
    fn met_trouble(&self) {
        self.troubles.fetch_add(1, Ordering::AcqRel);
    }

    /// How long a thread with nothing to do sleeps next: longer each time, unless the bell woke it.
    fn next_interval(&self, last: Duration, rung: bool) -> Duration {
        let settings = &self.workspace.settings.worker;
        match rung {
            true => settings.poll_interval,
            false => last.mul_f64(1.25).min(settings.poll_interval_max),
        }
    }

    /// Reported once, by the first slot that notices.
    fn report_stopping(&self) {
        if !self.stopping.swap(true, Ordering::AcqRel) {
            self.report(&self.workspace.worker_id(0), &Change::Stopping);
        }
    }

    /// Running runs may go on for a while after a stop was asked for, and are given back then.
    fn enforce_grace(&self) {
        let either = |one: &Cancel| {
            let either = Cancel::new();
            let causes = [one, &self.done].map(|cause| {
                let either = either.clone();
                cause.on_cancel(move || either.cancel())
            });
            (either, causes)
        };
        let machine = &self.workspace.machine;
        let (asked, _causes) = either(self.stop);
        machine.wait(&asked, Duration::MAX);
        if !self.done.is_cancelled() {
            self.report_stopping();
            let (now, _causes) = either(self.at_once);
            machine.wait(&now, self.options.grace);
            self.abandon.cancel();
        }
    }
}
