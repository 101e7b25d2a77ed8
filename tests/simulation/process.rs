//! A process of the simulated machine: an `ade worker`, an `ade run`, or a short command.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::base::clock::Timestamp;
use ade::environment::provide::RebuildPolicy;
use ade::run::calls::request::Tools;
use ade::workspace::Workspace;

use super::disk::ProcessDisk;
use super::machine::SimulatedMachine;
use super::store::SimulatedStore;
use super::threads;
use super::tools::{SimulatedBuilder, SimulatedEngine};
use super::world::{DATABASE, LEASES, Moment, World};

/// The maximum number of looks at the clock that a process remembers.
const LOOKS: usize = 64;

/// See the module.
pub struct Process {
    pub world: Arc<World>,
    /// Unique to each start.
    pub id: String,
    /// The process id, which the machine gives again to later processes.
    pub pid: u32,
    /// The time that its leases hold.
    lease: Duration,
    /// False if it runs in another container, which has another host name.
    pub is_here: bool,
    /// True if it can examine the lock files of others.
    pub sees_locks: bool,
    /// Cancelled when it is asked to stop.
    pub stop: Cancel,
    /// Cancelled when it is asked once more.
    pub stop_at_once: Cancel,
    /// Its id in the database.
    member: Mutex<Option<String>>,
    dead: AtomicBool,
    frozen_until: AtomicI64,
    held_up: AtomicI64,
    /// Its recent looks at the clocks, so that the judge knows when the time that a call carries was read.
    looks: Mutex<Vec<Moment>>,
    /// The milliseconds without use after which it collects environments.
    ttl: AtomicI64,
    /// True for an `ade env build --force`.
    builds_anew: AtomicBool,
    /// The claims that its calls were given, by what is claimed.
    claims: Mutex<BTreeMap<String, String>>,
    pub disk: ProcessDisk,
}

impl Process {
    pub fn new(world: &Arc<World>, kind: &str) -> Arc<Self> {
        let number = world.number();
        let id = format!("{kind}-{number}");
        Arc::new(Self {
            world: Arc::clone(world),
            // In a container, the next process has the number of the last.
            pid: *world.chance.pick(&[1, 1, 7, 8, number + 100]),
            lease: *world.chance.pick(&LEASES),
            is_here: kind != "elsewhere",
            sees_locks: kind != "blind",
            stop: Cancel::new(),
            stop_at_once: Cancel::new(),
            member: Mutex::default(),
            dead: AtomicBool::new(false),
            frozen_until: AtomicI64::new(0),
            held_up: AtomicI64::new(i64::MIN),
            looks: Mutex::default(),
            ttl: AtomicI64::new(world.settings.worker.env_ttl.map_or(0, millis)),
            builds_anew: AtomicBool::new(false),
            claims: Mutex::default(),
            disk: ProcessDisk::new(world, &id, kind != "blind"),
            id,
        })
    }

    /// Opens the workspace for this process.
    pub fn workspace(self: &Arc<Self>) -> Workspace {
        let mut settings = self.world.settings.clone();
        settings.worker.lease = self.lease;
        Workspace {
            settings,
            paths: self.world.paths.clone(),
            database_id: DATABASE.to_owned(),
            store: self
                .world
                .store
                .observed_by(Arc::new(SimulatedStore::new(self))),
            machine: Arc::new(SimulatedMachine::new(self)),
            objects: None,
        }
    }

    /// Lends `use_them` the tools with which this process executes runs.
    pub fn with_tools<T>(self: &Arc<Self>, use_them: impl FnOnce(Tools<'_>) -> T) -> T {
        let launcher = SimulatedEngine(Arc::clone(self));
        let builder = SimulatedBuilder(Arc::clone(self));
        use_them(Tools {
            launcher: &launcher,
            builder: &builder,
        })
    }

    pub fn ttl(&self) -> i64 {
        self.ttl.load(Ordering::Relaxed)
    }

    /// Sets the time without use after which it collects environments.
    pub fn collects_after(&self, ttl: Duration) {
        self.ttl.store(millis(ttl), Ordering::Relaxed);
    }

    /// Notes how it wants an environment, as `ade env build` does.
    pub fn wants(&self, want: RebuildPolicy) -> RebuildPolicy {
        let is_forced = want == RebuildPolicy::Rebuilt;
        self.builds_anew.store(is_forced, Ordering::Relaxed);
        want
    }

    pub fn builds_anew(&self) -> bool {
        self.builds_anew.load(Ordering::Relaxed)
    }

    /// Returns whether it is an `ade run`, as opposed to a worker.
    pub fn is_ade_run(&self) -> bool {
        self.id.starts_with("run")
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// Kills it in whatever it does: its locks are free, and nothing that it does has an effect.
    pub fn die(&self) {
        self.dead.store(true, Ordering::Relaxed);
        self.leave();
    }

    /// Notes that one of its tasks unwound. A message means that it panicked, which no process may do.
    pub fn unwound(&self, words: &Option<String>) {
        if let Some(words) = words {
            self.world
                .violated(&format!("{} panicked: {words}", self.id));
        }
        self.die();
    }

    /// Judges the process when all its tasks have ended.
    pub fn ended(&self) {
        // A worker that stops at once may leave a claim to recovery; an `ade run` has nothing else to do, unless
        // it was frozen until its time for trying the store again had passed.
        let stood_still =
            self.frozen_until() > 0 && self.frozen_until() > self.world.steady() - 300_000;
        if !self.is_dead() && !stood_still && self.is_ade_run() {
            let tokens: Vec<String> = self.claims.lock().unwrap().values().cloned().collect();
            if let Err(reason) = self.world.judge().judge_leave(&tokens) {
                self.world.violated(&format!("{}: {reason}", self.id));
            }
        }
        self.leave();
    }

    fn leave(&self) {
        self.world.release_locks(&self.id);
        if let Some(member) = self.member.lock().unwrap().as_ref() {
            self.world.alive.lock().unwrap().remove(member);
        }
    }

    pub fn member(&self) -> Option<String> {
        self.member.lock().unwrap().clone()
    }

    /// Sets the id by which the database knows it from now on.
    pub fn joins(self: &Arc<Self>, member: &str) {
        *self.member.lock().unwrap() = Some(member.to_owned());
        let mut alive = self.world.alive.lock().unwrap();
        alive.insert(member.to_owned(), Arc::clone(self));
    }

    pub fn frozen_until(&self) -> i64 {
        self.frozen_until.load(Ordering::Relaxed)
    }

    /// Freezes it for a while, perhaps for longer than its leases. It does not notice this when it continues.
    pub fn freeze(&self, length: i64) {
        self.world.count("freezes");
        self.world
            .trace(|| format!("{} freezes for {:.1} s", self.id, length as f64 / 1000.0));
        let until = self.world.steady() + length;
        self.frozen_until.store(until, Ordering::Relaxed);
        self.hold_up();
    }

    pub fn thaw(&self) {
        self.frozen_until.store(0, Ordering::Relaxed);
        self.hold_up();
    }

    /// Notes an event that excuses a lost lease.
    pub fn hold_up(&self) {
        let at = self.world.steady().max(self.frozen_until());
        self.held_up.store(at, Ordering::Relaxed);
    }

    /// Returns the time of the last event that excuses a lost lease.
    pub fn held_up(&self) -> i64 {
        self.held_up.load(Ordering::Relaxed)
    }

    /// Looks at the clocks for the process.
    pub fn look(&self) -> Moment {
        let moment = self.world.moment();
        let mut looks = self.looks.lock().unwrap();
        if looks.len() == LOOKS {
            looks.remove(0);
        }
        looks.push(moment);
        moment
    }

    /// Returns the moment in which it looked at the clock and saw this time.
    pub fn looked_at(&self, now: Timestamp) -> Moment {
        let looks = self.looks.lock().unwrap();
        let seen = looks.iter().rev().find(|moment| moment.wall == now.0);
        seen.copied().unwrap_or_else(|| self.world.moment())
    }

    /// Notes a claim that a call gave it.
    pub fn was_given(&self, subject: &str, token: &str) {
        let mut claims = self.claims.lock().unwrap();
        claims.insert(key(subject), token.to_owned());
    }

    /// Returns the claim that the calling task has on a subject.
    pub fn claim_on(&self, subject: &str) -> Option<String> {
        self.claims.lock().unwrap().get(&key(subject)).cloned()
    }
}

fn millis(duration: Duration) -> i64 {
    duration.as_millis() as i64
}

/// Returns the key of a claim. Two slots of one process may each believe that they have a claim, so each task knows its own.
fn key(subject: &str) -> String {
    format!("{} {subject}", threads::current())
}
