//! The changes that a call may make to environments.

use std::collections::BTreeMap;

use ade::store::{Call, ClaimableState};

use super::{BACK, Circumstances, DAY, FAR, Judge, LONGEST_BLINK, Verdict, deny, is_of};
use crate::simulation::snapshot::{EnvironmentRow, RunRow, Snapshot};
use crate::simulation::world::MOST_ATTEMPTS;

impl Judge {
    pub(super) fn judge_environments(
        &mut self,
        before: &Snapshot,
        call: &Call<'_>,
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
                if matches!(call, Call::EnsureEnvironment) {
                    continue;
                }
                return Err(format!("environment {id} came from nowhere"));
            };
            if old == environment {
                continue;
            }
            self.judge_environment(id, old, environment, call, around)
                .map_err(|reason| {
                    format!("environment {id}: {reason}\n  from {old:?}\n  to   {environment:?}")
                })?;
            if let Call::ClaimEnvironment(_, claim, _) = call {
                claimed = Some((*claim).clone());
            }
        }
        for id in before.environments.keys() {
            if self.now.environments.contains_key(id) {
                continue;
            }
            let is_needed_by = |runs: &BTreeMap<String, RunRow>| {
                let mut runs = runs.values();
                runs.any(|run| !run.has_ended() && run.environment.as_ref() == Some(id))
            };
            // The build has not begun, and the cancelled run was the last that wanted the environment.
            let old = &before.environments[id];
            let is_unwanted = old.status == "queued" && old.attempts == 0;
            if is_unwanted && matches!(call, Call::Cancel(_)) && !is_needed_by(&self.now.runs) {
                continue;
            }
            if is_needed_by(&before.runs)
                || !matches!(call, Call::DeleteEnvironment(taken, _) if taken == id)
            {
                return Err(format!("environment {id} vanished"));
            }
            if let Call::DeleteEnvironment(_, true) = call {
                self.judge_age(id, around)?;
            }
        }
        if let Some(claim) = claimed {
            self.note_claim(claim, around);
        }
        Ok(())
    }

    /// Checks that no environment is collected by its age for a day after a jump of the clock that is noticed. Later it is
    /// collected only if it was unused for that age on a clock that never jumps, plus all jumps forward.
    fn judge_age(&self, id: &str, around: &Circumstances<'_>) -> Verdict {
        // Each jump forward after a time makes the time since then longer.
        let since_with_jumps = |from: i64, jumps: &[(i64, i64)]| {
            around.steady - from + jumps.iter().map(|(_, by)| by.max(&0)).sum::<i64>()
        };
        for (number, (at, by)) in self.jumps.iter().enumerate() {
            // No process notices a jump that others take back before it looks at the clock.
            let around_it = self.jumps.iter().filter(|(other_at, other)| {
                (at - other_at).abs() < LONGEST_BLINK && other.signum() != by.signum()
            });
            let noticed = by + around_it.map(|(_, other)| other).sum::<i64>();
            let is_noticed = match *by > 0 {
                true => noticed > FAR,
                false => noticed < -BACK,
            };
            let passed = since_with_jumps(*at, &self.jumps[number + 1..]);
            if is_noticed && passed < DAY {
                return Err(format!(
                    "environment {id} goes {passed} ms after a jump of the clock"
                ));
            }
        }
        let Some((used, since)) = self.used.get(id) else {
            return Ok(());
        };
        let first = self.jumps.partition_point(|(at, _)| at < since);
        // The age by the wall clock is an upper limit.
        let age = since_with_jumps(*since, &self.jumps[first..]).min(around.moment.wall - used);
        if age < around.ttl {
            return Err(format!(
                "environment {id} was used {age} ms ago at most, and goes after {} ms",
                around.ttl
            ));
        }
        Ok(())
    }

    fn judge_environment(
        &self,
        id: &str,
        old: &EnvironmentRow,
        new: &EnvironmentRow,
        call: &Call<'_>,
        around: &Circumstances<'_>,
    ) -> Verdict {
        match (old.status.as_str(), new.status.as_str()) {
            (_, "building") if old.token != new.token => {
                let Call::ClaimEnvironment(_, claim, claimable) = call else {
                    return deny("it was not to be claimed");
                };
                if new.token.as_ref() != Some(&claim.token) {
                    return deny("the claim is not the one that was made");
                }
                let is_claimable = match (claimable, old.status.as_str()) {
                    (ClaimableState::Due, "queued") => old.available_at <= around.moment.wall,
                    (ClaimableState::Left(at), "building") => old.expires_at == Some(at.0),
                    _ => false,
                };
                if !is_claimable {
                    return deny("it was not to be claimed in this state");
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
            ("building", "building") => match (call, &old.token) {
                (Call::HeartbeatEnvironment(..), Some(token)) if is_of(call, id, token) => Ok(()),
                (Call::CorrectTimes, _) => Ok(()),
                (Call::MoveEnvironment(..), Some(token)) if is_of(call, id, token) => Ok(()),
                _ => deny("a builder's claim was changed"),
            },
            ("building", status) => {
                let token = old.token.as_deref().unwrap_or_default();
                match call {
                    Call::ExpireEnvironments => {
                        judge_taking_back(old, new, around)?;
                        self.judge_expiry(token, around)
                    }
                    Call::Reclaim(process) => {
                        judge_taking_back(old, new, around)?;
                        self.judge_reclaim(process, token, around)
                    }
                    Call::CompleteEnvironment(..)
                        if is_of(call, id, token) && status == "ready" =>
                    {
                        Ok(())
                    }
                    Call::FailEnvironment(..) if is_of(call, id, token) && status != "ready" => {
                        Ok(())
                    }
                    Call::ReleaseEnvironment(..)
                        if is_of(call, id, token) && status == "queued" =>
                    {
                        Ok(())
                    }
                    _ => deny("its builder's claim was ended by a process that does not hold it"),
                }
            }
            ("ready" | "failed" | "queued", "queued") => match call {
                Call::RequeueEnvironment(_)
                    if !around.is_asked_for && (around.has_been_whole)(&old.folder) =>
                {
                    deny("it is whole, and is sent back to be built")
                }
                Call::RequeueEnvironment(of) if *of == id && old.status == "ready" => Ok(()),
                Call::CorrectTimes if old.status == "queued" => Ok(()),
                Call::AskForEnvironment(of) if *of == id && old.status != "ready" => Ok(()),
                _ => deny("it was not to be built again"),
            },
            _ => deny("nothing leads from the one state to the other"),
        }
    }
}

/// Checks that a build whose builder left without a word is tried again after a while, and not for ever.
fn judge_taking_back(
    old: &EnvironmentRow,
    new: &EnvironmentRow,
    around: &Circumstances<'_>,
) -> Verdict {
    let (wanted, is_due) = match old.attempts < MOST_ATTEMPTS {
        true => ("queued", new.available_at <= around.moment.wall),
        false => ("failed", false),
    };
    if new.status != wanted || new.attempts != old.attempts {
        return Err(format!("it should be {wanted} now"));
    }
    match is_due {
        true => deny("it is tried again without a pause"),
        false => Ok(()),
    }
}
