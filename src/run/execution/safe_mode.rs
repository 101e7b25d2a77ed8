//! Safe mode: runs are accepted and end at once, or are not accepted at all. No line of a configuration is executed for them, and
//! no environment is built.

use super::artifact::{self, Surroundings};
use super::attempt::Attempted;
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::run::ending::ends;
pub use crate::settings::SafeMode;
use crate::settings::Settings;
use crate::settings::paths::RunFolder;
use crate::store::{RunOptions, RunRecord, StoreError};
use crate::workspace::Workspace;

/// How many waiting runs are ended in one transaction.
const AT_ONCE: usize = 100;

/// No run is accepted.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no runs are accepted: ADE_SAFE_MODE is reject")]
pub struct SafeModeRefusal;

impl Problem for SafeModeRefusal {
    fn facts(&self) -> Facts {
        Facts::new(Kind::Refused, code::SAFE_MODE_ENABLED)
            .hint("the operator switches safe mode off; until then nothing is run")
    }
}

/// Whether runs are accepted.
///
/// # Errors
/// They are not.
pub fn demand_acceptance(settings: &Settings) -> Result<(), SafeModeRefusal> {
    match settings.safe_mode {
        SafeMode::Reject => Err(SafeModeRefusal),
        SafeMode::Off | SafeMode::On => Ok(()),
    }
}

/// The options of a run that is repeated, with safe mode as it is now, and not as it was then.
pub(crate) fn now_in(workspace: &Workspace, options: &RunOptions) -> RunOptions {
    RunOptions {
        safe_mode: workspace.settings.safe_mode == SafeMode::On,
        ..options.clone()
    }
}

/// Ends a run that was just put into the queue, in safe mode. Returns it as it is now.
///
/// # Errors
/// The store cannot be used.
pub(crate) fn end_if_on(workspace: &Workspace, run: RunRecord) -> Result<RunRecord, StoreError> {
    if workspace.settings.safe_mode != SafeMode::On {
        return Ok(run);
    }
    match end(workspace, Some(&run.id))?.pop() {
        Some(ended) => Ok(ended),
        // A worker was quicker.
        None => workspace.store.run(&run.key.workspace_id, &run.id),
    }
}

/// Ends runs that wait in the queue, some at a time. Returns them; none: no run waits.
///
/// # Errors
/// The store cannot be used.
pub fn end_waiting(workspace: &Workspace) -> Result<Vec<RunRecord>, StoreError> {
    end(workspace, None)
}

fn end(workspace: &Workspace, only: Option<&str>) -> Result<Vec<RunRecord>, StoreError> {
    let now = workspace.machine.now();
    let ending = Attempted::safe_mode().ending;
    let summary = ending.summary.as_deref().unwrap_or_default();
    let runs = workspace
        .store
        .skip_queued_runs(only, summary, AT_ONCE, now)?;
    for run in &runs {
        let folder = RunFolder::at(&run.run_dir);
        let around = Surroundings {
            environment: None,
            sandbox: None,
        };
        ends::report_ended(workspace, run);
        // The run has ended, and there is nothing in this record that is not in that of the run.
        let _ = artifact::write(workspace.files(), &folder, run, around, &ending, None, now);
    }
    Ok(runs)
}
