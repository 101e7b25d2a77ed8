//! Removes one environment that a user names, unless a run needs it. [`crate::environment::collection`] removes unused ones by itself.

use super::find::find;
use super::{Report, remove_environment};
use crate::base::problem::{Error, code};
use crate::store::{EnvironmentRecord, EnvironmentStatus};
use crate::workspace::Workspace;

/// Removes the environment that `given` names and adds it to `report`; where `report` is of a dry run, nothing is removed.
/// A folder that cannot be deleted is added to its failures.
///
/// # Errors
/// There is none, a run needs it, or it is being built.
pub fn remove(workspace: &Workspace, given: &str, report: &mut Report) -> Result<(), Error> {
    let environment = find(workspace, given)?;
    demand_unused(workspace, &environment)?;
    let dry_run = report.dry_run;
    let failed = report.failed.len();
    let removed = remove_environment(workspace, &environment, "asked for", None, dry_run, report)?;
    if removed || report.failed.len() > failed {
        return Ok(());
    }
    Err(in_use(
        &environment.id,
        "needed by a run that was queued meanwhile",
    ))
}

fn demand_unused(workspace: &Workspace, environment: &EnvironmentRecord) -> Result<(), Error> {
    let id = &environment.id;
    let runs = workspace.store.live_runs_of_environment(id)?;
    if runs > 0 {
        let plural = if runs == 1 { "" } else { "s" };
        return Err(in_use(id, &format!("needed by {runs} run{plural}")));
    }
    match environment.status {
        EnvironmentStatus::Building => Err(in_use(id, "building")),
        EnvironmentStatus::Queued | EnvironmentStatus::Ready | EnvironmentStatus::Failed => Ok(()),
    }
}

pub(super) fn in_use(id: &str, what: &str) -> Error {
    Error::usage(code::IN_USE, format!("environment {id} is {what}"))
        .hint("`ade runs ls` shows what needs it; try again when that has ended")
}
