//! The loop over the queue.
//!
//! Each slot is a thread with a worker id of its own. It records environments for waiting runs, claims a run whose environment
//! is ready, else sleeps until a run is queued or its poll interval has passed. Environments are built in threads of their own
//! (`builds`), as many as there are slots: a build that takes long, or hangs, keeps no run waiting whose environment is ready. One
//! more thread does the maintenance (`housekeeping`): expired leases, dead processes, metrics; one collects, and one tells whom
//! the operator named that runs have ended (`telling`), for however long that takes. All that is done to a run happens under a claim; a process that dies leaves a lock whose release shows
//! its death at once, and leases that expire.

mod builds;
mod housekeeping;
mod slot;
mod telling;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::cancel::{Cancel, RaisedAtEnd};
use crate::base::files::{RAISE_LIMITS, describe};
use crate::base::mutex::lock;
use crate::base::problem::{Error, Kind, code};
use crate::run::calls::request::Tools;
use crate::run::execution::happenings::{Happening, Watcher, Where};
use crate::store::{DeliveryKind, Failure, Only, RunRecord, RunStatus, StoreError};
use crate::system::bell::Bell;
use crate::system::machine::Work;
use crate::workspace::Workspace;
use crate::workspace::fleet::{Member, WORKER};

/// So many receivers of a kind are told at the same time that a run has ended.
const TOLD_AT_ONCE: usize = 4;

/// The options of a worker.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
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
    /// What alone it takes of what waits, and builds for.
    pub only: Only,
}

/// How a worker is asked to stop.
#[derive(Clone, Default)]
pub struct Stop {
    /// No more claims; running runs may go on for [`WorkerOptions::grace`].
    pub in_order: Cancel,
    /// After that: what runs is released to the queue now.
    pub at_once: Cancel,
}

/// It has not all of its slots, or nothing that looks after them.
fn no_threads(error: &io::Error) -> Error {
    let message = format!(
        "the threads of a worker cannot be started: {}",
        describe(error)
    );
    Error::new(Kind::Internal, code::TOO_FEW_THREADS, message).hint(RAISE_LIMITS)
}

/// Executes queued runs until the queue is drained or it is asked to stop. Returns how many runs a drained queue still has: those
/// that wait because the machine or the network is in trouble.
///
/// # Errors
/// The database cannot be used any more, for a reason that waiting does not change, or there are no threads to be had.
///
/// # Panics
/// A thread of it has panicked. Its runs went back to the queue before.
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
    // Before anything is claimed, the claims of dead processes are recovered.
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
    /// This process, as it is registered.
    member: &'a Member<'a>,
    /// No more claims.
    stop: &'a Cancel,
    /// The grace is over.
    at_once: &'a Cancel,
    /// Running runs are released to the queue.
    shutdown: Cancel,
    /// How often each slot has begun or ended a round; odd within one. The execution of a run counts as outside.
    turns: Vec<AtomicU64>,
    busy: AtomicUsize,
    /// With `once`: the one run was taken.
    taken: AtomicBool,
    /// The watcher knows that the worker stops.
    stopping: AtomicBool,
    /// The disk of the runs had free space at the last check.
    room: AtomicBool,
    /// What all runs need and one has found missing: a disk is not mounted.
    away: Mutex<Option<PathBuf>>,
    /// How often in a row this worker met trouble of the machine or the network.
    troubles: AtomicU32,
    /// With `drain` or `once`: the runs that were left in the queue because of trouble.
    left: AtomicU64,
    /// All slots have ended, or must.
    done: Cancel,
    bell: Bell,
    /// Claims that could not be left because the database could not be written; tried again until they can, or are lost.
    unrecorded: Mutex<Vec<UnrecordedMetrics>>,
    counters: Counters,
    fatal: Mutex<Option<Error>>,
}

/// A claim that still has to be left.
struct UnrecordedMetrics {
    run: RunRecord,
    claim: crate::store::Claim,
    failure: Failure,
    /// The machine was in trouble, so the attempt does not count.
    of_machine: bool,
}

/// What this process did since its last entry of metrics.
#[derive(Default)]
struct Counters {
    retried: AtomicU64,
    claims: AtomicU64,
    /// Microseconds from due to claimed, summed up, and the longest.
    waited: AtomicU64,
    waited_longest: AtomicU64,
}

impl Counters {
    /// Notes a run whose claim of this process ended.
    fn left(&self, status: RunStatus) {
        if !status.is_terminal() {
            self.retried.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Ends the worker where a thread of it panics.
struct EndOnPanic<'a>(&'a Pool<'a>);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end_now();
        }
    }
}

impl Pool<'_> {
    /// The slots and what goes on beside them, until all slots have ended.
    fn run(&self, slots: usize) {
        let (machine, wake) = (&self.workspace.machine, self.workspace.paths.wake());
        // From before the first claim: a jump after that is noticed, however late these threads begin.
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
        for kind in DeliveryKind::of(&self.workspace.settings) {
            let telling = Arc::new(AtomicUsize::new(0));
            beside.extend((0..TOLD_AT_ONCE).map(|index| {
                let telling = Arc::clone(&telling);
                self.thread(move || self.tell_ends(kind, index, &telling))
            }));
        }
        // With `once` the one slot builds what its run needs.
        let builds = if self.options.once { 0 } else { slots };
        let others = (1..slots).map(|index| self.thread(move || self.slot(index)));
        let builds = (0..builds).map(|index| self.thread(move || self.builds(index)));
        let mut slots = Some(others.chain(builds).collect());
        machine.beside(beside, &mut |started| {
            let _done = RaisedAtEnd(&self.done);
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

    /// What one thread of the worker does. Where it panics the others end too, after they have given their runs back: a worker
    /// that lacks one of its threads looks alive and may do nothing.
    fn thread<'a>(&'a self, work: impl FnOnce() + Send + 'a) -> Work<'a> {
        Box::new(move || {
            let _end = EndOnPanic(self);
            work();
        })
    }

    fn report(&self, worker: &str, change: &Happening<'_>) {
        (self.watcher)(&Where { worker, input: 0 }, change);
    }

    fn trouble(&self, worker: &str, what: &dyn std::fmt::Display) {
        self.report(worker, &Happening::Trouble(&what.to_string()));
    }

    /// Notes an error of the store. One that may pass is trouble; any other ends the worker.
    fn store_failed(&self, worker: &str, error: StoreError) {
        if error.may_pass() {
            self.trouble(worker, &error);
        } else {
            self.cannot_go_on(Error::of(error));
        }
    }

    /// Ends the worker.
    fn cannot_go_on(&self, error: Error) {
        self.trouble(&self.workspace.worker_id(0), &error);
        lock(&self.fatal).get_or_insert(error);
        self.end_now();
    }

    /// Ends all threads; what runs is released to the queue.
    fn end_now(&self) {
        self.done.cancel();
        self.shutdown.cancel();
        self.bell.ring();
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
            self.report(&self.workspace.worker_id(0), &Happening::Stopping);
        }
    }

    /// Running runs may go on for a while after a stop was asked for, and are released to the queue then.
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
            self.shutdown.cancel();
        }
    }
}
