//! The worker, in the order of src/worker/slot.rs, src/run/{execute,lease,provide,ends}.rs and src/fleet.rs, without what is
//! no business of the queue: staging, installing and the engine take their time, and end as the seed says.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use ade::backoff::backoff;
use ade::settings::Recovery;
use ade::store::{
    Claim, Ending, EnvironmentContents, EnvironmentKey, EnvironmentRecord, EnvironmentStatus,
    Failure, Heartbeat, RunRecord, RunStatus,
};

use super::judge::{Deed, Judge};
use super::process::{Process, Trouble};
use super::world::{JUMP, LEASE, Lock, SETTLE, WORKSPACE, World};

const RENEW_EVERY: i64 = 20_000;
const LOOK_EVERY: i64 = 6_000;
const POLL: i64 = 4_000;
const POLL_MAX: i64 = 15_000;
const SWEEP_EVERY: i64 = 15_000;
const LONGEST_LEASE: std::time::Duration = std::time::Duration::from_secs(120);
const HOUSEKEEPING_EVERY: i64 = 7_500;
const UNTOLD: std::time::Duration = std::time::Duration::from_secs(10);
pub const BACKOFF: (std::time::Duration, std::time::Duration) = (
    std::time::Duration::from_secs(2),
    std::time::Duration::from_secs(30),
);
const MAX_ATTEMPTS: u32 = 3;

type Outcome<T> = Result<T, Trouble>;

/// Work that can be told to stop.
#[derive(Default)]
pub struct Work {
    pub cancelled: Cell<bool>,
}

/// A claim as its holder knows it.
pub struct Held {
    subject: Subject,
    claim: Claim,
    /// When it was last known to hold.
    answered: Cell<i64>,
    lost: Cell<bool>,
}

impl Held {
    pub fn new(subject: Subject, claim: &Claim, since: i64) -> Rc<Self> {
        Rc::new(Self {
            subject,
            claim: claim.clone(),
            answered: Cell::new(since),
            lost: Cell::new(false),
        })
    }
}

/// A claim that is renewed in the background for as long as this lives.
pub struct Kept(Rc<Cell<bool>>);

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// An engine or an installer at work under a claim, for the judge to know.
struct AtWork {
    world: Rc<World>,
    token: String,
}

impl AtWork {
    fn executing(world: &Rc<World>, run: &str, claim: &Claim) -> Self {
        Self::begin(world, claim, |judge| {
            judge.executing.insert(claim.token.clone(), run.to_owned());
        })
    }

    fn building(world: &Rc<World>, environment: &str, claim: &Claim) -> Self {
        Self::begin(world, claim, |judge| {
            judge
                .building
                .insert(claim.token.clone(), environment.to_owned());
        })
    }

    fn begin(world: &Rc<World>, claim: &Claim, note: impl FnOnce(&mut Judge)) -> Self {
        if !world.judge.borrow().was_made(claim) {
            world.violated(&format!(
                "work begins under {}, which was never claimed",
                claim.token
            ));
        }
        note(&mut world.judge.borrow_mut());
        Self {
            world: Rc::clone(world),
            token: claim.token.clone(),
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut judge = self.world.judge.borrow_mut();
        judge.executing.remove(&self.token);
        judge.building.remove(&self.token);
    }
}

/// What a claim is on.
#[derive(Clone)]
pub enum Subject {
    Run(String),
    Environment(String),
}

/// There is no environment.
pub enum NotProvided {
    Failed,
    Cancelled,
    LostClaim,
    /// Another process is at it.
    Busy,
    Trouble,
}

impl From<Trouble> for NotProvided {
    fn from(_: Trouble) -> Self {
        Self::Trouble
    }
}

fn failure(code: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        stage: None,
        message: code.to_owned(),
        hint: None,
    }
}

/// How an attempt went.
pub struct Attempted {
    pub ending: Ending,
    pub transient: bool,
}

fn attempted(status: RunStatus, mark: Option<i32>, transient: bool) -> Attempted {
    Attempted {
        ending: Ending {
            status,
            exit_code: mark,
            error: (status != RunStatus::Succeeded).then(|| failure(status.as_str())),
            summary: None,
            output_path: None,
            results: None,
            peak_memory_bytes: None,
            cpu_seconds: None,
            engine_seconds: None,
        },
        transient,
    }
}

/// `ade worker`, from its start to its end.
pub async fn worker(me: Rc<Process>, slots: usize) {
    if me.join("worker", slots).await.is_err() {
        me.world.alive.borrow_mut().remove(&me.id);
        return;
    }
    let _ = me.recover().await;
    me.slots_at_work.set(slots);
    for slot in 0..slots {
        me.spawn(run_slot(Rc::clone(&me), slot));
    }
    let house = Rc::new(Cell::new(true));
    me.spawn(keep_house(Rc::clone(&me), Rc::clone(&house)));
    while me.slots_at_work.get() > 0 {
        me.sleep(500).await;
        if me.stop.get() && me.world.chance.hits(300) {
            me.abandon.set(true);
        }
    }
    me.done.set(true);
    while house.get() {
        me.sleep(500).await;
    }
    me.leave_fleet().await;
}

async fn run_slot(me: Rc<Process>, slot: usize) {
    let mut interval = POLL;
    while !me.stop.get() && !me.done.get() {
        let heard = me.rings();
        if let Ok(true) = me.round(slot).await {
            interval = POLL;
            me.ring();
            continue;
        }
        if me.sleep_until_rung(heard, interval).await {
            interval = POLL;
        } else {
            interval = (interval * 5 / 4).min(POLL_MAX);
        }
    }
    me.slots_at_work.set(me.slots_at_work.get() - 1);
}

async fn keep_house(me: Rc<Process>, at_work: Rc<Cell<bool>>) {
    let mut clocks = Clocks::new(&me.world, me.has_company().await);
    let mut swept: Option<i64> = None;
    loop {
        clocks.look(&me.world);
        me.leave_unrecorded().await;
        let _ = me.recover().await;
        let now = me.world.steady();
        if swept.is_none_or(|at| now - at >= SWEEP_EVERY) {
            swept = Some(now);
            // What goes wrong is told, and tried again with the next sweep.
            let _ = me.sweep(&mut clocks).await;
        }
        if me.done.get() {
            break;
        }
        me.sleep(HOUSEKEEPING_EVERY).await;
    }
    me.leave_unrecorded().await;
    at_work.set(false);
}

/// Notices when the wall clock moves differently from the steady one.
struct Clocks {
    wall: i64,
    steady: i64,
    trust_from: Option<i64>,
}

impl Clocks {
    fn new(world: &World, settles: bool) -> Self {
        let moment = world.moment();
        Self {
            wall: moment.wall,
            steady: moment.steady,
            trust_from: settles.then(|| moment.steady + SETTLE.as_millis() as i64),
        }
    }

    fn look(&mut self, world: &World) {
        let moment = world.moment();
        let jump = (moment.wall - self.wall) - (moment.steady - self.steady);
        (self.wall, self.steady) = (moment.wall, moment.steady);
        if jump.abs() > JUMP.as_millis() as i64 {
            self.trust_from = Some(moment.steady + SETTLE.as_millis() as i64);
        }
    }

    fn are_trusted(&self, world: &World) -> bool {
        self.trust_from.is_none_or(|from| world.steady() >= from)
    }
}

impl Process {
    fn host(&self) -> &'static str {
        if self.is_here { "here" } else { "elsewhere" }
    }

    pub async fn join(&self, kind: &str, slots: usize) -> Outcome<()> {
        let now = self.world.moment().now();
        let record = ade::store::WorkerRecord {
            id: self.id.clone(),
            host: self.host().to_owned(),
            pid: self.world.number(),
            name: self.id.clone(),
            kind: kind.to_owned(),
            slots: slots as u32,
            lock_path: self.id.clone().into(),
            started_at: now,
            seen_at: now,
        };
        self.call(Deed::Look("register"), |store, _| {
            store.register_worker(&record)
        })
        .await
    }

    pub async fn leave_fleet(&self) {
        let _ = self
            .call(Deed::Look("unregister"), |store, _| {
                store.remove_worker(&self.id)
            })
            .await;
        self.world.alive.borrow_mut().remove(&self.id);
    }

    async fn has_company(&self) -> bool {
        let workers = self
            .call(Deed::Look("list processes"), |store, _| store.workers())
            .await;
        workers.map_or(true, |workers| {
            workers.iter().any(|worker| worker.id != self.id)
        })
    }

    /// Takes back what dead processes of this machine held.
    pub async fn recover(&self) -> Outcome<()> {
        let workers = self
            .call(Deed::Look("list processes"), |store, _| store.workers())
            .await?;
        for worker in workers {
            let is_dead = !self.world.alive.borrow().contains_key(&worker.id);
            if worker.host != self.host() || worker.id == self.id || !is_dead {
                continue;
            }
            let runs = self
                .call(Deed::Reclaim(&worker.id), |store, now| {
                    store.reclaim(&worker.id, Recovery::Requeue, now)
                })
                .await?;
            self.call(Deed::Look("unregister the dead"), |store, _| {
                store.remove_worker(&worker.id)
            })
            .await?;
            for run in runs {
                self.world.count("reclaimed");
                self.tell_left(&run).await?;
            }
            self.ring();
        }
        Ok(())
    }

    async fn sweep(self: &Rc<Self>, clocks: &mut Clocks) -> Outcome<()> {
        self.call(Deed::Look("seen"), |store, now| {
            store.worker_seen(&self.id, now)
        })
        .await?;
        let world = &self.world;
        let clocks = RefCell::new(clocks);
        let trusted = || {
            let mut clocks = clocks.borrow_mut();
            clocks.look(world);
            clocks.are_trusted(world).then(|| world.moment().now())
        };
        self.call(Deed::ExpireEnvironments, |store, _| {
            store.expire_environment_leases(&trusted)
        })
        .await?;
        let expired = self
            .call(Deed::ExpireRuns, |store, _| {
                let wait = |attempt| backoff(BACKOFF.0, BACKOFF.1, attempt, world.chance.part());
                store.expire_run_leases(&wait, &trusted)
            })
            .await?;
        for run in expired {
            world.count("expired");
            self.tell_left(&run).await?;
        }
        self.call(Deed::Mend, |store, _| {
            store.repair_times(BACKOFF.1 * 2 + JUMP, LONGEST_LEASE, &|| {
                Some(world.moment().now())
            })
        })
        .await?;
        let untold = self
            .call(Deed::Look("list untold ends"), |store, now| {
                store.unreported_ends(UNTOLD, now)
            })
            .await?;
        for run in untold {
            self.tell_once(&run).await?;
        }
        Ok(())
    }

    async fn leave_unrecorded(&self) {
        loop {
            let Some((run, claim)) = self.unrecorded.borrow_mut().pop() else {
                return;
            };
            if self.retry(&run, &claim).await.is_err() {
                self.unrecorded.borrow_mut().push((run, claim));
                return;
            }
        }
    }

    /// What a slot does between two looks at whether to go on. True: there may be more.
    async fn round(self: &Rc<Self>, slot: usize) -> Outcome<bool> {
        self.ensure_environments().await?;
        let foiled = self
            .call(Deed::FailForEnvironments, |store, now| {
                store.fail_runs_of_failed_environments(now)
            })
            .await?;
        for run in foiled {
            self.tell_once(&run).await?;
        }
        let waiting = self
            .call(Deed::Look("next environment"), |store, now| {
                store.next_environment(now)
            })
            .await?;
        if let Some(environment) = waiting
            && self.build_waiting(slot, &environment).await?
        {
            return Ok(true);
        }
        let claim = self.claim(slot);
        let since = self.world.steady();
        let run = self
            .call(Deed::ClaimRun(&claim), |store, now| {
                store.claim_next_run(&claim, now)
            })
            .await?;
        let Some(run) = run else { return Ok(false) };
        self.world.count("claims");
        let held = Held::new(Subject::Run(run.id.clone()), &claim, since);
        if let Err(trouble) = self.execute(&run, &claim, &held).await {
            self.unrecorded.borrow_mut().push((run, claim));
            return Err(trouble);
        }
        Ok(true)
    }

    async fn ensure_environments(&self) -> Outcome<()> {
        let runs = self
            .call(Deed::Look("runs without environment"), |store, _| {
                store.runs_without_environment(10)
            })
            .await?;
        for run in runs {
            let environment = self.ensure_environment(&run.key).await?;
            self.call(Deed::SetEnvironment(&run.id), |store, _| {
                store.set_run_environment(&run.id, &environment.id)
            })
            .await?;
        }
        Ok(())
    }

    pub async fn ensure_environment(&self, key: &EnvironmentKey) -> Outcome<EnvironmentRecord> {
        self.call(Deed::EnsureEnvironment, |store, now| {
            store.ensure_environment(key, "/snapshot".as_ref(), &|id| id.into(), now)
        })
        .await
    }

    fn is_usable(&self, environment: &EnvironmentRecord) -> bool {
        environment.status == EnvironmentStatus::Ready
            && self.world.disk.borrow().contains(&environment.id)
    }

    async fn build_waiting(
        self: &Rc<Self>,
        slot: usize,
        waiting: &EnvironmentRecord,
    ) -> Outcome<bool> {
        if self
            .world
            .chance
            .hits(self.world.temper.get().build_failed / 2)
        {
            // Its snapshot is not to be had.
            let claim = self.claim(slot);
            let claimed = self.claim_environment(&waiting.id, &claim, false).await?;
            if claimed.is_some() {
                self.fail_environment(&waiting.id, &claim, None).await?;
            }
            return Ok(true);
        }
        let work = Work::default();
        match self.provide(slot, &waiting.key, false, &work).await {
            Err(NotProvided::Trouble) => Err(Trouble::Passing),
            Err(NotProvided::Busy) => Ok(false),
            _ => Ok(true),
        }
    }

    async fn claim_environment(
        &self,
        id: &str,
        claim: &Claim,
        take_over: bool,
    ) -> Outcome<Option<EnvironmentRecord>> {
        let deed = Deed::ClaimEnvironment {
            id,
            claim,
            take_over,
        };
        self.call(deed, |store, now| {
            store.claim_environment(id, claim, take_over, now)
        })
        .await
    }

    async fn fail_environment(
        &self,
        id: &str,
        claim: &Claim,
        retry_after: Option<std::time::Duration>,
    ) -> Outcome<bool> {
        self.call(Deed::FailEnvironment(id, claim), |store, now| {
            let retry_at = retry_after.map(|wait| now.plus(wait));
            store.fail_environment(id, claim, &failure("build"), retry_at, now)
        })
        .await
    }

    /// Gives a ready environment, building or waiting as needed.
    pub async fn provide(
        self: &Rc<Self>,
        slot: usize,
        key: &EnvironmentKey,
        waits: bool,
        cancel: &Work,
    ) -> Result<EnvironmentRecord, NotProvided> {
        let known = self.ensure_environment(key).await?;
        if self.is_usable(&known) {
            return Ok(known);
        }
        let _lock: Lock = loop {
            if let Some(lock) = self.world.try_lock(&format!("build-{}", key.deps_digest)) {
                break lock;
            }
            if !waits {
                return Err(NotProvided::Busy);
            }
            if cancel.cancelled.get() || self.abandon.get() {
                return Err(NotProvided::Cancelled);
            }
            self.sleep(1_000).await;
        };
        let environment = self.ensure_environment(key).await?;
        if self.is_usable(&environment) {
            return Ok(environment);
        }
        if environment.status == EnvironmentStatus::Ready {
            self.requeue(&environment).await?;
        }
        let claim = self.claim(slot);
        let since = self.world.steady();
        let Some(environment) = self
            .claim_environment(&environment.id, &claim, true)
            .await?
        else {
            return Err(NotProvided::LostClaim);
        };
        self.build(&environment, (&claim, since), cancel).await
    }

    async fn requeue(&self, environment: &EnvironmentRecord) -> Outcome<bool> {
        let id = &environment.id;
        self.call(Deed::RequeueEnvironment(id), |store, now| {
            store.requeue_environment(environment, &environment.folder, &environment.snapshot, now)
        })
        .await
    }

    async fn build(
        self: &Rc<Self>,
        environment: &EnvironmentRecord,
        (claim, since): (&Claim, i64),
        cancel: &Work,
    ) -> Result<EnvironmentRecord, NotProvided> {
        let world = &self.world;
        let temper = world.temper.get();
        let id = &environment.id;
        world.count("builds");
        self.world.disk.borrow_mut().remove(id);
        let work = Rc::new(Work::default());
        let held = Held::new(Subject::Environment(id.clone()), claim, since);
        {
            let _kept = self.keep(&held, &work);
            let _building = AtWork::building(world, id, claim);
            let longest = *world.chance.pick(&[2_000, 20_000, 100_000]);
            let until = world.steady() + world.chance.between(500, longest);
            while world.steady() < until
                && !work.cancelled.get()
                && !cancel.cancelled.get()
                && !self.abandon.get()
            {
                self.sleep((until - world.steady()).min(3_000)).await;
            }
        }
        if !self.holds(&held).await {
            return Err(NotProvided::LostClaim);
        }
        if cancel.cancelled.get() || self.abandon.get() {
            self.call(Deed::ReleaseEnvironment(id, claim), |store, now| {
                store.release_environment(id, claim, now)
            })
            .await?;
            return Err(NotProvided::Cancelled);
        }
        let transient = world.chance.hits(temper.build_hiccup);
        if transient || world.chance.hits(temper.build_failed) {
            let wait = backoff(
                BACKOFF.0,
                BACKOFF.1,
                environment.attempt_count,
                world.chance.part(),
            );
            let again = transient && environment.attempt_count < MAX_ATTEMPTS;
            self.fail_environment(id, claim, again.then_some(wait))
                .await?;
            return Err(NotProvided::Failed);
        }
        self.world.disk.borrow_mut().insert(id.clone());
        let completed = self
            .call(Deed::CompleteEnvironment(id, claim), |store, now| {
                store.complete_environment(id, claim, &contents(), now)
            })
            .await?;
        if !completed {
            return Err(NotProvided::LostClaim);
        }
        Ok(self.ensure_environment(&environment.key).await?)
    }

    async fn renew(&self, held: &Held) -> Outcome<Heartbeat> {
        let claim = &held.claim;
        match &held.subject {
            Subject::Run(id) => {
                self.call(Deed::Heartbeat(id, claim), |store, now| {
                    store.heartbeat_run(id, claim, now)
                })
                .await
            }
            Subject::Environment(id) => {
                self.call(Deed::HeartbeatEnvironment(id, claim), |store, now| {
                    store.heartbeat_environment(id, claim, now)
                })
                .await
            }
        }
    }

    /// Whether the claim still holds, so that writing is allowed.
    pub async fn holds(&self, held: &Held) -> bool {
        if held.lost.get() {
            return false;
        }
        let asked = self.world.steady();
        if asked - held.answered.get() < LEASE.as_millis() as i64 {
            return true;
        }
        match self.renew(held).await {
            Ok(Heartbeat::Renewed { .. }) => held.answered.set(asked),
            Ok(Heartbeat::Lost) | Err(_) => held.lost.set(true),
        }
        !held.lost.get()
    }

    /// Renews a claim every third of its lease, and looks at it more often than that.
    pub fn keep(self: &Rc<Self>, held: &Rc<Held>, work: &Rc<Work>) -> Kept {
        let me = Rc::clone(self);
        let (held, work) = (Rc::clone(held), Rc::clone(work));
        let stop = Rc::new(Cell::new(false));
        let kept = Kept(Rc::clone(&stop));
        self.spawn(async move {
            let mut renewed = me.world.steady();
            loop {
                me.sleep(LOOK_EVERY).await;
                if stop.get() {
                    return;
                }
                let asked = me.world.steady();
                let beat = if asked - renewed >= RENEW_EVERY {
                    let beat = me.renew(&held).await;
                    if beat.is_ok() {
                        renewed = asked;
                    }
                    beat
                } else if let Subject::Run(id) = &held.subject {
                    me.call(Deed::Watch(id, &held.claim), |store, _| {
                        store.watch_run(id, &held.claim)
                    })
                    .await
                } else {
                    continue;
                };
                let silence = me.world.steady() - held.answered.get();
                match beat {
                    Ok(Heartbeat::Renewed { cancel_requested }) if !held.lost.get() => {
                        if renewed == asked {
                            held.answered.set(asked);
                        }
                        if cancel_requested {
                            work.cancelled.set(true);
                        }
                    }
                    Err(_) if !held.lost.get() && silence < LEASE.as_millis() as i64 => {}
                    _ => {
                        held.lost.set(true);
                        work.cancelled.set(true);
                        me.world.count("lost claims noticed");
                        return;
                    }
                }
            }
        });
        kept
    }

    /// A claimed run, to its end. `Err`: the claim has to be left later.
    async fn execute(
        self: &Rc<Self>,
        run: &RunRecord,
        claim: &Claim,
        held: &Rc<Held>,
    ) -> Outcome<()> {
        let environment = match &run.environment_id {
            Some(id) => {
                let found = self
                    .call(Deed::Look("the run's environment"), |store, _| {
                        store.environment(WORKSPACE, id)
                    })
                    .await;
                match found {
                    Err(Trouble::NotFound) => None,
                    found => Some(found?),
                }
            }
            None => None,
        };
        let Some(environment) = environment.filter(|environment| self.is_usable(environment))
        else {
            return self.environment_vanished(run, claim).await;
        };
        if !self.holds(held).await {
            return Ok(());
        }
        let work = Rc::new(Work::default());
        let _kept = self.keep(held, &work);
        let attempted = self.attempt(run, &environment, claim, &work).await;
        self.conclude(run, claim, &attempted, held).await
    }

    /// The engine at work.
    pub async fn attempt(
        &self,
        run: &RunRecord,
        environment: &EnvironmentRecord,
        claim: &Claim,
        work: &Work,
    ) -> Attempted {
        let world = &self.world;
        let temper = world.temper.get();
        let mark = world.number() as i32;
        let _executing = AtWork::executing(world, &run.id, claim);
        world.tell(|| {
            format!(
                "{}: {} begins under {} in {}",
                self.id, run.id, claim.token, environment.id
            )
        });
        let longest = *world.chance.pick(&[50, 20_000, 150_000]);
        let until = world.steady() + world.chance.between(1, longest);
        while world.steady() < until && !work.cancelled.get() && !self.abandon.get() {
            self.sleep((until - world.steady()).min(3_000)).await;
        }
        if work.cancelled.get() || self.abandon.get() {
            attempted(RunStatus::Cancelled, Some(mark), false)
        } else if world.chance.hits(temper.engine_killed) {
            attempted(RunStatus::Failed, Some(mark), true)
        } else if world.chance.hits(temper.engine_failed) {
            attempted(RunStatus::Failed, Some(mark), false)
        } else {
            attempted(RunStatus::Succeeded, Some(mark), false)
        }
    }

    /// What becomes of a run whose environment is not to be had.
    pub fn not_provided(&self, status: RunStatus) -> Attempted {
        attempted(status, Some(self.world.number() as i32), false)
    }

    async fn environment_vanished(&self, run: &RunRecord, claim: &Claim) -> Outcome<()> {
        let environment = self
            .call(
                Deed::Look("the run's environment by its key"),
                |store, _| store.environment_of(&run.key),
            )
            .await?;
        if let Some(environment) = environment
            && environment.status == EnvironmentStatus::Ready
            && !self.is_usable(&environment)
        {
            self.requeue(&environment).await?;
        }
        self.release(run, claim).await
    }

    async fn release(&self, run: &RunRecord, claim: &Claim) -> Outcome<()> {
        let released = self
            .call(Deed::Release(&run.id, claim), |store, now| {
                store.release_run(&run.id, claim, "released", now)
            })
            .await?;
        if released.is_some() {
            self.tell_left(&self.look(&run.id).await?).await?;
        }
        Ok(())
    }

    async fn conclude(
        &self,
        run: &RunRecord,
        claim: &Claim,
        attempted: &Attempted,
        held: &Held,
    ) -> Outcome<()> {
        let since = self.world.steady();
        loop {
            if !self.holds(held).await {
                return Ok(());
            }
            match self.conclude_once(run, claim, attempted, held).await {
                Err(trouble) if self.world.steady() - since < LEASE.as_millis() as i64 => {
                    self.sleep(1_000).await;
                    if self.done.get() {
                        return Err(trouble);
                    }
                }
                other => return other,
            }
        }
    }

    async fn conclude_once(
        &self,
        run: &RunRecord,
        claim: &Claim,
        attempted: &Attempted,
        held: &Held,
    ) -> Outcome<()> {
        if self.abandon.get() && attempted.ending.status == RunStatus::Cancelled {
            return self.release(run, claim).await;
        }
        if attempted.transient && run.attempt_count < run.max_attempts {
            return self.retry(run, claim).await;
        }
        self.finish(run, claim, &attempted.ending, held).await
    }

    /// Records an end and tells it, unless the claim was lost.
    pub async fn finish(
        &self,
        run: &RunRecord,
        claim: &Claim,
        ending: &Ending,
        held: &Held,
    ) -> Outcome<()> {
        if !self.holds(held).await {
            return Ok(());
        }
        let mark = ending.exit_code.unwrap_or_default();
        let recorded = self
            .call(Deed::Finish(&run.id, claim, mark), |store, now| {
                store.finish_run(&run.id, claim, ending, now)
            })
            .await?;
        if recorded {
            let run = self.look(&run.id).await?;
            self.tell_once(&run).await?;
        }
        Ok(())
    }

    async fn retry(&self, run: &RunRecord, claim: &Claim) -> Outcome<()> {
        let left = self
            .call(Deed::Retry(&run.id, claim), |store, now| {
                let wait = backoff(
                    BACKOFF.0,
                    BACKOFF.1,
                    run.attempt_count,
                    self.world.chance.part(),
                );
                store.retry_run(&run.id, claim, &failure("retry"), now.plus(wait), now)
            })
            .await?;
        if left.is_some() {
            self.tell_left(&self.look(&run.id).await?).await?;
        }
        Ok(())
    }

    async fn look(&self, run: &str) -> Outcome<RunRecord> {
        self.call(Deed::Look("the run"), |store, _| store.run(WORKSPACE, run))
            .await
    }

    async fn tell_left(&self, run: &RunRecord) -> Outcome<()> {
        if run.status.is_terminal() {
            return self.tell_once(run).await;
        }
        Ok(())
    }

    /// Tells the end of a run in its log, unless that has it already. Where another process is about to, that one does.
    pub async fn tell_once(&self, run: &RunRecord) -> Outcome<()> {
        let Some(hold) = self.world.try_lock(&format!("log-{}", run.id)) else {
            return Ok(());
        };
        let is_told = self.world.end_is_told(&run.id);
        self.sleep(self.world.chance.between(0, 3)).await;
        if !is_told {
            self.world.write_end(run);
        }
        drop(hold);
        self.mark_told(run).await
    }

    async fn mark_told(&self, run: &RunRecord) -> Outcome<()> {
        self.call(Deed::MarkTold(&run.id), |store, _| {
            store.mark_end_reported(&run.id)
        })
        .await
    }
}

fn contents() -> EnvironmentContents {
    EnvironmentContents {
        python_version: "3.11.7".to_owned(),
        python_path: "/python".into(),
        engine_version: "1.10.0".to_owned(),
        installer: "simulated".to_owned(),
        packages: Vec::new(),
        lock_digest: String::new(),
        size_bytes: 1,
    }
}
