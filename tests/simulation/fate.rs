//! A seed's life: who goes on when, what befalls whom, and how it ends.

use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::task::{Context, Waker};

use super::people;
use super::process::{Process, Task};
use super::worker;
use super::world::{Temper, Wake, World};

/// More steps than this in trouble, and it is time for the end.
const STEPS_IN_TROUBLE: u64 = 1_500;
/// A healthy worker that is left alone is done within this.
const STEPS_ALONE: u64 = 20_000;

/// What came of a seed.
pub struct Life {
    pub violation: Option<String>,
    pub trace: Vec<String>,
    pub counts: BTreeMap<&'static str, u64>,
}

/// Lives a seed's life.
pub fn live(seed: u64, traced: bool) -> Life {
    let world = World::new(seed, traced);
    let mut fate = Fate {
        world: Rc::clone(&world),
        tasks: Vec::new(),
        to_come: 4 + world.chance.below(9),
    };
    fate.trouble();
    fate.peace();
    // Whoever is dropped now lets go of the world.
    drop(fate);
    let life = Life {
        violation: world.violation(),
        trace: world.trace(),
        counts: world.counts.take(),
    };
    world.end();
    life
}

struct Fate {
    world: Rc<World>,
    tasks: Vec<Task>,
    /// Runs that people still want to have.
    to_come: usize,
}

impl Fate {
    fn trouble(&mut self) {
        let chance = &self.world.chance;
        for _ in 0..1 + chance.below(3) {
            self.start_worker();
        }
        let mut steps = 0;
        while steps < STEPS_IN_TROUBLE && self.world.violation().is_none() {
            steps += 1;
            self.befall();
            if !self.step() {
                self.start_worker();
            }
            if self.to_come == 0 && self.all_have_ended() {
                break;
            }
        }
    }

    /// The misfortunes stop, and one healthy worker is left alone with what they made.
    fn peace(&mut self) {
        let world = Rc::clone(&self.world);
        if world.violation().is_some() {
            return;
        }
        world.tell(|| "PEACE".to_owned());
        world.temper.set(Temper::default());
        let kills = world.chance.hits(7_000);
        for process in self.processes() {
            process.frozen_until.set(0);
            process.held_up();
            if kills {
                self.kill(&process, "is killed");
            } else {
                process.stop.set(true);
            }
        }
        let healthy = Process::start(&world, "healthy");
        healthy.spawn(worker::worker(Rc::clone(&healthy), 1));
        self.take_in(&healthy);
        for _ in 0..STEPS_ALONE {
            if world.violation().is_some() {
                return;
            }
            if self.all_have_ended()
                && self
                    .processes()
                    .iter()
                    .all(|process| process.id == healthy.id)
            {
                break;
            }
            self.step();
        }
        // What it was in the middle of, it may bring to its end.
        healthy.stop.set(true);
        for _ in 0..STEPS_ALONE {
            if world.violation().is_some() || !self.step() {
                break;
            }
        }
        if world.violation().is_none() {
            world.judge_rest();
        }
    }

    fn all_have_ended(&self) -> bool {
        let judge = self.world.judge.borrow();
        judge
            .snapshot()
            .runs
            .values()
            .all(|run| run.has_ended() && run.told)
    }

    fn processes(&self) -> Vec<Rc<Process>> {
        let mut found: BTreeMap<String, Rc<Process>> = BTreeMap::new();
        for task in &self.tasks {
            found
                .entry(task.process.id.clone())
                .or_insert_with(|| Rc::clone(&task.process));
        }
        found.into_values().collect()
    }

    fn start_worker(&mut self) {
        let kind = if self.world.chance.hits(2_500) {
            "elsewhere"
        } else {
            "worker"
        };
        let process = Process::start(&self.world, kind);
        let slots = 1 + self.world.chance.below(2);
        self.world
            .tell(|| format!("{} starts with {slots} slots", process.id));
        process.spawn(worker::worker(Rc::clone(&process), slots));
        self.take_in(&process);
    }

    fn start<F: Future<Output = ()> + 'static>(
        &mut self,
        kind: &str,
        work: impl FnOnce(Rc<Process>) -> F,
    ) {
        let process = Process::start(&self.world, kind);
        process.spawn(work(Rc::clone(&process)));
        self.take_in(&process);
    }

    fn take_in(&mut self, process: &Rc<Process>) {
        self.tasks.append(&mut process.take_spawned());
    }

    fn kill(&mut self, process: &Rc<Process>, how: &str) {
        self.world.tell(|| format!("{} {how}", process.id));
        let (gone, kept) = std::mem::take(&mut self.tasks)
            .into_iter()
            .partition(|task| task.process.id == process.id);
        self.tasks = kept;
        process.die();
        drop::<Vec<Task>>(gone);
        process.take_spawned();
    }

    /// Whatever the seed has in store at this step.
    fn befall(&mut self) {
        let world = Rc::clone(&self.world);
        let (chance, temper) = (&world.chance, world.temper.get());
        if self.to_come > 0 && chance.hits(400) {
            self.to_come -= 1;
            if chance.hits(2_000) {
                self.start("run", people::run_here);
            } else {
                self.start("enqueuer", people::enqueue);
            }
        }
        if chance.hits(temper.cancel) {
            self.start("canceller", people::cancel);
        }
        if chance.hits(temper.collect) {
            self.start("collector", people::collect);
        }
        if chance.hits(temper.vanish) {
            let whole: Vec<String> = world.disk.borrow().iter().cloned().collect();
            if !whole.is_empty() {
                let gone = chance.pick(&whole);
                world.disk.borrow_mut().remove(gone);
                world.count("environments vanished");
                world.tell(|| format!("the files of {gone} vanish"));
            }
        }
        if chance.hits(temper.jump) {
            let reach = *chance.pick(&[5_000, 60_000, 3_600_000]);
            world.jump(chance.between(-reach, reach));
        }
        if chance.hits(temper.start) && self.processes().len() < 5 {
            self.start_worker();
        }
        if self.tasks.is_empty() {
            return;
        }
        // Whoever does much is met by much.
        let process = Rc::clone(&chance.pick(&self.tasks).process);
        if chance.hits(temper.crash) {
            world.count("crashes");
            self.kill(&process, "crashes");
        } else if chance.hits(temper.freeze) {
            process.freeze(chance.between(1_000, 200_000));
        } else if chance.hits(temper.stop) {
            world.tell(|| format!("{} is asked to stop", process.id));
            process.stop.set(true);
        }
    }

    /// Somebody who can goes on; where nobody can, time passes. False: there is nobody.
    fn step(&mut self) -> bool {
        let world = Rc::clone(&self.world);
        world.count("steps");
        if self.tasks.is_empty() {
            return false;
        }
        let goes_on_at = |task: &Task| {
            let due = match task.wake {
                Wake::Bell(heard, _) if task.process.rings() != heard => 0,
                Wake::Bell(_, at) | Wake::At(at) => at,
            };
            due.max(task.process.frozen_until.get())
        };
        let (mut ready, mut next) = (Vec::new(), i64::MAX);
        for (index, task) in self.tasks.iter().enumerate() {
            let due = goes_on_at(task).max(world.steady());
            if due < next {
                next = due;
                ready.clear();
            }
            if due == next {
                ready.push(index);
            }
        }
        world.pass(next - world.steady());
        let index = *world.chance.pick(&ready);
        let task = &mut self.tasks[index];
        let process = Rc::clone(&task.process);
        let mut context = Context::from_waker(Waker::noop());
        if task.work.as_mut().poll(&mut context).is_ready() {
            drop(self.tasks.swap_remove(index));
        } else {
            task.wake = world.wake();
        }
        self.take_in(&process);
        world.pass(world.chance.between(0, 6));
        true
    }
}
