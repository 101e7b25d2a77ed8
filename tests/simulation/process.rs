//! A process: what it is to the machine, and how it calls the store.

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use ade::clock::Timestamp;
use ade::store::{
    Attempt, CancelOutcome, Claim, EnvironmentRecord, Heartbeat, QueueDepth, Result, RunRecord,
    RunStatus, Store, StoreError, WorkerRecord,
};

use super::judge::Deed;
use super::world::{LEASE, Wake, World};

/// A call to the store came to nothing, or so it seems.
#[derive(Debug)]
pub enum Trouble {
    /// The database was busy, or its answer was lost: it may pass.
    Passing,
    /// There is no such record.
    NotFound,
}

/// What somebody does, one step at a time.
pub struct Task {
    pub process: Rc<Process>,
    pub wake: Wake,
    pub work: Pin<Box<dyn Future<Output = ()>>>,
}

/// See the module.
pub struct Process {
    pub world: Rc<World>,
    /// Fresh with each start.
    pub id: String,
    /// A process of another host's name: nobody here can tell whether it lives.
    pub is_here: bool,
    pub bell: Cell<u64>,
    /// No more claims.
    pub stop: Cell<bool>,
    /// What runs is given back.
    pub abandon: Cell<bool>,
    /// All slots have ended.
    pub done: Cell<bool>,
    pub slots_at_work: Cell<usize>,
    pub frozen_until: Cell<i64>,
    pub unrecorded: RefCell<Vec<(RunRecord, Claim)>>,
    spawned: RefCell<Vec<Task>>,
}

impl Process {
    pub fn start(world: &Rc<World>, kind: &str) -> Rc<Self> {
        let number = world.number();
        // Not in every world is there another host.
        let is_here = kind != "elsewhere";
        let process = Rc::new(Self {
            world: Rc::clone(world),
            id: format!("{kind}-{number}"),
            is_here,
            bell: Cell::new(0),
            stop: Cell::new(false),
            abandon: Cell::new(false),
            done: Cell::new(false),
            slots_at_work: Cell::new(0),
            frozen_until: Cell::new(0),
            unrecorded: RefCell::default(),
            spawned: RefCell::default(),
        });
        world
            .alive
            .borrow_mut()
            .insert(process.id.clone(), i64::MIN);
        process
    }

    pub fn spawn(self: &Rc<Self>, work: impl Future<Output = ()> + 'static) {
        self.spawned.borrow_mut().push(Task {
            process: Rc::clone(self),
            wake: Wake::At(self.world.steady()),
            work: Box::pin(work),
        });
    }

    /// The tasks that were begun since the last time.
    pub fn take_spawned(&self) -> Vec<Task> {
        self.spawned.take()
    }

    /// It dies, in whatever it does.
    pub fn die(&self) {
        self.world.alive.borrow_mut().remove(&self.id);
        self.spawned.take();
    }

    /// It stands still for a while, perhaps for longer than its leases, and does not know it when it goes on.
    pub fn freeze(&self, length: i64) {
        self.world.count("freezes");
        self.world
            .tell(|| format!("{} freezes for {:.1} s", self.id, length as f64 / 1000.0));
        self.frozen_until.set(self.world.steady() + length);
        self.held_up();
    }

    /// Something happened that excuses a lost lease.
    pub fn held_up(&self) {
        if let Some(at) = self.world.alive.borrow_mut().get_mut(&self.id) {
            *at = self.world.steady().max(self.frozen_until.get());
        }
    }

    pub fn ring(&self) {
        self.bell.set(self.bell.get() + 1);
    }

    pub fn rings(&self) -> u64 {
        self.bell.get() + self.world.bell.get()
    }

    pub async fn sleep(&self, milliseconds: i64) {
        self.world.pause(milliseconds).await;
    }

    /// Sleeps until the bell rings.
    pub async fn sleep_until_rung(&self, heard: u64, most: i64) -> bool {
        let until = self.world.steady() + most;
        self.world.wait(Wake::Bell(heard, until)).await;
        self.rings() != heard
    }

    /// A claim of this process. Its token says whose it is, so that a trace can be read.
    pub fn claim(&self, slot: usize) -> Claim {
        let number = self.world.number();
        Claim {
            worker: format!("{}.{slot}#{number}", self.id),
            token: format!("token-{number}"),
            lease: LEASE,
            process: Some(self.id.clone()),
        }
    }

    /// Calls the store. The clock is looked at first; then the call may have to wait, may be refused, may be the last thing
    /// that this process does, and may do its work without telling.
    pub async fn call<T: Answer>(
        &self,
        deed: Deed<'_>,
        work: impl FnOnce(&dyn Store, Timestamp) -> Result<T>,
    ) -> std::result::Result<T, Trouble> {
        let world = &self.world;
        let temper = world.temper.get();
        let moment = world.moment();
        let mut wait = world.chance.between(0, 4);
        if world.chance.hits(temper.delay) {
            wait = world.chance.between(1_000, 40_000);
            self.held_up();
        }
        if deed.ends_a_claim() && world.chance.hits(temper.stall) {
            // Long enough for others to take over, and to be at work when this one goes on.
            self.freeze(world.chance.between(40_000, 140_000));
        }
        world.pause(wait).await;
        if world.chance.hits(temper.busy) {
            world.count("busy");
            world.tell(|| format!("{}: {deed}: busy", self.id));
            self.held_up();
            return Err(Trouble::Passing);
        }
        let answer = work(&*world.store, moment.now());
        world.count("calls");
        world.tell(|| match &answer {
            Ok(answer) => format!("{}: {deed}: {}", self.id, answer.text()),
            Err(error) => format!("{}: {deed}: {error}", self.id),
        });
        let held = answer.as_ref().ok().and_then(Answer::held);
        world.judge(moment, &deed, held);
        let is_lost = !matches!(deed, Deed::Look(_)) && world.chance.hits(temper.ambiguous);
        world.pause(0).await;
        if is_lost {
            world.count("lost answers");
            world.tell(|| format!("{}: the answer to `{deed}` is lost", self.id));
            self.held_up();
            return Err(Trouble::Passing);
        }
        answer.map_err(|error| match error {
            StoreError::NotFound { .. } => Trouble::NotFound,
            error => {
                world.violated(&format!("`{deed}` failed: {error}"));
                Trouble::Passing
            }
        })
    }
}

/// What the store answers, as far as judge and trace are concerned.
pub trait Answer {
    /// Whether a claim that had to be proved holds.
    fn held(&self) -> Option<bool> {
        None
    }
    fn text(&self) -> String {
        "done".to_owned()
    }
}

impl Answer for () {}
impl Answer for usize {
    fn text(&self) -> String {
        self.to_string()
    }
}
impl Answer for bool {
    fn held(&self) -> Option<bool> {
        Some(*self)
    }
    fn text(&self) -> String {
        self.to_string()
    }
}
impl Answer for Heartbeat {
    fn held(&self) -> Option<bool> {
        Some(matches!(self, Self::Renewed { .. }))
    }
    fn text(&self) -> String {
        format!("{self:?}")
    }
}
impl Answer for Option<RunStatus> {
    fn held(&self) -> Option<bool> {
        Some(self.is_some())
    }
    fn text(&self) -> String {
        format!("{self:?}")
    }
}
impl Answer for RunRecord {
    fn text(&self) -> String {
        format!("{} {}", self.id, self.status.as_str())
    }
}
impl Answer for EnvironmentRecord {
    fn text(&self) -> String {
        format!("{} {}", self.id, self.status.as_str())
    }
}
impl Answer for WorkerRecord {
    fn text(&self) -> String {
        self.id.clone()
    }
}
impl Answer for Attempt {}
impl Answer for QueueDepth {
    fn text(&self) -> String {
        format!("{self:?}")
    }
}
impl Answer for CancelOutcome {
    fn text(&self) -> String {
        match self {
            Self::Cancelled(_) => "cancelled",
            Self::Requested(_) => "asked for",
            Self::Ended(_) => "it has ended",
        }
        .to_owned()
    }
}
macro_rules! answers_of_records {
    ($($record:ty),*) => {$(
        impl Answer for Vec<$record> {
            fn text(&self) -> String {
                self.iter().map(Answer::text).collect::<Vec<_>>().join(", ")
            }
        }
        impl Answer for Option<$record> {
            fn text(&self) -> String {
                self.as_ref().map_or_else(|| "none".to_owned(), Answer::text)
            }
        }
    )*};
}
answers_of_records!(RunRecord, EnvironmentRecord, WorkerRecord);
