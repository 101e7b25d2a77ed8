//! The loop over the queue.
//!
//! Each slot is a thread with its own worker id. It records environments for waiting runs, claims a run whose environment is
//! ready, or sleeps until a run is queued or its poll interval has passed. As many further threads as slots build environments
//! (`builds`), so a slow build delays no run whose environment is ready. One more thread does the maintenance (`housekeeping`):
//! expired leases, dead processes, metrics. One thread collects, and further threads send notifications about ended runs
//! (`telling`), however long that takes. A run is changed only under a claim. A process that dies leaves a lock, whose release
//! shows its death at once, and leases that expire.

mod builds;
mod housekeeping;
mod slot;
mod telling;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::cancel::{Cancel, CancelOnDrop};
use crate::base::files::{RAISE_LIMITS, describe};
use crate::base::mutex::lock;
use crate::base::problem::{Error, ProblemKind, code};
use crate::run::calls::request::Tools;
use crate::run::execution::happenings::{ProgressEvent, ProgressSource, Watcher};
use crate::store::{DeliveryKind, FailureRecord, RunRecord, RunStatus, StoreError, WorkerFilter};
use crate::system::bell::Bell;
use crate::system::machine::Work;
use crate::workspace::Workspace;
use crate::workspace::fleet::{Member, WORKER};

/// The maximum number of receivers of one kind that are notified at the same time.
const TOLD_AT_ONCE: usize = 4;

/// The options of a worker.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// The number of slots.
    pub concurrency: usize,
    /// End when the queue is empty and nothing runs, here or elsewhere. Runs that wait because of trouble with the machine or
    /// the network stay in the queue, if the worker met such trouble as many times in a row as a run has attempts.
    pub drain: bool,
    /// End after one run, or at once if none waits.
    pub once: bool,
    /// The time for which running runs may continue after a request to stop.
    pub grace: Duration,
    /// Also collect, if the settings allow it.
    pub gc: bool,
    /// The only runs that it takes, and builds for.
    pub only: WorkerFilter,
}

/// The signals that stop a worker.
#[derive(Clone, Default)]
pub struct Stop {
    /// No more claims. Running runs may continue for [`WorkerOptions::grace`].
    pub in_order: Cancel,
    /// After that, running runs are released to the queue now.
    pub at_once: Cancel,
}

/// Returns the error for a worker that cannot start all of its threads.
fn no_threads(error: &io::Error) -> Error {
    let message = format!(
        "the threads of a worker cannot be started: {}",
        describe(error)
    );
    Error::new(ProblemKind::Internal, code::TOO_FEW_THREADS, message).hint(RAISE_LIMITS)
}

/// Executes queued runs until the queue is drained or a stop is requested. Returns the number of runs that a drained queue
/// still has, because of trouble with the machine or the network.
///
/// # Errors
/// The database is unusable for a reason that waiting does not change, or threads cannot be started.
///
/// # Panics
/// A thread of the worker has panicked. Its runs went back to the queue before.
pub fn work(
    workspace: &Workspace,
    tools: Tools<'_>,
    options: &WorkerOptions,
    stop: &Stop,
    watcher: &Watcher<'_>,
) -> Result<u64, Error> {
    let slots = if options.once {
        1
    } else {
        options.concurrency.max(1)
    };
    let member = Member::join(workspace, WORKER, slots, &options.only)?;
    let pool = Pool {
        workspace,
        tools,
        options,
        watcher,
        stop: &stop.in_order,
        at_once: &stop.at_once,
        member: &member,
        shutdown: Cancel::new(),
        turns: (0..slots).map(|_| AtomicU64::new(0)).collect(),
        busy: AtomicUsize::new(0),
        taken: AtomicBool::new(false),
        stopping: AtomicBool::new(false),
        room: AtomicBool::new(true),
        away: Mutex::new(None),
        troubles: AtomicU32::new(0),
        left: AtomicU64::new(0),
        done: Cancel::new(),
        bell: Bell::default(),
        unrecorded: Mutex::new(Vec::new()),
        counters: Counters::default(),
        fatal: Mutex::new(None),
    };
    let woken = stop.in_order.on_cancel({
        let bell = pool.bell.clone();
        move || bell.ring()
    });
    // The claims of dead processes are recovered before anything is claimed.
    pool.start();
    pool.run(slots);
    drop(woken);
    match pool
        .fatal
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
    {
        Some(error) => Err(error),
        None => Ok(pool.left.into_inner()),
    }
}

struct Pool<'a> {
    workspace: &'a Workspace,
    tools: Tools<'a>,
    options: &'a WorkerOptions,
    watcher: &'a Watcher<'a>,
    /// This process in the register of processes.
    member: &'a Member<'a>,
    /// Cancelled when no more runs may be claimed.
    stop: &'a Cancel,
    /// Cancelled when the grace time is over.
    at_once: &'a Cancel,
    /// Cancelled when running runs are released to the queue.
    shutdown: Cancel,
    /// For each slot, how many times it has started or ended a round. The number is odd within a round. The execution of a run
    /// counts as outside.
    turns: Vec<AtomicU64>,
    busy: AtomicUsize,
    /// With `once`, true after the one run was taken.
    taken: AtomicBool,
    /// True after the watcher was informed that the worker stops.
    stopping: AtomicBool,
    /// True if the disk of the runs had free space at the last check.
    room: AtomicBool,
    /// A folder that all runs need and that a run found missing, because a disk is not mounted.
    away: Mutex<Option<PathBuf>>,
    /// The number of times in a row that this worker met trouble with the machine or the network.
    troubles: AtomicU32,
    /// With `drain` or `once`, the number of runs that stayed in the queue because of trouble.
    left: AtomicU64,
    /// Cancelled when all slots have ended, or must end.
    done: Cancel,
    bell: Bell,
    /// Claims that could not be released because the database was not writable. They are retried until they succeed or are
    /// lost.
    unrecorded: Mutex<Vec<UnrecordedClaim>>,
    counters: Counters,
    fatal: Mutex<Option<Error>>,
}

/// A claim that still has to be released.
struct UnrecordedClaim {
    run: RunRecord,
    claim: crate::store::Claim,
    failure: FailureRecord,
    /// True if the machine was in trouble, so that the attempt does not count.
    of_machine: bool,
}

/// The work of this process since its last entry of metrics.
#[derive(Default)]
struct Counters {
    retried: AtomicU64,
    claims: AtomicU64,
    /// The microseconds between the due time and the claim of runs: their sum, and the maximum.
    waited: AtomicU64,
    waited_longest: AtomicU64,
}

impl Counters {
    /// Counts a run whose claim by this process ended.
    fn left(&self, status: RunStatus) {
        if !status.is_terminal() {
            self.retried.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Ends the worker if one of its threads panics.
struct EndOnPanic<'a>(&'a Pool<'a>);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end_now();
        }
    }
}

impl Pool<'_> {
    /// Runs the slots and the threads next to them, until all slots have ended.
    fn run(&self, slots: usize) {
        let (machine, wake) = (&self.workspace.machine, self.workspace.paths.wake());
        // The clock is watched from before the first claim, so that a later jump is noticed even if these threads start late.
        let clocks = self.clocks();
        let mut beside = vec![
            self.thread(move || self.maintain(clocks)),
            self.thread(|| self.enforce_grace()),
            self.thread(|| {
                if !self
                    .workspace
                    .store
                    .listen(&|| self.bell.ring(), &self.done)
                {
                    machine.ring_on_wake(&wake, &self.bell, &self.done);
                }
            }),
        ];
        if self.options.gc && self.workspace.settings.worker.enable_gc {
            beside.push(self.thread(|| self.collect_regularly()));
        }
        for kind in DeliveryKind::from_settings(&self.workspace.settings) {
            let telling = Arc::new(AtomicUsize::new(0));
            beside.extend((0..TOLD_AT_ONCE).map(|index| {
                let telling = Arc::clone(&telling);
                self.thread(move || self.deliver_ends(kind, index, &telling))
            }));
        }
        // With `once`, the only slot builds the environment of its run.
        let builds = if self.options.once { 0 } else { slots };
        let others = (1..slots).map(|index| self.thread(move || self.slot(index)));
        let builds = (0..builds).map(|index| self.thread(move || self.builds(index)));
        let mut slots = Some(others.chain(builds).collect());
        machine.beside(beside, &mut |started| {
            let _done = CancelOnDrop(&self.done);
            let slots = slots.take().unwrap_or_default();
            match started {
                Ok(()) => machine.beside(slots, &mut |started| {
                    let _end = EndOnPanic(self);
                    match started {
                        Ok(()) => self.slot(0),
                        Err(error) => self.cannot_go_on(no_threads(&error)),
                    }
                }),
                Err(error) => self.cannot_go_on(no_threads(&error)),
            }
        });
    }

    /// Wraps the work of one thread. If it panics, the other threads end too, after they have released their runs: a worker
    /// without one of its threads looks alive, but may do nothing.
    fn thread<'a>(&'a self, work: impl FnOnce() + Send + 'a) -> Work<'a> {
        Box::new(move || {
            let _end = EndOnPanic(self);
            work();
        })
    }

    fn report(&self, worker: &str, change: &ProgressEvent<'_>) {
        (self.watcher)(&ProgressSource { worker, input: 0 }, change);
    }

    fn trouble(&self, worker: &str, what: &dyn std::fmt::Display) {
        self.report(worker, &ProgressEvent::Trouble(&what.to_string()));
    }

    /// Handles an error of the store. A temporary error counts as trouble; any other error ends the worker.
    fn store_failed(&self, worker: &str, error: StoreError) {
        if error.may_pass() {
            self.trouble(worker, &error);
        } else {
            self.cannot_go_on(Error::from_problem(error));
        }
    }

    /// Ends the worker with this error.
    fn cannot_go_on(&self, error: Error) {
        self.trouble(&self.workspace.worker_id(0), &error);
        lock(&self.fatal).get_or_insert(error);
        self.end_now();
    }

    /// Ends all threads and releases running runs to the queue.
    fn end_now(&self) {
        self.done.cancel();
        self.shutdown.cancel();
        self.bell.ring();
    }

    /// Counts one more trouble with the machine or the network.
    fn met_trouble(&self) {
        self.troubles.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns the next sleep of an idle thread: longer each time, unless the bell woke it.
    fn next_interval(&self, last: Duration, rung: bool) -> Duration {
        let settings = &self.workspace.settings.worker;
        match rung {
            true => settings.poll_interval,
            false => last.mul_f64(1.25).min(settings.poll_interval_max),
        }
    }

    /// Reports once that the worker stops, from the first thread that notices.
    fn report_stopping(&self) {
        if !self.stopping.swap(true, Ordering::AcqRel) {
            self.report(&self.workspace.worker_id(0), &ProgressEvent::Stopping);
        }
    }

    /// Waits for a request to stop, lets running runs continue for the grace time, and then releases them to the queue.
    fn enforce_grace(&self) {
        let either = |cancel: &Cancel| {
            let either = Cancel::new();
            let causes = [cancel, &self.done].map(|cause| {
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
            self.shutdown.cancel();
        }
    }
}
