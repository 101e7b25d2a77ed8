//! The reasons why a run could not be brought to an end, and why a run that has not ended cannot be used.

use crate::base::files::FileError;
use crate::base::problem::{Error, ErrorFacts, Problem, code};
use crate::store::{RunRecord, StoreError};
use crate::workspace::pause::PausedRun;

/// The reason why a run could not be brought to an end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the run cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The run is not begun: its configuration is paused.
    #[error(transparent)]
    Paused(#[from] PausedRun),
}

impl Problem for RunError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::Store(error) => error.facts(),
            Self::File(error) => error.facts(),
            Self::Paused(error) => error.facts(),
        }
    }
}

/// Requires that the run has ended.
///
/// # Errors
/// The run is waiting or running, but the request needs an ended one.
pub(crate) fn demand_ended(run: &RunRecord) -> Result<(), Error> {
    if run.status.is_terminal() {
        return Ok(());
    }
    let message = format!("run {} is {}", run.id, run.status.as_str());
    Err(Error::usage(code::RUN_NOT_ENDED, message).hint("`ade runs cancel` ends it"))
}
