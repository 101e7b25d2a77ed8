//! The events under one seed: the order of tasks, the injected faults, and the conditions that must hold at the end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::commands;
use super::process::Process;
use super::threads::{NEVER, Threads};
use super::world::World;

/// The number of steps after which the faults stop: at least, and for each worker that starts with the world.
const STEPS_WITH_FAULTS: [u64; 2] = [1_500, 200];
/// The number of steps in which a healthy worker alone finishes: at least, and for each run and each worker that stops.
const STEPS_ALONE: [u64; 2] = [20_000, 1_000];
/// The maximum number of workers that live at once, unless more start with the world.
const MOST_WORKERS: usize = 5;

/// The milliseconds in which a worker that starts finds the dead processes.
const FOUND_DEAD_WITHIN: i64 = 15_000;
/// The maximum jumps of the clock, in milliseconds: longer than the day in which nothing is collected, and longer than any
/// harmless gap.
const FAR: [i64; 2] = [2 * 86_400_000, 60 * 86_400_000];
/// The maximum wait of a run in milliseconds: twice the longest backoff, and the short time until the sweep that notices it.
const LONGEST_IDLENESS: i64 = 200_000;

/// The outcome of a scenario.
pub struct Outcome {
    pub violation: Option<String>,
    pub trace: Vec<String>,
    pub counts: BTreeMap<&'static str, u64>,
}

/// The number of workers that start with a world, and the number of runs that are queued in it.
#[derive(Clone, Copy)]
pub struct Crowd {
    pub workers: usize,
    pub runs: usize,
}

/// Plays the scenario of a seed; without a crowd, with a few workers and runs.
pub fn play(seed: u64, traced: bool, crowd: Option<Crowd>) -> Outcome {
    let world = World::new(seed, traced);
    let to_come = 4 + world.chance.below(9);
    let workers = 1 + world.chance.below(3);
    let crowd = crowd.unwrap_or(Crowd {
        workers,
        runs: to_come,
    });
    let mut scenario = Scenario {
        world: Arc::clone(&world),
        threads: Rc::default(),
        crowd,
        to_come: crowd.runs,
        steps: 0,
    };
    scenario.disturb();
    scenario.recover();
    scenario.end();
    // This drops the last references to the world but one.
    drop(scenario);
    let outcome = Outcome {
        violation: world.violation(),
        trace: world.traced(),
        counts: world.counts(),
    };
    world.end();
    outcome
}

struct Scenario {
    world: Arc<World>,
    threads: Rc<Threads>,
    crowd: Crowd,
    /// Runs that are still to be queued.
    to_come: usize,
    steps: u64,
}

impl Scenario {
    fn disturb(&mut self) {
        for _ in 0..self.crowd.workers {
            self.start_worker();
        }
        let [least, each] = STEPS_WITH_FAULTS;
        let most = least.max(each * self.crowd.workers as u64);
        while self.steps < most && self.world.violation().is_none() {
            self.add_run();
            if self.is_due() {
                self.inject_faults();
            }
            if !self.step() {
                self.start_worker();
            }
            if self.to_come == 0 && self.all_have_ended() {
                break;
            }
        }
    }

    /// Stops the faults and leaves one healthy worker alone with the result.
    fn recover(&mut self) {
        let world = Arc::clone(&self.world);
        if world.violation().is_some() {
            return;
        }
        world.trace(|| "THE FAULTS STOP".to_owned());
        world.stop_faults();
        world.resume();
        let kills = world.chance.hits(7_000);
        for process in self.processes() {
            process.thaw();
            if kills {
                self.kill(&process, "is killed");
            } else {
                process.stop.cancel();
            }
        }
        let healthy = self.start("healthy", |me| commands::work(me, 1));
        let began = world.steady();
        let mut at_work = began;
        for _ in 0..self.steps_alone() {
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
            let is_healthy = |process: &Arc<Process>| process.id == healthy.id;
            if self.all_have_ended() && self.processes().iter().all(is_healthy) {
                break;
            }
            self.step();
        }
        // The worker may finish its current work.
        healthy.stop.cancel();
        self.go_on();
        if world.violation().is_none() {
            self.start("tidier", commands::tidy);
        }
        self.go_on();
        if world.violation().is_none() {
            self.start("tidier", commands::tidy);
        }
        for _ in 0..self.steps_alone() {
            if world.violation().is_some() || !self.step() {
                break;
            }
        }
        if world.violation().is_none() {
            world.judge_rest();
        }
    }

    /// Takes steps until no work is left.
    fn go_on(&mut self) {
        for _ in 0..self.steps_alone() {
            if self.world.violation().is_some() || !self.step() {
                break;
            }
        }
    }

    /// Ends all processes.
    fn end(&mut self) {
        for process in self.processes() {
            process.die();
        }
        self.unwind_dead();
    }

    fn steps_alone(&self) -> u64 {
        let [least, each] = STEPS_ALONE;
        least.max(each * (self.crowd.workers + self.crowd.runs) as u64)
    }

    /// Returns whether a fault may come and time passes at this step. The workers of a crowd are on many machines, so that each has
    /// as many faults, and as much time for its steps, as one of a few workers.
    fn is_due(&self) -> bool {
        let few = MOST_WORKERS as u64;
        self.steps
            .is_multiple_of((self.crowd.workers as u64).div_ceil(few))
    }

    fn all_have_ended(&self) -> bool {
        let judge = self.world.judge();
        let mut runs = judge.snapshot().runs.values();
        runs.all(|run| run.has_ended())
    }

    /// Returns all live processes, each once.
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
        let kind = *self.world.chance.pick(&[
            "worker",
            "worker",
            "worker",
            "worker",
            "elsewhere",
            "blind",
        ]);
        let slots = 1 + self.world.chance.below(2);
        let process = self.start(kind, move |me| commands::work(me, slots));
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
        self.world.count("killed");
        process.die();
        self.unwind_dead();
        // The same happens if an operator restores a backup of the database alone.
        if self.world.chance.hits(3_000) {
            self.world.lose_lock(process);
        }
    }

    /// Lets the tasks of dead processes unwind.
    fn unwind_dead(&mut self) {
        while let Some(task) = self.threads.dying() {
            self.threads.resume(task);
        }
    }

    /// Queues a run, or executes one by `ade run`, if the seed says so at this step.
    fn add_run(&mut self) {
        let world = Arc::clone(&self.world);
        if self.to_come > 0 && world.chance.hits(400) {
            self.to_come -= 1;
            if world.chance.hits(3_000) {
                self.start("run", commands::run_here);
            } else {
                self.start("enqueuer", commands::leave_in_queue);
            }
        }
    }

    /// Injects the faults and starts the commands that the seed has at this step.
    fn inject_faults(&mut self) {
        let world = Arc::clone(&self.world);
        let (chance, faults) = (&world.chance, world.faults());
        type Typed = fn(&Arc<Process>);
        let typed: [(u64, &str, Typed); 5] = [
            (faults.build, "builder", commands::build),
            (faults.cancel, "canceller", commands::cancel_run),
            (faults.pause, "pauser", commands::pause),
            (faults.collect, "collector", commands::collect),
            (faults.rebuild, "rebuilder", commands::rebuild),
        ];
        for (often, kind, command) in typed {
            if chance.hits(often) {
                self.start(kind, command);
            }
        }
        if chance.hits(faults.vanish) {
            self.lose_environment();
        }
        if chance.hits(faults.jump) {
            let reach = *chance.pick(&[5_000, 60_000, 1_200_000]);
            // The clock does not jump far back, since a claim whose holder cannot be seen would then hold for up to a day.
            let by = match chance.hits(1_500) {
                true => chance.between(0, *chance.pick(&FAR)),
                false => chance.between(-reach, reach),
            };
            world.jump(by);
        }
        if chance.hits(faults.start)
            && self.processes().len() < self.crowd.workers.max(MOST_WORKERS)
        {
            self.start_worker();
        }
        let tasks = self.threads.processes();
        if tasks.is_empty() {
            return;
        }
        // A process with more tasks is hit more often.
        let process = chance.pick(&tasks);
        if chance.hits(faults.crash) {
            world.count("crashes");
            self.kill(process, "crashes");
        } else if chance.hits(faults.freeze) {
            process.freeze(chance.between(1_000, 200_000));
        } else if chance.hits(faults.stop)
            || (process.id.starts_with("run") && chance.hits(faults.interrupt))
        {
            world.count("stops");
            if process.stop.is_cancelled() {
                world.count("stops at once");
                world.trace(|| format!("{} is asked to stop at once", process.id));
                process.stop_at_once.cancel();
            }
            world.trace(|| format!("{} is asked to stop", process.id));
            process.stop.cancel();
        }
    }

    /// Deletes the files of an environment, or its record.
    fn lose_environment(&self) {
        let world = &self.world;
        if world.chance.hits(3_000) && world.delete_a_record() {
            return;
        }
        let whole = world.disk.lock().unwrap().environments();
        if !whole.is_empty() {
            let gone: &PathBuf = world.chance.pick(&whole);
            world.vanish(gone);
        }
    }

    /// Lets a task continue; if none can, lets time pass until one can. Returns false if there are no tasks.
    fn step(&mut self) -> bool {
        let world = Arc::clone(&self.world);
        world.count("steps");
        self.steps += 1;
        self.unwind_dead();
        let (ready, next) = self.threads.ready(world.steady());
        if ready.is_empty() || next == NEVER {
            return false;
        }
        world.pass(next - world.steady());
        self.threads.resume(*world.chance.pick(&ready));
        if self.is_due() {
            world.pass(world.chance.between(0, 6));
        }
        true
    }
}
