//! Describes calls of the store to an observer, which tests the store's rules: it sees each call before and after, and may
//! delay it, refuse it or withhold its answer.

use std::any::Any;

use super::{Claim, ClaimableState, Ending, NewRun, Result, Retry, StoreError};
use crate::base::clock::Timestamp;

/// A call that records, claims or ends runs or environments, or that reports living processes; all other calls are looks.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// Reads, or concerns neither runs nor environments.
    Look,
    /// Records runs in the queue.
    Enqueue(&'a [NewRun]),
    /// Records a run under a claim.
    InsertClaimed(&'a str, &'a Claim),
    /// Claims the run with this id.
    ClaimRun(&'a str, &'a Claim),
    /// Claims the next run.
    ClaimNext(&'a Claim),
    /// Renews the lease of a run.
    Heartbeat(&'a str, &'a Claim),
    /// Checks whether a claim holds.
    Watch(&'a str, &'a Claim),
    /// Ends a run with a result.
    Finish(&'a str, &'a Claim, &'a Ending),
    /// Returns a run to the queue after a failure.
    Retry(&'a str, &'a Claim, Retry),
    /// Returns a run to the queue without counting its attempt.
    Release(&'a str, &'a Claim),
    /// Takes runs from workers whose leases have expired.
    ExpireRuns,
    /// Fails runs whose environments failed.
    FailForEnvironments,
    /// Cancels a run, or requests its cancellation.
    Cancel(&'a str),
    /// Sets the environment of a run.
    SetEnvironment(&'a str),
    /// Corrects times that are too far in the future.
    CorrectTimes,
    /// Takes the claims of a dead process.
    Reclaim(&'a str),
    /// Records an environment unless it exists.
    EnsureEnvironment,
    /// Claims an environment to build it.
    ClaimEnvironment(&'a str, &'a Claim, ClaimableState),
    /// Moves an environment that is being built to another folder.
    MoveEnvironment(&'a str, &'a Claim),
    /// Makes a failed environment due again.
    AskForEnvironment(&'a str),
    /// Renews the lease of an environment.
    HeartbeatEnvironment(&'a str, &'a Claim),
    /// Ends a build that succeeded.
    CompleteEnvironment(&'a str, &'a Claim),
    /// Ends a build that failed.
    FailEnvironment(&'a str, &'a Claim),
    /// Returns an environment to the queue.
    ReleaseEnvironment(&'a str, &'a Claim),
    /// Requests that an environment is built again.
    RequeueEnvironment(&'a str),
    /// Takes environments from builders whose leases have expired.
    ExpireEnvironments,
    /// Deletes the record of an environment: in any state, or only if it has not been used lately.
    DeleteEnvironment(&'a str, bool),
    /// Registers a process that begins to work.
    Register(&'a str),
    /// Takes a lease by name, with this token.
    AcquireLease(&'a str),
    /// Releases a lease by name.
    ReleaseLease,
}

impl Call<'_> {
    /// Returns the run or environment and the claim that the call must prove.
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

/// Observes the calls of a process; see the module.
pub trait Observer: Send + Sync {
    /// Runs before a call, with the time that its caller saw.
    ///
    /// # Errors
    /// The call is not made, and the error is its answer.
    fn before(&self, call: &Call<'_>, now: Option<Timestamp>) -> Result<()>;

    /// Runs after a call, with the value that the method returns, or a unit for a look.
    ///
    /// # Errors
    /// The error replaces the answer of the call.
    fn after(
        &self,
        call: &Call<'_>,
        answer: std::result::Result<&dyn Any, &StoreError>,
    ) -> Result<()>;
}
