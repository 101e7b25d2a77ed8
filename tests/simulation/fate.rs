//! A seed's life: who goes on when, what befalls whom, and how it ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::people;
use super::process::Process;
use super::threads::{NEVER, Threads};
use super::world::World;

/// More steps than this in trouble, and it is time for the end.
const STEPS_IN_TROUBLE: u64 = 1_500;
/// A healthy worker that is left alone is done within this.
const STEPS_ALONE: u64 = 20_000;

/// A worker that starts has found out within this which processes of its host are dead.
const FOUND_DEAD_WITHIN: i64 = 15_000;
/// No run waits longer than twice the longest backoff, and the sweep that finds that comes soon.
const LONGEST_IDLENESS: i64 = 200_000;

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
        world: Arc::clone(&world),
        threads: Arc::default(),
        to_come: 4 + world.chance.below(9),
    };
    fate.trouble();
    fate.peace();
    fate.end();
    // Whoever is dropped now lets go of the world.
    drop(fate);
    let life = Life {
        violation: world.violation(),
        trace: world.traced(),
        counts: world.counts(),
    };
    world.end();
    life
}

struct Fate {
    world: Arc<World>,
    threads: Arc<Threads>,
    /// Runs that people still want to have.
    to_come: usize,
}

impl Fate {
    fn trouble(&mut self) {
        for _ in 0..1 + self.world.chance.below(3) {
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
        let world = Arc::clone(&self.world);
        if world.violation().is_some() {
            return;
        }
        world.trace(|| "PEACE".to_owned());
        world.calm();
        let kills = world.chance.hits(7_000);
        for process in self.processes() {
            process.thaw();
            if kills {
                self.kill(&process, "is killed");
            } else {
                process.stop.cancel();
            }
        }
        let healthy = self.start("healthy", |me| people::work(me, 1));
        let began = world.steady();
        let mut at_work = began;
        for _ in 0..STEPS_ALONE {
            if world.violation().is_some() {
                return;
            }
            if kills && world.steady() - began > FOUND_DEAD_WITHIN {
                world.judge_dead();
            }
            if !world.judge().is_idle() {
                at_work = world.steady();
            } else if world.steady() - at_work > LONGEST_IDLENESS {
                world.violated("runs wait, and nobody works on them");
            }
            let processes = self.processes();
            let is_alone = processes.iter().all(|process| process.id == healthy.id);
            if is_alone && self.all_have_ended() {
                break;
            }
            self.step();
        }
        // What it was in the middle of, it may bring to its end.
        healthy.stop.cancel();
        for _ in 0..STEPS_ALONE {
            if world.violation().is_some() || !self.step() {
                break;
            }
        }
        if world.violation().is_none() {
            world.judge_rest();
        }
    }

    /// Everybody unwinds.
    fn end(&mut self) {
        for process in self.processes() {
            process.die();
        }
        self.bury();
        self.threads.join();
    }

    fn all_have_ended(&self) -> bool {
        let judge = self.world.judge();
        let mut runs = judge.snapshot().runs.values();
        runs.all(|run| run.has_ended() && run.reported)
    }

    /// Everybody who lives, each once.
    fn processes(&self) -> Vec<Arc<Process>> {
        let found: BTreeMap<String, Arc<Process>> = self
            .threads
            .processes()
            .into_iter()
            .map(|process| (process.id.clone(), process))
            .collect();
        found.into_values().collect()
    }

    fn start_worker(&mut self) {
        let kind = if self.world.chance.hits(2_500) {
            "elsewhere"
        } else {
            "worker"
        };
        let slots = 1 + self.world.chance.below(2);
        let process = self.start(kind, move |me| people::work(me, slots));
        self.world
            .trace(|| format!("{} starts with {slots} slots", process.id));
    }

    fn start(
        &mut self,
        kind: &str,
        work: impl FnOnce(&Arc<Process>) + Send + 'static,
    ) -> Arc<Process> {
        let process = Process::new(&self.world, kind);
        let me = Arc::clone(&process);
        self.threads.start(&process, move || work(&me));
        process
    }

    fn kill(&mut self, process: &Arc<Process>, how: &str) {
        self.world.trace(|| format!("{} {how}", process.id));
        process.die();
        self.bury();
    }

    /// The tasks of dead processes unwind.
    fn bury(&mut self) {
        while let Some(task) = self.threads.dying() {
            self.threads.resume(task);
        }
    }

    /// Whatever the seed has in store at this step.
    fn befall(&mut self) {
        let world = Arc::clone(&self.world);
        let (chance, temper) = (&world.chance, world.temper());
        if self.to_come > 0 && chance.hits(400) {
            self.to_come -= 1;
            if chance.hits(3_000) {
                self.start("run", people::run_here);
            } else {
                self.start("enqueuer", people::leave_in_queue);
            }
        }
        if chance.hits(temper.cancel) {
            self.start("canceller", people::cancel_run);
        }
        if chance.hits(temper.collect) {
            self.start("collector", people::collect);
        }
        if chance.hits(temper.vanish) {
            self.vanish();
        }
        if chance.hits(temper.jump) {
            let reach = *chance.pick(&[5_000, 60_000, 1_200_000]);
            world.jump(chance.between(-reach, reach));
        }
        if chance.hits(temper.start) && self.processes().len() < 5 {
            self.start_worker();
        }
        let tasks = self.threads.processes();
        if tasks.is_empty() {
            return;
        }
        // Whoever does much is met by much.
        let process = chance.pick(&tasks);
        if chance.hits(temper.crash) {
            world.count("crashes");
            self.kill(process, "crashes");
        } else if chance.hits(temper.freeze) {
            process.freeze(chance.between(1_000, 200_000));
        } else if chance.hits(temper.stop)
            || (process.id.starts_with("run") && chance.hits(temper.interrupt))
        {
            world.trace(|| format!("{} is asked to stop", process.id));
            process.stop.cancel();
        }
    }

    /// The files of an environment are gone, or its record.
    fn vanish(&self) {
        let world = &self.world;
        if world.chance.hits(3_000) && world.delete_a_record() {
            return;
        }
        let mut disk = world.disk.lock().unwrap();
        let whole = disk.environments();
        if whole.is_empty() {
            return;
        }
        let gone = world.chance.pick(&whole);
        let _ = disk.remove_tree(gone, world.now());
        world.count("environments vanished");
        world.trace(|| format!("the files of {} vanish", gone.display()));
    }

    /// Somebody who can goes on; where nobody can, time passes. False: there is nobody.
    fn step(&mut self) -> bool {
        let world = Arc::clone(&self.world);
        world.count("steps");
        self.bury();
        let (ready, next) = self.threads.ready(world.steady());
        if ready.is_empty() || next == NEVER {
            return false;
        }
        world.pass(next - world.steady());
        self.threads.resume(*world.chance.pick(&ready));
        world.pass(world.chance.between(0, 6));
        true
    }
}
