//! Safe mode: runs are accepted and end at once, or are not accepted at all. No line of a configuration is executed for them, and
//! no environment is built. It is decided when a run is submitted, and recorded with it: the store ends such a run in the
//! transaction that records it.

use crate::base::problem::{Facts, Kind, Problem, become_error, code};
use crate::run::ending::ends;
pub use crate::settings::SafeMode;
use crate::settings::Settings;
use crate::store::{RunOptions, RunRecord};
use crate::workspace::Workspace;

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

become_error!(SafeModeRefusal);

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

/// The options of a run that is submitted now, with safe mode as it is now.
pub(crate) fn now_in(workspace: &Workspace, options: &RunOptions) -> RunOptions {
    RunOptions {
        safe_mode: workspace.settings.safe_mode == SafeMode::On,
        ..options.clone()
    }
}

/// Writes the log and the audit record of a run that was just submitted, where that ended it.
pub(crate) fn tell_if_skipped(workspace: &Workspace, run: &RunRecord) {
    if run.skipped_reason().is_some() {
        ends::report_ended(workspace, run);
    }
}
