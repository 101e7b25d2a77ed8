//! One machine as a seed makes it: its clocks, its disk, its event logs, its luck, and the database.
//!
//! Everything happens in one thread. What the processes do is written as `async` code in the order in which the worker does
//! it; it gives way before and after each call to the store, and the scheduler decides who goes on. To crash, a process is
//! dropped in the middle of what it does; to freeze, it is not asked to go on for a while.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use ade::clock::Timestamp;
use ade::settings::{Inputs, Settings};
use ade::store::{EnvironmentKey, RunRecord, RunStatus, SqliteStore, Store};

use rusqlite::{Connection, OpenFlags};

use super::chance::Chance;
use super::judge::{Circumstances, Deed, Judge};
use super::snapshot::{self, Window};

/// A lease holds for so long.
pub const LEASE: Duration = Duration::from_secs(60);
/// The wall clock has jumped when it differs by more than this.
pub const JUMP: Duration = Duration::from_secs(5);
/// For so long after a jump no lease is judged.
pub const SETTLE: Duration = Duration::from_secs(25);
/// The workspace of all that happens here.
pub const WORKSPACE: &str = "default";

/// When a task goes on.
#[derive(Clone, Copy, Debug)]
pub enum Wake {
    /// At a moment of the steady clock.
    At(i64),
    /// When the bell of its process has rung more often than that, or at a moment.
    Bell(u64, i64),
}

/// Both clocks, as they were looked at together.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub steady: i64,
    pub wall: i64,
}

impl Moment {
    pub fn now(self) -> Timestamp {
        Timestamp(self.wall)
    }
}

/// How unkind this world is: chances in ten thousand, at each step or at each call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Temper {
    pub crash: u64,
    pub freeze: u64,
    /// Freezing between the last look at a claim and the call that ends it.
    pub stall: u64,
    pub jump: u64,
    pub busy: u64,
    pub ambiguous: u64,
    pub delay: u64,
    pub cancel: u64,
    pub vanish: u64,
    pub collect: u64,
    pub stop: u64,
    pub start: u64,
    /// Of an engine's or installer's end.
    pub engine_killed: u64,
    pub engine_failed: u64,
    pub build_hiccup: u64,
    pub build_failed: u64,
}

impl Temper {
    /// Each misfortune is absent from some worlds, rare in some and common in some: those that only show without another
    /// are met, too.
    pub fn of(chance: &Chance) -> Self {
        let some = |rare: u64, common: u64| *chance.pick(&[0, rare, rare, common]);
        Self {
            crash: some(15, 80),
            freeze: some(15, 80),
            stall: some(500, 3000),
            jump: some(10, 60),
            busy: some(200, 1500),
            ambiguous: some(100, 500),
            delay: some(50, 400),
            cancel: some(20, 150),
            vanish: some(15, 80),
            collect: some(15, 80),
            stop: some(5, 30),
            start: some(20, 60),
            engine_killed: some(1000, 5000),
            engine_failed: some(1000, 5000),
            build_hiccup: some(1000, 5000),
            build_failed: some(200, 1500),
        }
    }
}

/// The end of a run, as it stands in its event log.
#[derive(Clone, Debug)]
pub struct Told {
    pub status: RunStatus,
}

/// A database in memory. To make one takes longer than most seeds live, so it is swept and used again.
struct Database {
    store: Box<dyn Store>,
    window: Window,
    broom: Connection,
}

thread_local! {
    static SPARE: Cell<Option<Database>> = const { Cell::new(None) };
}

impl Database {
    fn get() -> Self {
        SPARE.take().unwrap_or_else(|| {
            // Databases of one name are one database, and several worlds may exist at once.
            static DATABASES: AtomicU64 = AtomicU64::new(0);
            let name = format!("world-{}", DATABASES.fetch_add(1, Ordering::Relaxed));
            let settings = Settings::resolve(&Inputs {
                flags: BTreeMap::from([("ADE_DATABASE_SQLITE_SYNCHRONOUS", "OFF".to_owned())]),
                environment: BTreeMap::new(),
                folder: PathBuf::from("/"),
            })
            .unwrap();
            Self {
                store: Box::new(SqliteStore::in_memory(&settings, &name).unwrap()),
                window: Window::open(&name),
                broom: snapshot::connect(&name, OpenFlags::SQLITE_OPEN_READ_WRITE),
            }
        })
    }

    fn sweep(self) {
        let tables = "runs run_attempts environments configurations workspaces workers leases";
        let sql: String = tables
            .split(' ')
            .map(|table| format!("DELETE FROM {table};"))
            .collect();
        self.broom.execute_batch(&sql).unwrap();
        SPARE.set(Some(self));
    }
}

/// See the module.
pub struct World {
    pub store: Box<dyn Store>,
    pub chance: Chance,
    pub temper: Cell<Temper>,
    pub judge: RefCell<Judge>,
    /// Environments whose files are whole.
    pub disk: RefCell<BTreeSet<String>>,
    /// Locks of the operating system: gone with their holder.
    pub locks: RefCell<BTreeSet<String>>,
    /// The ends that event logs tell.
    pub logs: RefCell<BTreeMap<String, Vec<Told>>>,
    /// Processes that live, by their id, and when each was last held up.
    pub alive: RefCell<BTreeMap<String, i64>>,
    pub keys: Vec<EnvironmentKey>,
    pub counts: RefCell<BTreeMap<&'static str, u64>>,
    steady: Cell<i64>,
    skew: Cell<i64>,
    wake: Cell<Wake>,
    /// Rings for everybody: somebody enqueued.
    pub bell: Cell<u64>,
    numbers: Cell<u32>,
    names: RefCell<BTreeMap<String, String>>,
    trace: Option<RefCell<Vec<String>>>,
    violation: RefCell<Option<String>>,
    broom: Connection,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> Rc<Self> {
        let Database {
            store,
            window,
            broom,
        } = Database::get();
        let chance = Chance::new(seed);
        let start = 1_800_000_000_000;
        let configuration = store
            .ensure_configuration(
                WORKSPACE,
                "simulated",
                "/simulated".as_ref(),
                Timestamp(start),
            )
            .unwrap();
        let keys = (0..1 + chance.below(2))
            .map(|number| EnvironmentKey {
                workspace_id: WORKSPACE.to_owned(),
                configuration_id: configuration.id.clone(),
                engine_spec: "embedded".to_owned(),
                deps_digest: number.to_string(),
            })
            .collect();
        Rc::new(Self {
            temper: Cell::new(Temper::of(&chance)),
            judge: RefCell::new(Judge::new(window)),
            broom,
            store,
            chance,
            disk: RefCell::default(),
            locks: RefCell::default(),
            logs: RefCell::default(),
            alive: RefCell::default(),
            keys,
            counts: RefCell::default(),
            steady: Cell::new(0),
            skew: Cell::new(start),
            wake: Cell::new(Wake::At(0)),
            bell: Cell::new(0),
            numbers: Cell::new(0),
            names: RefCell::default(),
            trace: traced.then(RefCell::default),
            violation: RefCell::new(None),
        })
    }

    /// The end of the world. Whoever comes next gets its database.
    pub fn end(self: Rc<Self>) {
        let world = Rc::into_inner(self).expect("a task outlived its world");
        Database {
            store: world.store,
            window: world.judge.into_inner().into_window(),
            broom: world.broom,
        }
        .sweep();
    }

    pub fn steady(&self) -> i64 {
        self.steady.get()
    }

    pub fn moment(&self) -> Moment {
        Moment {
            steady: self.steady.get(),
            wall: self.steady.get() + self.skew.get(),
        }
    }

    pub fn pass(&self, milliseconds: i64) {
        self.steady.set(self.steady.get() + milliseconds.max(0));
    }

    pub fn jump(&self, by: i64) {
        self.skew.set(self.skew.get() + by);
        self.judge.borrow_mut().clock_jumped(self.steady.get(), by);
        self.count("clock jumps");
        self.tell(|| format!("the clock jumps by {:.1} s", by as f64 / 1000.0));
    }

    /// A number that was not given before.
    pub fn number(&self) -> u32 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    pub fn count(&self, what: &'static str) {
        *self.counts.borrow_mut().entry(what).or_default() += 1;
    }

    /// Gives way to others for so long.
    pub fn pause(&self, milliseconds: i64) -> Pause<'_> {
        self.wait(Wake::At(self.steady.get() + milliseconds))
    }

    pub fn wait(&self, wake: Wake) -> Pause<'_> {
        Pause {
            world: self,
            wake,
            begun: false,
        }
    }

    /// When the task that just gave way goes on.
    pub fn wake(&self) -> Wake {
        self.wake.get()
    }

    /// A lock of the operating system, if it is free.
    pub fn try_lock(self: &Rc<Self>, name: &str) -> Option<Lock> {
        self.locks
            .borrow_mut()
            .insert(name.to_owned())
            .then(|| Lock {
                world: Rc::clone(self),
                name: name.to_owned(),
            })
    }

    /// What was done to the store is judged.
    pub fn judge(&self, moment: Moment, deed: &Deed<'_>, held: Option<bool>) {
        let alive = self.alive.borrow();
        let around = Circumstances {
            moment,
            steady: self.steady.get(),
            is_alive: &|process| alive.contains_key(process),
            is_whole: &|environment| self.disk.borrow().contains(environment),
            held_up: &|process| alive.get(process).copied().unwrap_or(i64::MAX),
        };
        let verdict = self.judge.borrow_mut().after(deed, held, &around);
        if let Err(reason) = verdict {
            self.violated(&format!("after `{deed}`: {reason}"));
        }
    }

    pub fn violated(&self, reason: &str) {
        self.tell(|| format!("VIOLATION {reason}"));
        self.violation
            .borrow_mut()
            .get_or_insert_with(|| reason.to_owned());
    }

    pub fn violation(&self) -> Option<String> {
        self.violation.borrow().clone()
    }

    /// The end of a run is written into its log.
    pub fn write_end(&self, run: &RunRecord) {
        let recorded = {
            let judge = self.judge.borrow();
            judge
                .snapshot()
                .runs
                .get(&run.id)
                .map(|row| row.status.clone())
        };
        let mut logs = self.logs.borrow_mut();
        let log = logs.entry(run.id.clone()).or_default();
        log.push(Told { status: run.status });
        let times = log.len();
        drop(logs);
        self.tell(|| format!("the log of {} tells: {}", run.id, run.status.as_str()));
        if times > 1 {
            self.violated(&format!("the end of run {} is told {times} times", run.id));
        }
        if recorded.as_deref() != Some(run.status.as_str()) || !run.status.is_terminal() {
            self.violated(&format!(
                "the log of run {} tells that it {}, but its record says {recorded:?}",
                run.id,
                run.status.as_str()
            ));
        }
    }

    pub fn end_is_told(&self, run: &str) -> bool {
        self.logs
            .borrow()
            .get(run)
            .is_some_and(|log| !log.is_empty())
    }

    /// What must hold at last.
    pub fn judge_rest(&self) {
        let verdict = self.judge.borrow().at_rest();
        if let Err(reason) = verdict {
            self.violated(&format!("at rest: {reason}"));
        }
        let judge = self.judge.borrow();
        for (id, run) in &judge.snapshot().runs {
            let told = self.logs.borrow().get(id).map_or(0, Vec::len);
            if told != 1 {
                self.violated(&format!(
                    "at rest: the end of run {id} is told {told} times"
                ));
            }
            let says = self
                .logs
                .borrow()
                .get(id)
                .and_then(|log| log.first().cloned());
            if says.is_some_and(|told| told.status.as_str() != run.status) {
                self.violated(&format!("at rest: the log of run {id} tells another end"));
            }
        }
    }

    /// A line of the trace; nothing is made of it where nobody reads it.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        let Some(trace) = &self.trace else { return };
        let mut text = line();
        // Ids of environments come from the real clock; a trace calls them by the order in which they appear.
        let mut names = self.names.borrow_mut();
        for word in text
            .clone()
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        {
            if word.len() == 36 && word.matches('-').count() == 4 {
                let number = names.len() + 1;
                let name = names
                    .entry(word.to_owned())
                    .or_insert_with(|| format!("environment-{number}"));
                text = text.replace(word, name);
            }
        }
        trace.borrow_mut().push(format!(
            "{:>9.3} s  {text}",
            self.steady.get() as f64 / 1000.0
        ));
    }

    pub fn trace(&self) -> Vec<String> {
        self.trace
            .as_ref()
            .map(|trace| trace.borrow().clone())
            .unwrap_or_default()
    }
}

/// A lock that a crash releases.
pub struct Lock {
    world: Rc<World>,
    name: String,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.world.locks.borrow_mut().remove(&self.name);
    }
}

/// Gives way until its time has come.
pub struct Pause<'a> {
    world: &'a World,
    wake: Wake,
    begun: bool,
}

impl Future for Pause<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.begun {
            return Poll::Ready(());
        }
        self.begun = true;
        self.world.wake.set(self.wake);
        Poll::Pending
    }
}
