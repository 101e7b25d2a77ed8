//! Safe mode: runs are accepted and end at once, or are not accepted at all. No code of a configuration is executed for them,
//! and no environment is built. This is decided when a run is submitted, and recorded with it: the store ends such a run in
//! the transaction that records it.

use crate::base::problem::{Error, code};
use crate::run::ending::ends;
pub use crate::settings::SafeMode;
use crate::settings::Settings;
use crate::store::{RunOptions, RunRecord};
use crate::workspace::Workspace;

/// Requires that runs are accepted.
///
/// # Errors
/// Runs are not accepted.
pub fn demand_acceptance(settings: &Settings) -> Result<(), Error> {
    match settings.safe_mode {
        SafeMode::Reject => {
            let message = "no runs are accepted: ADE_SAFE_MODE is reject";
            Err(Error::refused(code::SAFE_MODE_ENABLED, message)
                .hint("ask the operator to switch safe mode off; until then nothing is run"))
        }
        SafeMode::Off | SafeMode::On => Ok(()),
    }
}

/// Returns the options of a run that is submitted now, with the current safe mode.
pub(crate) fn now_in(workspace: &Workspace, options: &RunOptions) -> RunOptions {
    RunOptions {
        safe_mode: workspace.settings.safe_mode == SafeMode::On,
        ..options.clone()
    }
}

/// Writes the log and the audit record of a run that was just submitted, if safe mode ended it.
pub(crate) fn report_if_skipped(workspace: &Workspace, run: &RunRecord) {
    if run.skipped_reason().is_some() {
        ends::report_ended(workspace, run);
    }
}
