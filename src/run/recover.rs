//! Taking runs back from processes of this machine that died, before anything new is started.

use super::ends;
use crate::fleet;
use crate::store::{RunRecord, StoreError};
use crate::workspace::Workspace;

/// Takes back what dead processes of this machine held and notes it in the runs' logs. Returns the runs as they are now:
/// queued again, or failed, as the settings want it.
///
/// # Errors
/// The store can't serve.
pub fn recover(workspace: &Workspace) -> Result<Vec<RunRecord>, StoreError> {
    let runs = fleet::recover(workspace, workspace.settings.worker.recovery)?;
    for run in &runs {
        ends::tell_taken_back(workspace, run, ends::RECOVERED, "Its process died")?;
    }
    Ok(runs)
}
