//! Removes one environment that a user names, unless a run needs it. [`crate::environment::collection`] removes unused ones by itself.

use super::find::{FindError, find};
use super::{Report, remove_environment};
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::store::{EnvironmentRecord, EnvironmentStatus, StoreError};
use crate::workspace::Workspace;

/// An environment cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveEnvironmentError {
    /// It was not found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Queued or running runs need it.
    #[error("environment {id} is needed by {runs} run{}", if *runs == 1 { "" } else { "s" })]
    Needed {
        /// The environment.
        id: String,
        /// How many runs.
        runs: u64,
    },
    /// It is being built.
    #[error("environment {id} is building")]
    Building {
        /// The environment.
        id: String,
    },
    /// A new run needs it, recorded while it was being removed.
    #[error("environment {id} is needed by a run that was queued meanwhile")]
    NeededSince {
        /// The environment.
        id: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for RemoveEnvironmentError {
    fn facts(&self) -> Facts {
        match self {
            Self::Find(error) => error.facts(),
            Self::Needed { .. } | Self::Building { .. } | Self::NeededSince { .. } => {
                Facts::new(Kind::Usage, code::ENVIRONMENT_IN_USE)
                    .hint("`ade runs ls` shows what needs it; try again when that has ended")
            }
            Self::Store(error) => error.facts(),
        }
    }
}

/// Removes the environment that `given` names and adds it to `report`; where `report` is of a dry run, nothing is removed.
/// A folder that cannot be deleted is added to its failures.
///
/// # Errors
/// There is none, a run needs it, or it is being built.
pub fn remove(
    workspace: &Workspace,
    given: &str,
    report: &mut Report,
) -> Result<(), RemoveEnvironmentError> {
    let environment = find(workspace, given)?;
    demand_unused(workspace, &environment)?;
    let dry_run = report.dry_run;
    let failed = report.failed.len();
    let removed = remove_environment(workspace, &environment, "asked for", None, dry_run, report)?;
    if removed || report.failed.len() > failed {
        return Ok(());
    }
    Err(RemoveEnvironmentError::NeededSince { id: environment.id })
}

fn demand_unused(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
) -> Result<(), RemoveEnvironmentError> {
    let id = environment.id.clone();
    let runs = workspace.store.live_runs_of_environment(&id)?;
    if runs > 0 {
        return Err(RemoveEnvironmentError::Needed { id, runs });
    }
    match environment.status {
        EnvironmentStatus::Building => Err(RemoveEnvironmentError::Building { id }),
        EnvironmentStatus::Queued | EnvironmentStatus::Ready | EnvironmentStatus::Failed => Ok(()),
    }
}
