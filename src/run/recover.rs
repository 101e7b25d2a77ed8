//! Recovers runs whose process died: ends their claims, clears leftovers, and reports it in their logs.

use super::{ends, leftovers};
use crate::fleet;
use crate::store::{RunRecord, StoreError};
use crate::workspace::Workspace;

/// Recovers the claims of dead processes, and reports it in each run's log. Returns the runs as they are
/// now.
///
/// # Errors
/// The store cannot be used.
pub fn recover(workspace: &Workspace) -> Result<Vec<RunRecord>, StoreError> {
    let runs = fleet::recover(workspace, workspace.settings.worker.recovery)?;
    for run in &runs {
        // Where a worker has claimed the run meanwhile, it has cleared by itself.
        if run.status.is_terminal() {
            let folder = workspace.layout.run(&run.key.workspace_id, &run.id);
            leftovers::clear(&*workspace.machine, &folder);
        }
        ends::report_taken_back(workspace, run, ends::RECOVERED, "Its process died");
    }
    Ok(runs)
}
