//! What a call may do to environments.

use super::{Circumstances, Judge, Operation, Verdict, deny};
use crate::simulation::snapshot::{EnvironmentRow, Snapshot};

impl Judge {
    pub(super) fn judge_environments(
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
            self.note_claim(claim, around);
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
}
