//! Why a run could not be brought to an end, and why one that has not ended cannot be used.

use crate::base::files::FileError;
use crate::base::problem::{Facts, Kind, Problem, become_error, code};
use crate::store::{RunRecord, StoreError};
use crate::workspace::pause::PausedRun;

/// A run could not be brought to an end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the run.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not begun: its configuration is paused.
    #[error(transparent)]
    Paused(#[from] PausedRun),
}

impl Problem for RunError {
    fn facts(&self) -> Facts {
        match self {
            Self::Store(error) => error.facts(),
            Self::File(error) => error.facts(),
            Self::Paused(error) => error.facts(),
        }
    }
}

/// A run is waiting or running, and what was asked for needs one that has ended.
#[derive(Debug, thiserror::Error)]
#[error("run {id} is {status}")]
pub struct NotEnded {
    /// The run.
    pub id: String,
    /// Where it stands.
    pub status: &'static str,
}

impl Problem for NotEnded {
    fn facts(&self) -> Facts {
        Facts::new(Kind::Usage, code::RUN_NOT_ENDED).hint("`ade runs cancel` ends it")
    }
}

become_error!(NotEnded);

/// The run has ended.
pub(crate) fn demand_ended(run: &RunRecord) -> Result<(), NotEnded> {
    if run.status.is_terminal() {
        return Ok(());
    }
    Err(NotEnded {
        id: run.id.clone(),
        status: run.status.as_str(),
    })
}
