//! The store as one process reaches it: its calls may have to wait, may be refused, may be the last thing that the process does, and may
//! do their work without an answer. After each call the judge looks at the database.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ade::base::clock::Timestamp;
use ade::store::{Call, EnvironmentRecord, Heartbeat, Observer, Result, RunRecord, StoreError};

use super::judge::words;
use super::process::Process;
use super::threads::{Wake, current, give_way};
use super::world::Moment;

/// See the module.
pub struct SimulatedStore {
    process: Arc<Process>,
    /// When the callers of the calls under way looked at the clock, by task.
    looked: Mutex<BTreeMap<usize, Moment>>,
}

fn unreachable(message: &str) -> StoreError {
    StoreError::Unreachable {
        path: PathBuf::from("/data/db/ade.sqlite"),
        message: message.to_owned(),
        hint: String::new(),
    }
}

impl Observer for SimulatedStore {
    fn before(&self, call: &Call<'_>, now: Option<Timestamp>) -> Result<()> {
        let process = &self.process;
        let world = &process.world;
        if std::thread::panicking() {
            return Err(unreachable("the process is dead"));
        }
        match call {
            // The process is alive from the moment in which it can be found, whether or not it gets the answer.
            Call::Register(id) => process.joins(id),
            Call::DeleteEnvironment(_, true) => world.judge_collector(process),
            _ => {}
        }
        let faults = world.faults();
        let looked = now.map(|now| process.looked_at(now));
        let mut wait = world.chance.between(0, 4);
        if world.chance.hits(faults.delay) {
            world.count("delays");
            wait = world.chance.between(1_000, 40_000);
            process.hold_up();
        }
        if ends_a_claim(call) && world.chance.hits(faults.stall) {
            world.count("stalls");
            // The delay is long enough for others to take over, and to be at work when this process continues.
            process.freeze(world.chance.between(40_000, 140_000));
        }
        give_way(Wake::at(world.steady() + wait));
        if world.chance.hits(faults.busy) {
            world.count("busy");
            world.trace(|| format!("{}: {}: busy", process.id, words(call)));
            process.hold_up();
            return Err(StoreError::Locked {
                path: PathBuf::new(),
                waited_seconds: 30.0,
            });
        }
        // If the store itself reads the time, it does so now.
        let moment = looked.unwrap_or_else(|| world.moment());
        self.looked.lock().unwrap().insert(current(), moment);
        Ok(())
    }

    fn after(
        &self,
        call: &Call<'_>,
        answer: std::result::Result<&dyn Any, &StoreError>,
    ) -> Result<()> {
        let process = &self.process;
        let world = &process.world;
        world.count("calls");
        world.trace(|| {
            let answer = answer.map_or_else(ToString::to_string, text);
            format!("{}: {}: {answer}", process.id, words(call))
        });
        if let (Call::AcquireLease(token), Ok(Some(true))) =
            (call, answer.map(|taken| taken.downcast_ref::<bool>()))
        {
            // The lease is taken even if the answer is lost.
            world.collects(&process.id, token);
        }
        if let (Call::ReleaseLease, Ok(_)) = (call, answer) {
            world.collection.lock().unwrap().0 = None;
        }
        let held = answer.ok().filter(|_| call.proves().is_some());
        let moment = self.looked.lock().unwrap().remove(&current());
        let moment = moment.expect("the call began");
        world.judge_call(process, moment, call, held.and_then(holds));
        let is_lost = !is_unjudged(call) && world.chance.hits(world.faults().ambiguous);
        give_way(Wake::at(world.steady()));
        if is_lost {
            world.count("lost answers");
            world.trace(|| format!("{}: the answer to `{}` is lost", process.id, words(call)));
            process.hold_up();
            return Err(unreachable("the answer is lost"));
        }
        match answer {
            Ok(answer) => self.heard(call, answer),
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => world.violated(&format!("`{}` failed: {error}", words(call))),
        }
        Ok(())
    }
}

impl SimulatedStore {
    pub fn new(process: &Arc<Process>) -> Self {
        Self {
            process: Arc::clone(process),
            looked: Mutex::default(),
        }
    }

    /// Notes the facts that the process knows from now on, and may count on.
    fn heard(&self, call: &Call<'_>, answer: &dyn Any) {
        let process = &self.process;
        let world = &process.world;
        let given = |what: &'static str, id: &str, token: &str| {
            world.count(what);
            process.was_given(id, token);
        };
        let run = || match answer.downcast_ref::<RunRecord>() {
            Some(run) => Some(run),
            None => answer.downcast_ref::<Option<RunRecord>>()?.as_ref(),
        };
        match call {
            Call::Enqueue(_) => {
                let recorded = answer.downcast_ref::<Vec<RunRecord>>().expect("runs");
                for run in recorded {
                    world.count("enqueued");
                    world.judge().promised.insert(run.id.clone());
                }
            }
            Call::InsertClaimed(_, claim) => {
                let run = run().expect("a run");
                given("run at once", &run.id, &claim.token);
                world.judge().promised.insert(run.id.clone());
            }
            Call::ClaimRun(_, claim) => {
                if let Some(run) = run() {
                    given("claimed again", &run.id, &claim.token);
                }
            }
            Call::ClaimNext(claim) => {
                if let Some(run) = run() {
                    given("claims", &run.id, &claim.token);
                }
            }
            Call::ClaimEnvironment(id, claim, _) => {
                let claimed = answer.downcast_ref::<Option<EnvironmentRecord>>();
                if claimed.expect("an environment").is_some() {
                    process.was_given(id, &claim.token);
                }
            }
            Call::DeleteEnvironment(..) if answer.downcast_ref() == Some(&true) => {
                world.count("environments collected");
            }
            _ => {}
        }
    }
}

/// Returns whether the call ends the claim that it must prove.
fn ends_a_claim(call: &Call<'_>) -> bool {
    call.proves().is_some()
        && !matches!(
            call,
            Call::Heartbeat(..)
                | Call::Watch(..)
                | Call::HeartbeatEnvironment(..)
                | Call::MoveEnvironment(..)
        )
}

/// Returns whether nothing depends on the answer of a call, so that the answer is not lost.
fn is_unjudged(call: &Call<'_>) -> bool {
    matches!(
        call,
        Call::Look | Call::Register(_) | Call::AcquireLease(_) | Call::ReleaseLease
    )
}

/// Returns whether the claim that was to be proved holds, by the answer.
fn holds(answer: &dyn Any) -> Option<bool> {
    let renewed = answer.downcast_ref::<Heartbeat>();
    let renewed = renewed.map(|answer| matches!(answer, Heartbeat::Renewed { .. }));
    renewed.or_else(|| answer.downcast_ref().copied())
}

fn text(answer: &dyn Any) -> String {
    let of_run = |run: &RunRecord| format!("{} {}", run.id, run.status.as_str());
    if let Some(runs) = answer.downcast_ref::<Vec<RunRecord>>() {
        return runs.iter().map(of_run).collect::<Vec<_>>().join(", ");
    }
    if let Some(run) = answer.downcast_ref::<Option<RunRecord>>() {
        return run.as_ref().map_or_else(|| "none".to_owned(), of_run);
    }
    if let Some(answer) = answer.downcast_ref::<Heartbeat>() {
        return format!("{answer:?}");
    }
    let answer = answer.downcast_ref::<bool>();
    answer.map_or_else(|| "done".to_owned(), bool::to_string)
}
