//! What must hold, whatever happens.
//!
//! The judge looks at the database after every call that a process makes. It knows who made the call and what it was for, so
//! it can say of each change whether that call may make it: a transition that nothing allows is a violation, and so is one
//! that is allowed by the wrong claim, at the wrong time, or against a holder whose claim is good.
//!
//! A claim is *good* from the moment it was made or renewed for as long as its lease, on a clock that never jumps. A jump of
//! the wall clock shortens that to the time in which every living process gets to renew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ade::store::{Claim, Ending};

use super::snapshot::{EnvironmentRow, RunRow, Snapshot, Window};
use super::world::{JUMP, LEASE, Moment, SETTLE};

/// A healthy process that lost a claim stops its work within this: a renewal falls into it.
const NOTICED_WITHIN: i64 = 40_000;
/// Every process looks at the clock more often than this.
const LONGEST_BLINK: i64 = 300_000;

/// What a call to the store is meant to do, and for whom.
#[derive(Clone, Debug)]
pub enum Operation<'a> {
    /// Reads, or concerns neither runs nor environments.
    Look(&'static str),
    Enqueue(&'a str),
    InsertClaimed(&'a str, &'a Claim),
    /// The next one, or the one that is named.
    ClaimRun(Option<&'a str>, &'a Claim),
    Heartbeat(&'a str, &'a Claim),
    Watch(&'a str, &'a Claim),
    Finish(&'a str, &'a Claim, &'a Ending),
    Retry(&'a str, &'a Claim),
    Release(&'a str, &'a Claim),
    ExpireRuns,
    FailForEnvironments,
    Cancel(&'a str),
    MarkReported(&'a str),
    SetEnvironment(&'a str),
    CorrectTimes,
    Reclaim(&'a str),
    EnsureEnvironment,
    ClaimEnvironment {
        id: &'a str,
        claim: &'a Claim,
        take_over: bool,
    },
    HeartbeatEnvironment(&'a str, &'a Claim),
    CompleteEnvironment(&'a str, &'a Claim),
    FailEnvironment(&'a str, &'a Claim),
    ReleaseEnvironment(&'a str, &'a Claim),
    RequeueEnvironment(&'a str),
    ExpireEnvironments,
    TakeEnvironment(&'a str),
    /// No call of a process: a person deletes the record of an environment in the database itself.
    DeleteByHand(&'a str),
}

impl Operation<'_> {
    /// Whether the claim that the call must prove is over with it.
    pub fn ends_a_claim(&self) -> bool {
        self.fenced().is_some()
            && !matches!(
                self,
                Self::Heartbeat(..) | Self::Watch(..) | Self::HeartbeatEnvironment(..)
            )
    }

    /// The run or environment and the claim that the call must prove.
    fn fenced(&self) -> Option<(&str, &Claim)> {
        match self {
            Self::Heartbeat(id, claim)
            | Self::Watch(id, claim)
            | Self::Finish(id, claim, _)
            | Self::Retry(id, claim)
            | Self::Release(id, claim)
            | Self::HeartbeatEnvironment(id, claim)
            | Self::CompleteEnvironment(id, claim)
            | Self::FailEnvironment(id, claim)
            | Self::ReleaseEnvironment(id, claim) => Some((id, claim)),
            _ => None,
        }
    }

    fn is_of(&self, id: &str, token: &str) -> bool {
        self.fenced()
            .is_some_and(|(of, claim)| of == id && claim.token == token)
    }
}

impl fmt::Display for Operation<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Look(what) => write!(formatter, "{what}"),
            Self::Enqueue(run) => write!(formatter, "enqueue {run}"),
            Self::InsertClaimed(run, claim) => {
                write!(formatter, "insert {run} under {}", claim.token)
            }
            Self::ClaimRun(run, claim) => {
                let run = run.unwrap_or("the next run");
                write!(formatter, "claim {run} as {}", claim.token)
            }
            Self::Heartbeat(id, claim) => write!(formatter, "heartbeat {id} {}", claim.token),
            Self::Watch(id, claim) => write!(formatter, "watch {id} {}", claim.token),
            Self::Finish(id, claim, ending) => {
                let status = ending.status.as_str();
                write!(formatter, "finish {id} {} as {status}", claim.token)
            }
            Self::Retry(id, claim) => write!(formatter, "retry {id} {}", claim.token),
            Self::Release(id, claim) => write!(formatter, "release {id} {}", claim.token),
            Self::Cancel(run) => write!(formatter, "cancel {run}"),
            Self::MarkReported(run) => write!(formatter, "mark the end of {run} as reported"),
            Self::SetEnvironment(run) => write!(formatter, "set the environment of {run}"),
            Self::Reclaim(process) => write!(formatter, "reclaim what {process} held"),
            Self::ClaimEnvironment {
                id,
                claim,
                take_over,
            } => write!(
                formatter,
                "claim environment {id} as {}{}",
                claim.token,
                if *take_over { ", taking over" } else { "" }
            ),
            Self::HeartbeatEnvironment(id, claim) => {
                write!(formatter, "heartbeat environment {id} {}", claim.token)
            }
            Self::CompleteEnvironment(id, claim) => {
                write!(formatter, "complete environment {id} {}", claim.token)
            }
            Self::FailEnvironment(id, claim) => {
                write!(formatter, "fail environment {id} {}", claim.token)
            }
            Self::ReleaseEnvironment(id, claim) => {
                write!(formatter, "release environment {id} {}", claim.token)
            }
            Self::RequeueEnvironment(id) => write!(formatter, "requeue environment {id}"),
            Self::TakeEnvironment(id) => write!(formatter, "delete environment {id}"),
            Self::DeleteByHand(id) => write!(formatter, "delete environment {id} by hand"),
            Self::ExpireRuns
            | Self::FailForEnvironments
            | Self::CorrectTimes
            | Self::EnsureEnvironment
            | Self::ExpireEnvironments => write!(formatter, "{self:?}"),
        }
    }
}

/// A claim as its holder may count on it.
struct Lease {
    process: String,
    since: i64,
}

/// What the judge has to know of the world to judge a call.
pub struct Circumstances<'a> {
    /// When the caller looked at the clock.
    pub moment: Moment,
    /// The clock that never jumps, now.
    pub steady: i64,
    pub is_alive: &'a dyn Fn(&str) -> bool,
    /// Whether the files of an environment are in a folder.
    pub is_whole: &'a dyn Fn(&str) -> bool,
    /// Whether a process was asked to stop.
    pub is_stopped: &'a dyn Fn(&str) -> bool,
    /// When a process was last held up by something that excuses a lost lease.
    pub held_up: &'a dyn Fn(&str) -> i64,
}

/// See the module.
pub struct Judge {
    window: Window,
    now: Snapshot,
    leases: BTreeMap<String, Lease>,
    jumps: Vec<(i64, i64)>,
    /// Since when those at work are so in vain, by token.
    lost: BTreeMap<String, i64>,
    /// Since when those at work were to be cancelled, by token.
    cancelled: BTreeMap<String, i64>,
    /// Whose engine runs, by token.
    pub executing: BTreeMap<String, String>,
    /// Whose installer runs, by token.
    pub building: BTreeMap<String, String>,
    /// Runs whose enqueuer was told that they are queued.
    pub promised: BTreeSet<String>,
}

type Verdict = Result<(), String>;

impl Judge {
    pub fn new(window: Window) -> Self {
        let mut judge = Self {
            window,
            now: Snapshot::default(),
            leases: BTreeMap::new(),
            jumps: Vec::new(),
            lost: BTreeMap::new(),
            cancelled: BTreeMap::new(),
            executing: BTreeMap::new(),
            building: BTreeMap::new(),
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

    /// Whether this claim was ever given.
    pub fn was_made(&self, token: &str) -> bool {
        self.leases.contains_key(token)
    }

    pub fn clock_jumped(&mut self, steady: i64, by: i64) {
        self.jumps.push((steady, by));
    }

    /// Until when the holder of a token may count on it, on the steady clock.
    fn good_until(&self, token: &str) -> i64 {
        let Some(lease) = self.leases.get(token) else {
            return i64::MIN;
        };
        let mut until = lease.since + millis(LEASE);
        let since = self.jumps.iter().filter(|(at, _)| *at >= lease.since);
        for (at, by) in since {
            // A small one goes unnoticed and takes what it takes.
            until -= by.max(&0).min(&millis(JUMP));
            if by.abs() > millis(JUMP) / 2 {
                until = until.min(at + millis(SETTLE));
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

    /// Judges what a call did. `held` is what it answered about the claim that it had to prove.
    pub fn after(
        &mut self,
        operation: &Operation<'_>,
        held: Option<bool>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        if let (Some((id, claim)), Some(held)) = (operation.fenced(), held) {
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
            self.judge_runs(&before, operation, around)?;
            self.judge_environments(&before, operation, around)?;
            self.judge_attempts(&before)?;
        }
        match operation {
            Operation::Reclaim(process) => self.judge_reclaimed(process)?,
            Operation::Cancel(id) => {
                let run = self.now.runs.get(*id);
                if run.is_some_and(|run| !run.has_ended() && !run.cancel_requested) {
                    return Err(format!("nothing came of cancelling run {id}"));
                }
            }
            _ => {}
        }
        match operation {
            Operation::Heartbeat(_, claim) | Operation::HeartbeatEnvironment(_, claim)
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

    /// A healthy process stops its work on a run that is to be cancelled.
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
            let held_up = self
                .leases
                .get(token)
                .map_or(i64::MIN, |lease| (around.held_up)(&lease.process));
            if around.steady - since.max(held_up) > NOTICED_WITHIN {
                return Err(format!(
                    "the run {id} was to be cancelled at {since} and is still worked on"
                ));
            }
        }
        self.cancelled = cancelled;
        Ok(())
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
                    let held_up = self
                        .leases
                        .get(token)
                        .map_or(i64::MIN, |lease| (around.held_up)(&lease.process));
                    if around.steady - since.max(held_up) > NOTICED_WITHIN {
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

    fn judge_runs(
        &mut self,
        before: &Snapshot,
        operation: &Operation<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        let mut claimed = Vec::new();
        for (id, run) in &self.now.runs {
            sound(run).map_err(|reason| format!("run {id}: {reason}: {run:?}"))?;
            let Some(old) = before.runs.get(id) else {
                match operation {
                    Operation::Enqueue(new) if new == id && run.status == "queued" => {}
                    Operation::InsertClaimed(new, claim)
                        if new == id && run.token.as_ref() == Some(&claim.token) =>
                    {
                        claimed.push((*claim).clone());
                    }
                    _ => return Err(format!("run {id} came from nowhere")),
                }
                continue;
            };
            let parted = RunRow {
                environment: None,
                ..old.clone()
            };
            if matches!(operation, Operation::DeleteByHand(_)) && *run == parted {
                continue;
            }
            if old != run {
                self.judge_run(id, old, run, before, operation, around)
                    .map_err(|reason| {
                        format!("run {id}: {reason}\n  from {old:?}\n  to   {run:?}")
                    })?;
                if let Operation::ClaimRun(_, claim) = operation {
                    claimed.push((*claim).clone());
                }
            }
        }
        if let Some(id) = before
            .runs
            .keys()
            .find(|id| !self.now.runs.contains_key(*id))
        {
            return Err(format!("run {id} is lost"));
        }
        for claim in claimed {
            self.leases.insert(
                claim.token,
                Lease {
                    process: claim.process.unwrap_or_default(),
                    since: around.moment.steady,
                },
            );
        }
        Ok(())
    }

    fn judge_run(
        &self,
        id: &str,
        old: &RunRow,
        new: &RunRow,
        before: &Snapshot,
        operation: &Operation<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        if old.cancel_requested && !new.cancel_requested {
            return deny("the request to cancel is forgotten");
        }
        match (old.status.as_str(), new.status.as_str()) {
            ("queued", "running") => self.judge_claim(id, old, new, before, operation, around),
            ("queued", "queued") => match operation {
                Operation::CorrectTimes | Operation::SetEnvironment(_)
                    if old.attempts == new.attempts =>
                {
                    Ok(())
                }
                _ => deny("a waiting run was changed"),
            },
            ("queued", "cancelled") => match operation {
                Operation::Cancel(run) if *run == id => Ok(()),
                _ => deny("nobody cancelled it"),
            },
            ("queued", "failed") => {
                let has_failed = old
                    .environment
                    .as_ref()
                    .is_some_and(|environment| before.environments[environment].status == "failed");
                match operation {
                    Operation::FailForEnvironments if has_failed => Ok(()),
                    _ => deny("its environment did not fail"),
                }
            }
            ("running", "running") => self.judge_kept(id, old, new, operation),
            ("running", _) => {
                self.judge_leaving(id, old, new, operation, around)?;
                self.judge_taking_back(id, old, operation, around)
            }
            (_, status) if old.status == status => {
                let mut may_be = old.clone();
                may_be.environment.clone_from(&new.environment);
                may_be.reported = new.reported;
                if may_be != *new || (old.reported && !new.reported) {
                    return deny("an ended run was changed");
                }
                match operation {
                    Operation::MarkReported(run) if *run == id => Ok(()),
                    Operation::TakeEnvironment(_) if old.reported == new.reported => Ok(()),
                    _ => deny("an ended run was changed"),
                }
            }
            _ => deny("an ended run went on"),
        }
    }

    fn judge_claim(
        &self,
        id: &str,
        old: &RunRow,
        new: &RunRow,
        before: &Snapshot,
        operation: &Operation<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        let Operation::ClaimRun(named, claim) = operation else {
            return deny("it was not to be claimed");
        };
        let now = around.moment.wall;
        if let Some(named) = named {
            let is_due = old.available_at <= now && old.attempts < old.most;
            if *named != id || !is_due {
                return deny("it was not this run that was to be claimed, or not now");
            }
            return self.judge_claimed(old, new, claim, now);
        }
        let is_eligible = |run: &RunRow| {
            run.status == "queued"
                && run.available_at <= now
                && run.attempts < run.most
                && run
                    .environment
                    .as_ref()
                    .is_some_and(|environment| before.environments[environment].status == "ready")
        };
        let place = |id: &str, run: &RunRow| (run.available_at, run.created_at, id.to_owned());
        let first = before
            .runs
            .iter()
            .filter(|(_, run)| is_eligible(run))
            .map(|(id, run)| place(id, run))
            .min();
        if first != Some(place(id, old)) {
            return Err(format!("it was not its turn, but {first:?}"));
        }
        self.judge_claimed(old, new, claim, now)
    }

    fn judge_claimed(&self, old: &RunRow, new: &RunRow, claim: &Claim, now: i64) -> Verdict {
        let as_claimed = new.token.as_ref() == Some(&claim.token)
            && new.attempts == old.attempts + 1
            && new.expires_at == Some(now + millis(LEASE))
            && new.claimed_by.as_ref() == Some(&claim.worker)
            && new.process == claim.process;
        if as_claimed && !self.leases.contains_key(&claim.token) {
            Ok(())
        } else {
            deny("the claim is not the one that was made")
        }
    }

    fn judge_kept(
        &self,
        id: &str,
        old: &RunRow,
        new: &RunRow,
        operation: &Operation<'_>,
    ) -> Verdict {
        let mut may_be = old.clone();
        match operation {
            Operation::Heartbeat(..) if operation.is_of(id, token(old)) => {
                may_be.expires_at = new.expires_at
            }
            Operation::Cancel(run) if *run == id => may_be.cancel_requested = true,
            Operation::CorrectTimes if new.expires_at < old.expires_at => {
                may_be.expires_at = new.expires_at
            }
            _ => return deny("a running run was changed"),
        }
        if may_be == *new {
            Ok(())
        } else {
            deny("a running run was changed")
        }
    }

    /// Where a claim ends, the run's next state follows from what is left and what was asked for.
    fn judge_leaving(
        &self,
        id: &str,
        old: &RunRow,
        new: &RunRow,
        operation: &Operation<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        if new.has_ended() && new.reported {
            return deny("its end counts as reported already");
        }
        if let Operation::Finish(_, _, ending) = operation {
            let holder = old.process.as_deref().unwrap_or_default();
            let was_asked_for = old.cancel_requested || (around.is_stopped)(holder);
            if new.status == "cancelled" && !was_asked_for {
                return deny("nobody asked for it to be cancelled");
            }
            let as_found =
                new.status == ending.status.as_str() && new.exit_code == ending.exit_code;
            return match new.has_ended() && as_found {
                true => Ok(()),
                false => deny("what was recorded is not what was found"),
            };
        }
        let is_release = matches!(operation, Operation::Release(run, _) if *run == id);
        let wanted = if old.cancel_requested {
            "cancelled"
        } else if !is_release && old.attempts >= old.most {
            "failed"
        } else {
            "queued"
        };
        if new.status != wanted {
            return Err(format!("it should be {wanted} now"));
        }
        let given_back = u32::from(is_release && wanted == "queued");
        if new.attempts != old.attempts - given_back {
            return deny("its attempts were miscounted");
        }
        Ok(())
    }

    /// A claim is ended by its holder; by others only when it is no longer good.
    fn judge_taking_back(
        &self,
        id: &str,
        old: &RunRow,
        operation: &Operation<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        let token = token(old);
        match operation {
            Operation::Finish(..) | Operation::Retry(..) | Operation::Release(..)
                if operation.is_of(id, token) =>
            {
                Ok(())
            }
            Operation::Finish(..) | Operation::Retry(..) | Operation::Release(..) => {
                deny("its claim was ended by a process that does not hold it")
            }
            Operation::ExpireRuns => self.judge_expiry(token, around),
            Operation::Reclaim(process) => self.judge_reclaim(process, token, around),
            _ => deny("nothing ends its claim"),
        }
    }

    /// What a dead process held goes back at once, not with its leases.
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
        let jumped = self.jumps.iter().any(|(at, _)| *at >= lease.since);
        if at_work && !jumped && (around.held_up)(&lease.process) < lease.since {
            return Err(format!(
                "{} was well all the time and yet lost the lease",
                lease.process
            ));
        }
        Ok(())
    }

    fn judge_environments(
        &mut self,
        before: &Snapshot,
        operation: &Operation<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        let mut claimed = None;
        for (id, environment) in &self.now.environments {
            if (environment.status == "building") != environment.token.is_some()
                || environment.token.is_some() != environment.expires_at.is_some()
            {
                return Err(format!("environment {id} is half claimed: {environment:?}"));
            }
            let Some(old) = before.environments.get(id) else {
                if matches!(operation, Operation::EnsureEnvironment) {
                    continue;
                }
                return Err(format!("environment {id} came from nowhere"));
            };
            if old == environment {
                continue;
            }
            self.judge_environment(id, old, environment, operation, around)
                .map_err(|reason| {
                    format!("environment {id}: {reason}\n  from {old:?}\n  to   {environment:?}")
                })?;
            if let Operation::ClaimEnvironment { claim, .. } = operation {
                claimed = Some((*claim).clone());
            }
        }
        for id in before.environments.keys() {
            let by_hand = matches!(operation, Operation::DeleteByHand(deleted) if deleted == id);
            if by_hand || self.now.environments.contains_key(id) {
                continue;
            }
            let needed = before
                .runs
                .values()
                .any(|run| !run.has_ended() && run.environment.as_ref() == Some(id));
            if needed || !matches!(operation, Operation::TakeEnvironment(taken) if taken == id) {
                return Err(format!("environment {id} vanished"));
            }
        }
        if let Some(claim) = claimed {
            self.leases.insert(
                claim.token,
                Lease {
                    process: claim.process.unwrap_or_default(),
                    since: around.moment.steady,
                },
            );
        }
        Ok(())
    }

    fn judge_environment(
        &self,
        id: &str,
        old: &EnvironmentRow,
        new: &EnvironmentRow,
        operation: &Operation<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        match (old.status.as_str(), new.status.as_str()) {
            (_, "building") if old.token != new.token => {
                let Operation::ClaimEnvironment { claim, .. } = operation else {
                    return deny("it was not to be claimed");
                };
                if old.status == "ready" || new.token.as_ref() != Some(&claim.token) {
                    return deny("the claim is not the one that was made");
                }
                match &old.token {
                    Some(token)
                        if self.building.contains_key(token)
                            && self.good_until(token) > around.steady =>
                    {
                        Err(format!("{token} is at work on it"))
                    }
                    _ => Ok(()),
                }
            }
            ("building", "building") => match (operation, &old.token) {
                (Operation::HeartbeatEnvironment(..), Some(token))
                    if operation.is_of(id, token) =>
                {
                    Ok(())
                }
                (Operation::CorrectTimes, _) => Ok(()),
                _ => deny("a builder's claim was changed"),
            },
            ("building", status) => {
                let token = old.token.as_deref().unwrap_or_default();
                match operation {
                    Operation::ExpireEnvironments if status != "ready" => {
                        self.judge_expiry(token, around)
                    }
                    Operation::Reclaim(process) if status != "ready" => {
                        self.judge_reclaim(process, token, around)
                    }
                    Operation::CompleteEnvironment(..)
                        if operation.is_of(id, token) && status == "ready" =>
                    {
                        Ok(())
                    }
                    Operation::FailEnvironment(..)
                        if operation.is_of(id, token) && status != "ready" =>
                    {
                        Ok(())
                    }
                    Operation::ReleaseEnvironment(..)
                        if operation.is_of(id, token) && status == "queued" =>
                    {
                        Ok(())
                    }
                    _ => deny("its builder's claim was ended by a process that does not hold it"),
                }
            }
            ("ready" | "failed" | "queued", "queued") => match operation {
                Operation::RequeueEnvironment(_) if (around.is_whole)(&new.folder) => {
                    deny("it is whole, and is sent back to be built")
                }
                Operation::RequeueEnvironment(of) if *of == id && old.status == "ready" => Ok(()),
                Operation::CorrectTimes if old.status == "queued" => Ok(()),
                _ => deny("it was not to be built again"),
            },
            _ => deny("nothing leads from the one state to the other"),
        }
    }

    fn judge_attempts(&self, before: &Snapshot) -> Verdict {
        for (id, run) in &self.now.runs {
            for attempt in 1..=run.attempts {
                let Some(row) = self.now.attempts.get(&(id.clone(), attempt)) else {
                    return Err(format!("run {id}: attempt {attempt} is not recorded"));
                };
                let goes_on = attempt == run.attempts && run.status == "running";
                if row.has_ended == goes_on || row.outcome.is_some() != row.has_ended {
                    return Err(format!(
                        "run {id} is {}: its attempt {attempt} is recorded as {row:?}",
                        run.status
                    ));
                }
                let succeeded = run.status == "succeeded" && attempt == run.attempts;
                if succeeded != (row.outcome.as_deref() == Some("succeeded")) {
                    return Err(format!(
                        "run {id} is {}: its attempt {attempt} is {row:?}",
                        run.status
                    ));
                }
            }
        }
        for (key, old) in &before.attempts {
            let Some(new) = self.now.attempts.get(key) else {
                return Err(format!("the attempt {key:?} is lost"));
            };
            // One that was given back is begun again.
            if old.has_ended && old != new && old.outcome.as_deref() != Some("released") {
                return Err(format!("the attempt {key:?} ended twice: {old:?}, {new:?}"));
            }
        }
        Ok(())
    }

    /// Whether no process works or has a claim, although runs wait.
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

    /// A process that ended in order has left every claim of these, by token.
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

    /// What must hold when all work has ended.
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
            if !run.reported {
                return Err(format!("the end of run {id} was never reported: {run:?}"));
            }
        }
        match (self.executing.keys().next(), self.building.keys().next()) {
            (None, None) => Ok(()),
            (token, other) => Err(format!("still at work: {token:?} {other:?}")),
        }
    }
}

/// What holds of a run's record at any moment.
fn sound(run: &RunRow) -> Verdict {
    if run.attempts > run.most {
        return deny("more attempts than may be");
    }
    let running = run.status == "running";
    if [
        run.token.is_some(),
        run.claimed_by.is_some(),
        run.expires_at.is_some(),
    ] != [running; 3]
    {
        return deny("it is half claimed");
    }
    if !running && run.process.is_some() {
        return deny("a process holds what nobody claims");
    }
    if run.completed_at.is_some() != run.has_ended() {
        return deny("it has half ended");
    }
    if run.status == "queued" && run.cancel_requested {
        return deny("it was to be cancelled, and waits");
    }
    Ok(())
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
