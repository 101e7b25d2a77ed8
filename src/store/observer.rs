//! What a call of the store is about, for who observes calls to prove that the rules hold: it sees each before and after, and may delay it,
//! refuse it or keep its answer back.

use std::any::Any;

use super::{Claim, Claimable, Ending, NewRun, Result, Retry, StoreError};
use crate::base::clock::Timestamp;

/// A call that records, claims or ends runs or environments, or that says who is alive; all others are looks.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// Reads, or concerns neither runs nor environments.
    Look,
    /// Records runs that wait.
    Enqueue(&'a [NewRun]),
    /// Records a run under a claim.
    InsertClaimed(&'a str, &'a Claim),
    /// Claims the run that is named.
    ClaimRun(&'a str, &'a Claim),
    /// Claims the next run.
    ClaimNext(&'a Claim),
    /// Renews the lease of a run.
    Heartbeat(&'a str, &'a Claim),
    /// Looks whether a claim holds.
    Watch(&'a str, &'a Claim),
    /// Ends a run.
    Finish(&'a str, &'a Claim, &'a Ending),
    /// Gives a run back after a failure.
    Retry(&'a str, &'a Claim, Retry),
    /// Gives a run back.
    Release(&'a str, &'a Claim),
    /// Takes runs from those whose leases are over.
    ExpireRuns,
    /// Fails runs whose environments failed.
    FailForEnvironments,
    /// Cancels a run, or asks for it.
    Cancel(&'a str),
    /// Gives a run its environment.
    SetEnvironment(&'a str),
    /// Corrects times that are too far away.
    CorrectTimes,
    /// Takes what a dead process had.
    Reclaim(&'a str),
    /// Records an environment.
    EnsureEnvironment,
    /// Claims an environment, to build it.
    ClaimEnvironment(&'a str, &'a Claim, Claimable),
    /// Moves an environment that is being built.
    MoveEnvironment(&'a str, &'a Claim),
    /// Makes a failed environment due again.
    AskForEnvironment(&'a str),
    /// Renews the lease of an environment.
    HeartbeatEnvironment(&'a str, &'a Claim),
    /// Ends a build that succeeded.
    CompleteEnvironment(&'a str, &'a Claim),
    /// Ends a build that failed.
    FailEnvironment(&'a str, &'a Claim),
    /// Gives an environment back.
    ReleaseEnvironment(&'a str, &'a Claim),
    /// Has an environment built anew.
    RequeueEnvironment(&'a str),
    /// Takes environments from those whose leases are over.
    ExpireEnvironments,
    /// Deletes the record of an environment: whatever its state, or only where it is cold.
    DeleteEnvironment(&'a str, bool),
    /// A process is at work from now on.
    Register(&'a str),
    /// Takes a lease by name, with this token.
    AcquireLease(&'a str),
    /// Gives it back.
    ReleaseLease,
}

impl Call<'_> {
    /// The run or environment and the claim that the call must prove.
    pub fn proves(&self) -> Option<(&str, &Claim)> {
        match self {
            Self::Heartbeat(id, claim)
            | Self::Watch(id, claim)
            | Self::Finish(id, claim, _)
            | Self::Retry(id, claim, _)
            | Self::Release(id, claim)
            | Self::HeartbeatEnvironment(id, claim)
            | Self::MoveEnvironment(id, claim)
            | Self::CompleteEnvironment(id, claim)
            | Self::FailEnvironment(id, claim)
            | Self::ReleaseEnvironment(id, claim) => Some((id, claim)),
            _ => None,
        }
    }
}

/// Observes the calls of a process. See the module.
pub trait Observer: Send + Sync {
    /// Before a call, with the time that its caller saw.
    ///
    /// # Errors
    /// The call is not made, and this is its answer.
    fn before(&self, call: &Call<'_>, now: Option<Timestamp>) -> Result<()>;

    /// After a call, with what the method returns, a unit for a look.
    ///
    /// # Errors
    /// This takes the place of its answer.
    fn after(
        &self,
        call: &Call<'_>,
        answer: std::result::Result<&dyn Any, &StoreError>,
    ) -> Result<()>;
}
