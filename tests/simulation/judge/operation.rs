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
    /// Its name, with what it is about and for whom.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = format!("{self:?}");
        let name = whole.split(['(', ' ']).next().unwrap_or_default();
        match self {
            Self::Look(what) => write!(formatter, "{what}"),
            Self::Enqueue(runs) => {
                let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
                write!(formatter, "{name} {}", ids.join(", "))
            }
            Self::ClaimNext(claim) => write!(formatter, "{name} as {}", claim.token),
            Self::InsertClaimed(id, claim) | Self::ClaimRun(id, claim) => {
                write!(formatter, "{name} {id} as {}", claim.token)
            }
            Self::ClaimEnvironment {
                id,
                claim,
                claimable,
            } => write!(formatter, "{name} {id} ({claimable:?}) as {}", claim.token),
            Self::Finish(id, claim, ending) => {
                let status = ending.status.as_str();
                write!(formatter, "{name} {id} {} as {status}", claim.token)
            }
            Self::Cancel(id)
            | Self::SetEnvironment(id)
            | Self::Reclaim(id)
            | Self::AskForEnvironment(id)
            | Self::RequeueEnvironment { id, .. }
            | Self::TakeEnvironment(id, _)
            | Self::DeleteByHand(id) => write!(formatter, "{name} {id}"),
            _ => match self.fenced() {
                Some((id, claim)) => write!(formatter, "{name} {id} {}", claim.token),
                None => write!(formatter, "{name}"),
            },
        }
    }
}
