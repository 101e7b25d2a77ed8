//! The calls to the store, as the judge tells them apart.

use std::fmt;

use ade::store::{Claim, Ending};

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
    pub(super) fn fenced(&self) -> Option<(&str, &Claim)> {
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

    pub(super) fn is_of(&self, id: &str, token: &str) -> bool {
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
