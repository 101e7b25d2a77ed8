//! The operating system behind a trait: time, waiting, threads, files, locks, random numbers.
//!
//! Everything between the claim of a run and its recorded end, and everything else that a worker does, goes through
//! [`Machine`]. [`System`] is the real machine; [`ServerTimeSystem`] is the same with a server's time. tests/simulation has another
//! machine: its clocks are simulated, its files are in memory, and it runs one thread at a time, in an order that a seed
//! decides. All three drive the same code.
//!
//! A machine promises no more than operating systems do: a wait may take longer than asked, the wall clock may jump, and the
//! process may be killed in any call.

mod by_server;
mod disk;
mod files;

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub use by_server::ServerTimeSystem;
pub use disk::Disk;
pub use files::{FileSystem, FoundKind, HeldLock, OpenLog, PathFacts};

use super::bell;
use super::bell::Bell;
use super::process;
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;

/// A moment of the monotonic clock, as the time since an unspecified start. Moments of different processes are not comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SteadyTime(pub Duration);

impl SteadyTime {
    /// Returns the time from `earlier` to this moment, or zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the moment that is `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// Returns the time until the next multiple of `every`. All threads of a process share these moments.
    pub fn until_next(self, every: Duration) -> Duration {
        let nanoseconds = every.as_nanos().max(1);
        let left = nanoseconds - self.0.as_nanos() % nanoseconds;
        Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

/// The difference to the steady clock above which the wall clock has jumped.
pub const JUMP: Duration = Duration::from_secs(5);

/// The time of both clocks at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub wall: Timestamp,
    /// The time of the steady clock.
    pub steady: SteadyTime,
}

impl Moment {
    /// Reads both clocks of a machine.
    pub fn now(machine: &dyn Machine) -> Self {
        Self {
            wall: machine.now(),
            steady: machine.steady(),
        }
    }

    /// Returns the seconds by which the wall clock has jumped between this moment and a later one, or `None` if it has not
    /// jumped.
    pub fn jump_until(&self, later: &Self) -> Option<f64> {
        let by_wall = (later.wall.0 - self.wall.0) as f64 / 1000.0;
        let jump = by_wall - later.steady.since(self.steady).as_secs_f64();
        (jump.abs() > JUMP.as_secs_f64()).then_some(jump)
    }
}

/// A function to be run on a thread of its own.
pub type Work<'a> = Box<dyn FnOnce() + Send + 'a>;

/// The operating system, as far as runs and workers use it: see the module.
pub trait Machine: Send + Sync {
    /// Returns the time of the wall clock, which may jump.
    fn now(&self) -> Timestamp;
    /// Compares the machine's clock again with the server's, if the time is a server's. The function asks the server.
    fn keep_time(&self, _ask: &dyn Fn() -> Option<Timestamp>) {}
    /// Returns the time of the monotonic clock.
    fn steady(&self) -> SteadyTime;
    /// Sleeps for at least `most`, or until `cancel` is raised. Returns whether it is raised.
    fn wait(&self, cancel: &Cancel, most: Duration) -> bool;
    /// Sleeps for at least `most`, or until the bell has rung more often than `heard`. Returns whether it has.
    fn sleep_until_rung(&self, bell: &Bell, heard: u64, most: Duration) -> bool;

    /// Runs each `work` on a thread of its own while `here` runs on this thread. Returns when all have ended. If a thread
    /// cannot be started, starts no more, and passes the error to `here`.
    fn beside(&self, work: Vec<Work<'_>>, here: &mut dyn FnMut(io::Result<()>));

    /// Returns a new unique id; later ids are greater than earlier ones (UUIDv7).
    fn new_id(&self) -> String;
    /// Returns a new unique token that cannot be guessed (UUIDv4).
    fn new_token(&self) -> String;
    /// Returns a random number from 0 to 1.
    fn chance(&self) -> f64;

    /// Returns the name of the machine.
    fn host(&self) -> String;
    /// Returns the id of this process.
    fn pid(&self) -> u32;
    /// Returns the number and the name of this process's user.
    fn user(&self) -> (String, String);

    /// Wakes the workers that watch the file at `path`. A worker that misses it polls later.
    fn wake(&self, path: &Path);
    /// Rings the bell whenever a process [wakes](Machine::wake) workers by that path, until `end` is raised. Needs a thread of
    /// its own.
    fn ring_on_wake(&self, path: &Path, bell: &Bell, end: &Cancel);
    /// Kills every process that was started with this environment variable. Returns how many it killed.
    fn kill_started_with(&self, variable: &str, value: &OsStr) -> usize;

    /// Returns its files with their locks.
    fn files(&self) -> &dyn FileSystem;
}

/// The time of a process. Everything else is the operating system's.
pub trait ProcessClock: Send + Sync {
    /// Returns the time: see [`Machine::now`].
    fn now(&self) -> Timestamp;
    /// Compares clocks again: see [`Machine::keep_time`].
    fn keep_time(&self, _ask: &dyn Fn() -> Option<Timestamp>) {}
    /// Returns a new id: see [`Machine::new_id`].
    fn new_id(&self) -> String;
}

/// The operating system that this process runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl ProcessClock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn new_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }
}

impl<T: ProcessClock> Machine for T {
    fn now(&self) -> Timestamp {
        ProcessClock::now(self)
    }

    fn keep_time(&self, ask: &dyn Fn() -> Option<Timestamp>) {
        ProcessClock::keep_time(self, ask);
    }

    fn steady(&self) -> SteadyTime {
        static BEGINNING: OnceLock<Instant> = OnceLock::new();
        SteadyTime(BEGINNING.get_or_init(Instant::now).elapsed())
    }

    fn wait(&self, cancel: &Cancel, most: Duration) -> bool {
        cancel.wait(most)
    }

    fn sleep_until_rung(&self, bell: &Bell, heard: u64, most: Duration) -> bool {
        bell.sleep(heard, most)
    }

    fn beside(&self, work: Vec<Work<'_>>, here: &mut dyn FnMut(io::Result<()>)) {
        std::thread::scope(|scope| {
            let start = |work| {
                let started = std::thread::Builder::new().spawn_scoped(scope, work);
                started.map(drop)
            };
            here(work.into_iter().try_for_each(start));
        });
    }

    fn new_id(&self) -> String {
        ProcessClock::new_id(self)
    }

    fn new_token(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn chance(&self) -> f64 {
        let bytes = uuid::Uuid::new_v4().into_bytes();
        f64::from(u16::from_le_bytes([bytes[0], bytes[1]])) / f64::from(u16::MAX)
    }

    fn host(&self) -> String {
        crate::base::host::name()
    }

    fn pid(&self) -> u32 {
        std::process::id()
    }

    fn user(&self) -> (String, String) {
        crate::base::host::user()
    }

    fn wake(&self, path: &Path) {
        bell::wake(path);
    }

    fn ring_on_wake(&self, path: &Path, bell: &Bell, end: &Cancel) {
        bell.ring_on_touch(path, end);
    }

    fn kill_started_with(&self, variable: &str, value: &OsStr) -> usize {
        process::kill_started_with(variable, value)
    }

    fn files(&self) -> &dyn FileSystem {
        &Disk
    }
}
