//! The conditions that must always hold.
//!
//! The judge looks at the database after every call that a process makes. It knows who made the call and what it was for, so
//! it can say of each change whether that call may make it: a transition that nothing allows is a violation, and so is one
//! that is allowed by the wrong claim, at the wrong time, or against a holder whose claim is good.
//!
//! A claim is *good* from the moment it was made or renewed for as long as its lease, on a clock that never jumps. A jump of
//! the wall clock shortens that to the time in which every living process gets to renew.

mod environments;
mod runs;

use std::collections::{BTreeMap, BTreeSet};

use ade::store::{Call, Claim};

use super::snapshot::{RunRow, Snapshot, Window};
use super::world::{JUMP, Moment};

/// The time, beyond a third of its lease, in which a healthy process that lost a claim stops its work.
const NOTICED_WITHIN: i64 = 20_000;
/// The maximum time between two looks of a process at the clock.
const LONGEST_BLINK: i64 = 300_000;
/// The maximum jump forward that may go unnoticed: the harmless gap of ten days, and the time that small jumps back hide.
const FAR: i64 = 12 * 86_400_000;
/// The maximum jump back that may go unnoticed: the lag of processes, and the time between two looks.
const BACK: i64 = 300_000 + LONGEST_BLINK;
/// The time without collection after a jump that is noticed.
const DAY: i64 = 86_400_000;

/// A claim as its holder may count on it.
struct Lease {
    process: String,
    since: i64,
    /// The time that it holds without being renewed.
    length: i64,
}

/// The facts about the world that the judge needs to judge a call.
pub struct Circumstances<'a> {
    /// The moment of the caller's look at the clock.
    pub moment: Moment,
    /// The clock that never jumps, now.
    pub steady: i64,
    pub is_alive: &'a dyn Fn(&str) -> bool,
    /// Returns whether the files of an environment are in a folder, and were there when the caller looked at the clock.
    pub has_been_whole: &'a dyn Fn(&str) -> bool,
    /// True if an environment that is whole is to be rebuilt.
    pub is_asked_for: bool,
    /// The milliseconds without use after which the caller collects environments.
    pub ttl: i64,
    /// Returns whether a process was asked to stop.
    pub is_stopped: &'a dyn Fn(&str) -> bool,
    /// Returns the last time at which something delayed a process that excuses a lost lease.
    pub held_up: &'a dyn Fn(&str) -> i64,
}

/// See the module.
pub struct Judge {
    window: Window,
    now: Snapshot,
    leases: BTreeMap<String, Lease>,
    jumps: Vec<(i64, i64)>,
    /// When each environment was used last, by the record and by the clock that never jumps.
    used: BTreeMap<String, (i64, i64)>,
    /// The times since which work is in vain, by token.
    lost: BTreeMap<String, i64>,
    /// The times since which work is to be cancelled, by token.
    cancelled: BTreeMap<String, i64>,
    /// The subjects whose engine runs, by token.
    pub executing: BTreeMap<String, String>,
    /// The claims on runs under which an engine ever ran.
    pub taken_up: BTreeSet<String>,
    /// The subjects whose installer runs, by token.
    pub building: BTreeMap<String, String>,
    /// The folders that installers are at work in, also those whose claim is lost, by token.
    pub folders: BTreeMap<String, String>,
    /// The turns that each turn has seen served since it was served itself, or had nothing to claim.
    passed: BTreeMap<Turn, BTreeSet<Turn>>,
    /// Runs whose enqueuer has the answer that they are queued.
    pub promised: BTreeSet<String>,
}

/// The key of a turn: an environment, a priority, and the submitter of runs.
type Turn = (String, i64, String);

type Verdict = Result<(), String>;

impl Judge {
    pub fn new(window: Window) -> Self {
        let mut judge = Self {
            window,
            now: Snapshot::default(),
            leases: BTreeMap::new(),
            jumps: Vec::new(),
            used: BTreeMap::new(),
            lost: BTreeMap::new(),
            cancelled: BTreeMap::new(),
            executing: BTreeMap::new(),
            taken_up: BTreeSet::new(),
            building: BTreeMap::new(),
            folders: BTreeMap::new(),
            passed: BTreeMap::new(),
            promised: BTreeSet::new(),
        };
        judge.now = judge.window.look().unwrap_or_default();
        judge
    }

    pub fn into_window(self) -> Window {
        self.window
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.now
    }

    /// Reads the changes that the scenario itself made, which are no call of a process.
    pub fn look_again(&mut self) {
        if let Some(now) = self.window.look() {
            self.now = now;
        }
    }

    /// Returns whether this claim was ever made.
    pub fn was_made(&self, token: &str) -> bool {
        self.leases.contains_key(token)
    }

    pub fn clock_jumped(&mut self, steady: i64, by: i64) {
        self.jumps.push((steady, by));
    }

    /// Returns the time on the steady clock until which the holder of a token may count on it.
    fn good_until(&self, token: &str) -> i64 {
        let Some(lease) = self.leases.get(token) else {
            return i64::MIN;
        };
        let mut until = lease.since + lease.length;
        let since = self.jumps.iter().filter(|(at, _)| *at >= lease.since);
        for (at, by) in since {
            // A small jump goes unnoticed and shortens the lease by its length.
            until -= by.max(&0).min(&millis(JUMP));
            if by.abs() > millis(JUMP) / 2 {
                // The holder renews the lease by then.
                until = until.min(at + lease.length / 3 + millis(JUMP));
            }
            // A jump that another one takes back before a process looks at the clock is not noticed.
            let is_taken_back = self.jumps.iter().any(|(earlier, other)| {
                earlier <= at && at - earlier < LONGEST_BLINK && other.signum() != by.signum()
            });
            if is_taken_back {
                until = until.min(*at);
            }
        }
        until
    }

    /// Judges the effects of a call. `held` is its answer about the claim that it had to prove.
    pub fn after(
        &mut self,
        call: &Call<'_>,
        held: Option<bool>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        if let (Some((id, claim)), Some(held)) = (call.proves(), held) {
            let holds = self.token_of(id) == Some(&claim.token);
            if holds != held {
                return Err(format!(
                    "the call said that the claim {} holds: {held}; it does: {holds}",
                    claim.token
                ));
            }
        }
        if let Some(next) = self.window.look() {
            let before = std::mem::replace(&mut self.now, next);
            self.judge_runs(&before, call, around)?;
            self.forget_turns();
            self.judge_environments(&before, call, around)?;
            self.judge_attempts(&before)?;
            for (id, used) in &self.now.used {
                if self.used.get(id).is_none_or(|(known, _)| known != used) {
                    let now = (*used, around.moment.steady);
                    self.used.insert(id.clone(), now);
                }
            }
        }
        match call {
            Call::Reclaim(process) => self.judge_reclaimed(process)?,
            Call::Cancel(id) => {
                let run = self.now.runs.get(*id);
                if run.is_some_and(|run| !run.has_ended() && !run.cancel_requested) {
                    return Err(format!("nothing came of cancelling run {id}"));
                }
            }
            _ => {}
        }
        match call {
            Call::Heartbeat(_, claim) | Call::HeartbeatEnvironment(_, claim)
                if held == Some(true) =>
            {
                if let Some(lease) = self.leases.get_mut(&claim.token) {
                    lease.since = around.moment.steady;
                }
            }
            _ => {}
        }
        self.judge_executions(around)?;
        self.judge_cancels(around)
    }

    /// Checks that a healthy process stops its work on a run that is to be cancelled.
    fn judge_cancels(&mut self, around: &Circumstances<'_>) -> Verdict {
        let mut cancelled = BTreeMap::new();
        for (token, id) in &self.executing {
            let is_asked_for = self
                .now
                .runs
                .get(id)
                .is_some_and(|run| run.cancel_requested);
            if !is_asked_for || self.token_of(id) != Some(token) {
                continue;
            }
            let since = self.cancelled.get(token).copied().unwrap_or(around.steady);
            cancelled.insert(token.clone(), since);
            if self.is_overdue(token, since, around) {
                return Err(format!(
                    "the run {id} was to be cancelled at {since} and is still worked on"
                ));
            }
        }
        self.cancelled = cancelled;
        Ok(())
    }

    /// Notes a claim that was made: its holder may count on it from now on.
    fn note_claim(&mut self, claim: Claim, around: &Circumstances<'_>) {
        let lease = Lease {
            process: claim.process.unwrap_or_default(),
            since: around.moment.steady,
            length: millis(claim.lease),
        };
        self.leases.insert(claim.token, lease);
    }

    /// Returns whether the holder of a token was well for long enough to notice a state that has lasted since then.
    fn is_overdue(&self, token: &str, since: i64, around: &Circumstances<'_>) -> bool {
        let lease = self.leases.get(token);
        let held_up = lease.map_or(i64::MIN, |lease| (around.held_up)(&lease.process));
        let renewed_every = lease.map_or(0, |lease| lease.length / 3);
        around.steady - since.max(held_up) > renewed_every + NOTICED_WITHIN
    }

    fn token_of(&self, id: &str) -> Option<&String> {
        let of_run = self.now.runs.get(id).and_then(|run| run.token.as_ref());
        let of_environment = || self.now.environments.get(id)?.token.as_ref();
        of_run.or_else(of_environment)
    }

    fn judge_executions(&mut self, around: &Circumstances<'_>) -> Verdict {
        let mut lost = BTreeMap::new();
        for (what, at_work) in [("run", &self.executing), ("environment", &self.building)] {
            let mut holders: BTreeMap<&str, &str> = BTreeMap::new();
            for (token, subject) in at_work {
                if self.token_of(subject) != Some(token) {
                    let since = self.lost.get(token).copied().unwrap_or(around.steady);
                    lost.insert(token.clone(), since);
                    if self.is_overdue(token, since, around) {
                        return Err(format!(
                            "the {what} {subject} is still worked on under {token}, which was lost at {since}"
                        ));
                    }
                }
                if self.good_until(token) <= around.steady {
                    continue;
                }
                if let Some(other) = holders.insert(subject, token) {
                    return Err(format!(
                        "the {what} {subject} is worked on twice, under {other} and under {token}"
                    ));
                }
            }
        }
        self.lost = lost;
        Ok(())
    }

    /// Checks that the claims of a dead process are released at once, not when its leases end.
    fn judge_reclaimed(&self, process: &str) -> Verdict {
        let tokens = self.now.runs.values().filter_map(|run| run.token.as_ref());
        let builders = self.now.environments.values();
        let tokens = tokens.chain(builders.filter_map(|environment| environment.token.as_ref()));
        for token in tokens {
            let lease = self.leases.get(token);
            if lease.is_some_and(|lease| lease.process == process) {
                return Err(format!("the dead {process} still holds {token}"));
            }
        }
        Ok(())
    }

    fn judge_reclaim(&self, process: &str, token: &str, around: &Circumstances<'_>) -> Verdict {
        if (around.is_alive)(process) {
            return deny("the process that holds it lives");
        }
        match self.leases.get(token) {
            Some(lease) if lease.process == process => Ok(()),
            _ => deny("another process holds it"),
        }
    }

    /// Returns whether the holder is alive and nothing has happened that excuses the loss of its lease since it renewed it.
    fn was_well(&self, lease: &Lease, around: &Circumstances<'_>) -> bool {
        let jumped = self.jumps.iter().any(|(at, _)| *at >= lease.since);
        !jumped
            && (around.is_alive)(&lease.process)
            && (around.held_up)(&lease.process) < lease.since
    }

    /// Checks that a healthy process works on the runs and environments that it has claimed.
    fn judge_forgotten(&self, token: &str, around: &Circumstances<'_>) -> Verdict {
        match self.leases.get(token) {
            Some(lease) if !self.taken_up.contains(token) && self.was_well(lease, around) => {
                Err(format!(
                    "{} was well all the time and never took the run up",
                    lease.process
                ))
            }
            _ => Ok(()),
        }
    }

    fn judge_expiry(&self, token: &str, around: &Circumstances<'_>) -> Verdict {
        let Some(lease) = self.leases.get(token) else {
            return deny("its claim was never made");
        };
        if !(around.is_alive)(&lease.process) {
            return Ok(());
        }
        let until = self.good_until(token);
        if until > around.steady {
            return Err(format!(
                "the lease of {} is good until {until}",
                lease.process
            ));
        }
        let at_work = self.executing.contains_key(token) || self.building.contains_key(token);
        if at_work && self.was_well(lease, around) {
            return Err(format!(
                "{} was well all the time and yet lost the lease",
                lease.process
            ));
        }
        Ok(())
    }

    /// Returns whether no process works or has a claim although runs wait.
    pub fn is_idle(&self) -> bool {
        let is_claimed = |status: &str| matches!(status, "running" | "building");
        let mut runs = self.now.runs.values();
        let mut environments = self.now.environments.values();
        self.executing.is_empty()
            && self.building.is_empty()
            && !self.now.runs.values().any(|run| is_claimed(&run.status))
            && !environments.any(|environment| is_claimed(&environment.status))
            && runs.any(|run| run.status == "queued")
    }

    /// Checks that a process that ended in order has left each of these claims, by token.
    pub fn judge_leave(&self, tokens: &[String]) -> Verdict {
        for (id, run) in &self.now.runs {
            if run
                .token
                .as_ref()
                .is_some_and(|token| tokens.contains(token))
            {
                return Err(format!("it ended and left run {id} claimed: {run:?}"));
            }
        }
        Ok(())
    }

    /// Checks the conditions that must hold when all work has ended.
    pub fn at_rest(&self) -> Verdict {
        for run in &self.promised {
            if !self.now.runs.contains_key(run) {
                return Err(format!("run {run} was promised and is not there"));
            }
        }
        for (id, run) in &self.now.runs {
            if !run.has_ended() {
                return Err(format!("run {id} is stuck: {run:?}"));
            }
        }
        match (self.executing.keys().next(), self.building.keys().next()) {
            (None, None) => Ok(()),
            (token, other) => Err(format!("still at work: {token:?} {other:?}")),
        }
    }
}

fn token(run: &RunRow) -> &str {
    run.token.as_deref().unwrap_or_default()
}

fn deny(reason: &str) -> Verdict {
    Err(reason.to_owned())
}

fn millis(duration: std::time::Duration) -> i64 {
    duration.as_millis() as i64
}

/// Returns whether a call proves this claim on that run or environment.
fn is_of(call: &Call<'_>, id: &str, token: &str) -> bool {
    call.proves()
        .is_some_and(|(of, claim)| of == id && claim.token == token)
}

/// Returns a call's name, with its subject and its caller.
pub fn words(call: &Call<'_>) -> String {
    let whole = format!("{call:?}");
    let name = whole.split(['(', ' ']).next().unwrap_or_default();
    match call {
        Call::Enqueue(runs) => {
            let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
            format!("{name} {}", ids.join(", "))
        }
        Call::ClaimNext(claim) => format!("{name} as {}", claim.token),
        Call::InsertClaimed(id, claim) | Call::ClaimRun(id, claim) => {
            format!("{name} {id} as {}", claim.token)
        }
        Call::ClaimEnvironment(id, claim, claimable) => {
            format!("{name} {id} ({claimable:?}) as {}", claim.token)
        }
        Call::Finish(id, claim, ending) => {
            let status = ending.status.as_str();
            format!("{name} {id} {} as {status}", claim.token)
        }
        Call::Cancel(id)
        | Call::SetEnvironment(id)
        | Call::Reclaim(id)
        | Call::AskForEnvironment(id)
        | Call::RequeueEnvironment(id)
        | Call::DeleteEnvironment(id, _) => format!("{name} {id}"),
        _ => match call.proves() {
            Some((id, claim)) => format!("{name} {id} {}", claim.token),
            None => name.to_owned(),
        },
    }
}
