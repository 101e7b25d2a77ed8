//! The calls to the store, as the judge tells them apart.

use std::fmt;

use ade::store::{Claim, Claimable, Ending, NewRun};

/// What a call to the store is meant to do, and for whom.
#[derive(Clone, Debug)]
pub enum Operation<'a> {
    /// Reads, or concerns neither runs nor environments.
    Look(&'static str),
    Enqueue(&'a [NewRun]),
    InsertClaimed(&'a str, &'a Claim),
    /// The run that is named.
    ClaimRun(&'a str, &'a Claim),
    /// The next ones, one under each claim.
    ClaimNext(&'a Claim),
    Heartbeat(&'a str, &'a Claim),
    Watch(&'a str, &'a Claim),
    Finish(&'a str, &'a Claim, &'a Ending),
    Retry(&'a str, &'a Claim),
    Release(&'a str, &'a Claim),
    ExpireRuns,
    FailForEnvironments,
    Cancel(&'a str),
    SetEnvironment(&'a str),
    CorrectTimes,
    Reclaim(&'a str),
    EnsureEnvironment,
    ClaimEnvironment {
        id: &'a str,
        claim: &'a Claim,
        claimable: Claimable,
    },
    MoveEnvironment(&'a str, &'a Claim),
    AskForEnvironment(&'a str),
    HeartbeatEnvironment(&'a str, &'a Claim),
    CompleteEnvironment(&'a str, &'a Claim),
    FailEnvironment(&'a str, &'a Claim),
    ReleaseEnvironment(&'a str, &'a Claim),
    RequeueEnvironment {
        id: &'a str,
        /// A user asked for it, although it is whole.
        is_asked_for: bool,
    },
    ExpireEnvironments,
    /// Where a collection does it, with its time to live in milliseconds.
    TakeEnvironment(&'a str, Option<i64>),
    /// No call of a process: a person deletes the record of an environment in the database itself.
    DeleteByHand(&'a str),
}

impl Operation<'_> {
    /// Whether the claim that the call must prove is over with it.
    pub fn ends_a_claim(&self) -> bool {
        self.fenced().is_some()
            && !matches!(
                self,
                Self::Heartbeat(..)
                    | Self::Watch(..)
                    | Self::HeartbeatEnvironment(..)
                    | Self::MoveEnvironment(..)
            )
    }

    /// The run or environment and the claim that the call must prove.
    pub(super) fn fenced(&self) -> Option<(&str, &Claim)> {
        match self {
            Self::Heartbeat(id, claim)
            | Self::Watch(id, claim)
            | Self::Finish(id, claim, _)
            | Self::Retry(id, claim)
            | Self::Release(id, claim)
            | Self::HeartbeatEnvironment(id, claim)
            | Self::MoveEnvironment(id, claim)
            | Self::CompleteEnvironment(id, claim)
            | Self::FailEnvironment(id, claim)
            | Self::ReleaseEnvironment(id, claim) => Some((id, claim)),
            _ => None,
        }
    }

    pub(super) fn is_of(&self, id: &str, token: &str) -> bool {
        self.fenced()
            .is_some_and(|(of, claim)| of == id && claim.token == token)
    }
}

impl fmt::Display for Operation<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Look(what) => write!(formatter, "{what}"),
            Self::Enqueue(runs) => {
                let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
                write!(formatter, "enqueue {}", ids.join(", "))
            }
            Self::InsertClaimed(run, claim) => {
                write!(formatter, "insert {run} under {}", claim.token)
            }
            Self::ClaimRun(run, claim) => write!(formatter, "claim {run} as {}", claim.token),
            Self::ClaimNext(claim) => write!(formatter, "claim the next as {}", claim.token),
            Self::Heartbeat(id, claim) => write!(formatter, "heartbeat {id} {}", claim.token),
            Self::Watch(id, claim) => write!(formatter, "watch {id} {}", claim.token),
            Self::Finish(id, claim, ending) => {
                let status = ending.status.as_str();
                write!(formatter, "finish {id} {} as {status}", claim.token)
            }
            Self::Retry(id, claim) => write!(formatter, "retry {id} {}", claim.token),
            Self::Release(id, claim) => write!(formatter, "release {id} {}", claim.token),
            Self::Cancel(run) => write!(formatter, "cancel {run}"),
            Self::SetEnvironment(run) => write!(formatter, "set the environment of {run}"),
            Self::Reclaim(process) => write!(formatter, "reclaim what {process} held"),
            Self::ClaimEnvironment {
                id,
                claim,
                claimable,
            } => write!(
                formatter,
                "claim environment {id} ({claimable:?}) as {}",
                claim.token
            ),
            Self::MoveEnvironment(id, claim) => {
                write!(formatter, "move environment {id} {}", claim.token)
            }
            Self::AskForEnvironment(id) => write!(formatter, "ask for environment {id}"),
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
            Self::RequeueEnvironment { id, .. } => write!(formatter, "requeue environment {id}"),
            Self::TakeEnvironment(id, _) => write!(formatter, "delete environment {id}"),
            Self::DeleteByHand(id) => write!(formatter, "delete environment {id} by hand"),
            Self::ExpireRuns
            | Self::FailForEnvironments
            | Self::CorrectTimes
            | Self::EnsureEnvironment
            | Self::ExpireEnvironments => write!(formatter, "{self:?}"),
        }
    }
}
