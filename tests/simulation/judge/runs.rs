//! The changes that a call may make to runs and their attempts.

use std::collections::BTreeSet;

use ade::store::{Call, Claim, Retry};

use super::{Circumstances, Judge, Turn, Verdict, deny, is_of, millis, token};
use crate::simulation::snapshot::{RunRow, Snapshot};

impl Judge {
    pub(super) fn judge_runs(
        &mut self,
        before: &Snapshot,
        call: &Call<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        let mut claimed = Vec::new();
        let mut in_turn = Vec::new();
        for (id, run) in &self.now.runs {
            sound(run).map_err(|reason| format!("run {id}: {reason}: {run:?}"))?;
            let Some(old) = before.runs.get(id) else {
                match call {
                    Call::Enqueue(new)
                        if new.iter().any(|new| new.id == *id) && run.status == "queued" => {}
                    Call::InsertClaimed(new, claim)
                        if new == id && run.token.as_ref() == Some(&claim.token) =>
                    {
                        claimed.push((*claim).clone());
                    }
                    _ => return Err(format!("run {id} came from nowhere")),
                }
                continue;
            };
            if old != run {
                self.judge_run(id, old, run, before, call, around)
                    .map_err(|reason| {
                        format!("run {id}: {reason}\n  from {old:?}\n  to   {run:?}")
                    })?;
                match call {
                    Call::ClaimRun(_, claim) => claimed.push((*claim).clone()),
                    Call::ClaimNext(claim) => {
                        claimed.push((*claim).clone());
                        in_turn.push(old.clone());
                    }
                    _ => {}
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
            self.note_claim(claim, around);
        }
        for run in in_turn {
            self.note_turn(before, &run, around.moment.wall);
        }
        Ok(())
    }

    fn judge_run(
        &self,
        id: &str,
        old: &RunRow,
        new: &RunRow,
        before: &Snapshot,
        call: &Call<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        if old.cancel_requested && !new.cancel_requested {
            return deny("the request to cancel is forgotten");
        }
        match (old.status.as_str(), new.status.as_str()) {
            ("queued", "running") => self.judge_claim(id, old, new, before, call, around),
            ("queued", "queued") => match call {
                Call::CorrectTimes | Call::SetEnvironment(_) if old.attempts == new.attempts => {
                    Ok(())
                }
                _ => deny("a waiting run was changed"),
            },
            ("queued", "cancelled") => match call {
                Call::Cancel(run) if *run == id => Ok(()),
                _ => deny("nobody cancelled it"),
            },
            ("queued", "failed") => {
                let has_failed = old
                    .environment
                    .as_ref()
                    .is_some_and(|environment| before.environments[environment].status == "failed");
                match call {
                    Call::FailForEnvironments if has_failed && !before.is_paused => Ok(()),
                    _ => deny("its environment did not fail"),
                }
            }
            ("running", "running") => self.judge_kept(id, old, new, call),
            ("running", _) => {
                self.judge_leaving(id, old, new, call, around)?;
                self.judge_taking_back(id, old, call, around)
            }
            (_, status) if old.status == status => deny("an ended run was changed"),
            _ => deny("an ended run went on"),
        }
    }

    fn judge_claim(
        &self,
        id: &str,
        old: &RunRow,
        new: &RunRow,
        before: &Snapshot,
        call: &Call<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        let now = around.moment.wall;
        if before.is_paused {
            return deny("it is paused");
        }
        let claim = match call {
            Call::ClaimRun(named, claim) => {
                let is_due = old.available_at <= now && old.attempts < old.most;
                if *named != id || !is_due {
                    return deny("it was not this run that was to be claimed, or not now");
                }
                return self.judge_claimed(old, new, claim, now);
            }
            Call::ClaimNext(claim) => claim,
            _ => return deny("it was not to be claimed"),
        };
        let eligible = eligible(before, now);
        let place = |id: &str, run: &RunRow| (run.available_at, run.created_at, id.to_owned());
        let of = turn_of(old);
        let own = eligible.iter().filter(|(_, run)| turn_of(run) == of);
        let first = own.map(|(id, run)| place(id, run)).min();
        if first != Some(place(id, old)) {
            return Err(format!(
                "of its submitter's it was not its turn, but {first:?}"
            ));
        }
        for (other, run) in &eligible {
            let theirs = turn_of(run);
            if theirs.1 < of.1 {
                return Err(format!("run {other} has a higher priority"));
            }
            let passed = self.passed.get(&theirs);
            if theirs.1 == of.1 && theirs != of && passed.is_some_and(|passed| passed.contains(&of))
            {
                return Err(format!(
                    "run {other} was passed over before in favour of {of:?}"
                ));
            }
        }
        self.judge_claimed(old, new, claim, now)
    }

    /// Notes that a run was claimed in turn: all others whose runs could have been claimed have seen it.
    fn note_turn(&mut self, before: &Snapshot, served: &RunRow, now: i64) {
        let served = turn_of(served);
        let others: BTreeSet<Turn> = eligible(before, now)
            .into_iter()
            .map(|(_, run)| turn_of(run))
            .collect();
        // A turn without a run that could be claimed is not passed over.
        self.passed.retain(|of, _| others.contains(of));
        self.passed.remove(&served);
        for other in others {
            if other.1 == served.1 && other != served {
                self.passed.entry(other).or_default().insert(served.clone());
            }
        }
    }

    /// Forgets the turns without a waiting run, which come back as new ones.
    pub(super) fn forget_turns(&mut self) {
        let runs = self.now.runs.values();
        let waiting = runs.filter(|run| run.status == "queued" && run.environment.is_some());
        let waiting: BTreeSet<Turn> = waiting.map(turn_of).collect();
        self.passed.retain(|of, _| waiting.contains(of));
        for passed in self.passed.values_mut() {
            passed.retain(|of| waiting.contains(of));
        }
    }

    fn judge_claimed(&self, old: &RunRow, new: &RunRow, claim: &Claim, now: i64) -> Verdict {
        let as_claimed = new.token.as_ref() == Some(&claim.token)
            && new.attempts == old.attempts + 1
            && new.expires_at == Some(now + millis(claim.lease))
            && new.claimed_by.as_ref() == Some(&claim.worker)
            && new.process == claim.process;
        if as_claimed && !self.leases.contains_key(&claim.token) {
            Ok(())
        } else {
            deny("the claim is not the one that was made")
        }
    }

    fn judge_kept(&self, id: &str, old: &RunRow, new: &RunRow, call: &Call<'_>) -> Verdict {
        let mut may_be = old.clone();
        match call {
            Call::Heartbeat(..) if is_of(call, id, token(old)) => {
                may_be.expires_at = new.expires_at
            }
            Call::Cancel(run) if *run == id => may_be.cancel_requested = true,
            Call::CorrectTimes if new.expires_at < old.expires_at => {
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

    /// Checks that, when a claim ends, the run's next state follows from its remaining attempts and the requests for it.
    fn judge_leaving(
        &self,
        id: &str,
        old: &RunRow,
        new: &RunRow,
        call: &Call<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        if let Call::Finish(_, _, ending) = call {
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
        // An attempt that fails through no fault of the run does not count.
        let is_release = matches!(call, Call::Release(run, _) | Call::Retry(run, _, Retry::Free(_)) if *run == id);
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

    /// Checks that a claim is ended by its holder, or by others when it is no longer good.
    fn judge_taking_back(
        &self,
        id: &str,
        old: &RunRow,
        call: &Call<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        let token = token(old);
        match call {
            Call::Finish(..) | Call::Retry(..) | Call::Release(..) if is_of(call, id, token) => {
                Ok(())
            }
            Call::Finish(..) | Call::Retry(..) | Call::Release(..) => {
                deny("its claim was ended by a process that does not hold it")
            }
            Call::ExpireRuns => self
                .judge_expiry(token, around)
                .and_then(|()| self.judge_forgotten(token, around)),
            Call::Reclaim(process) => self.judge_reclaim(process, token, around),
            _ => deny("nothing ends its claim"),
        }
    }

    pub(super) fn judge_attempts(&self, before: &Snapshot) -> Verdict {
        for (id, run) in &self.now.runs {
            for attempt in 1..=run.attempts {
                let recorded = self.now.attempts.get(&(id.clone(), attempt));
                if attempt == run.attempts && run.status == "running" {
                    // The attempt is recorded when it ends; until then, the record may be of a released attempt with its number.
                    if recorded.is_some_and(|row| row.outcome.as_deref() != Some("released")) {
                        return Err(format!(
                            "run {id} is running: its attempt has ended: {recorded:?}"
                        ));
                    }
                    continue;
                }
                let Some(row) = recorded else {
                    return Err(format!("run {id}: attempt {attempt} is not recorded"));
                };
                if !row.has_ended || row.outcome.is_none() {
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
            // A released attempt begins again.
            if old.has_ended && old != new && old.outcome.as_deref() != Some("released") {
                return Err(format!("the attempt {key:?} ended twice: {old:?}, {new:?}"));
            }
        }
        Ok(())
    }
}

/// Checks the conditions that hold for a run's record at any moment.
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

/// Returns the turn in which this run is claimed.
fn turn_of(run: &RunRow) -> Turn {
    let (priority, submitter) = run.turn.clone();
    (
        run.environment.clone().unwrap_or_default(),
        priority,
        submitter,
    )
}

/// Returns the runs that could be claimed.
fn eligible(at: &Snapshot, now: i64) -> Vec<(&String, &RunRow)> {
    let is_eligible = |run: &RunRow| {
        run.status == "queued"
            && run.available_at <= now
            && run.attempts < run.most
            && run
                .environment
                .as_ref()
                .is_some_and(|environment| at.environments[environment].status == "ready")
    };
    at.runs.iter().filter(|(_, run)| is_eligible(run)).collect()
}
