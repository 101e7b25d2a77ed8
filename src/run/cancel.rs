//! Cancels a run: a queued one at once; for a running one it records a request, which the worker checks every half second
//! ([`crate::lease`]).

use super::ends;
use crate::problem::{Facts, Kind, Problem, code};
use crate::store::{CancelOutcome, RunRecord, StoreError};
use crate::workspace::Workspace;

/// A run cannot be cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// It has ended.
    #[error("run {id} has ended already: {status}")]
    Ended {
        /// The run.
        id: String,
        /// How.
        status: &'static str,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for CancelError {
    fn facts(&self) -> Facts {
        match self {
            Self::Ended { .. } => Facts::new(Kind::Usage, code::RUN_ENDED),
            Self::Store(error) => error.facts(),
        }
    }
}

/// What a request to cancel did.
#[derive(Debug)]
pub enum Cancelled {
    /// The run was queued and is cancelled.
    AtOnce(Box<RunRecord>),
    /// The run is being executed; its worker was asked to stop it.
    Requested(Box<RunRecord>),
}

/// Cancels the run that `given` names. Asking twice changes nothing.
///
/// # Errors
/// There is no such run, or it has ended.
pub fn cancel(workspace: &Workspace, given: &str) -> Result<Cancelled, CancelError> {
    let store = &workspace.store;
    let run = store.run(workspace.id(), given)?;
    match store.request_cancel(&run.id, workspace.machine.now())? {
        CancelOutcome::Cancelled(run) => {
            ends::report_once(workspace, &run)?;
            Ok(Cancelled::AtOnce(run))
        }
        CancelOutcome::Requested(run) => Ok(Cancelled::Requested(run)),
        CancelOutcome::Ended(run) => Err(CancelError::Ended {
            status: run.status.as_str(),
            id: run.id.clone(),
        }),
    }
}
