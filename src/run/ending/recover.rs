//! Recovers runs whose process died: ends their claims, clears leftovers, and reports it in their logs.
//!
//! Workers and `ade run` recover runs before they claim. Every command that reads runs does so too, so that none shows a run
//! as running, waits for it or refuses to remove it when only its dead process holds it.

use std::time::Duration;

use super::{ends, leftovers};
use crate::base::cancel::Cancel;
use crate::events::names;
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, StoreError};
use crate::workspace::Workspace;
use crate::workspace::fleet;

/// Ends the claims of dead processes, and reports it in each run's log. Returns the current runs.
pub fn recover(workspace: &Workspace) -> Result<Vec<RunRecord>, StoreError> {
    let runs = fleet::recover(workspace, workspace.settings.worker.recovery)?;
    for run in &runs {
        // If a worker has claimed the run meanwhile, the worker has cleared the leftovers.
        if run.status.is_terminal() {
            let folder = RunFolder::at(&run.run_dir);
            leftovers::clear(&*workspace.machine, &folder);
        }
        ends::report_claim_ended(workspace, run, names::RUN_RECOVERED, "Its process died");
    }
    Ok(runs)
}

/// Recovers runs before they are shown. If the store does not allow it, the recorded state is shown.
pub fn settle(workspace: &Workspace) {
    let _ = recover(workspace);
}

/// Recovers runs every second until the flag is raised: for a process that shows runs but executes none.
///
/// # Errors
/// The database is no longer the one that was opened, or its schema is unknown to this `ade`.
pub fn settle_until(workspace: &Workspace, end: &Cancel) -> Result<(), StoreError> {
    let mut rounds = 0_u32;
    while !workspace.machine.wait(end, Duration::from_secs(1)) {
        settle(workspace);
        workspace.store.demand_known_schema().or_else(passing)?;
        rounds = rounds.wrapping_add(1);
        if rounds.is_multiple_of(10) {
            workspace.keep_time();
        }
    }
    Ok(())
}

/// Ignores errors that can pass: the next round tries again.
fn passing(error: StoreError) -> Result<(), StoreError> {
    if error.may_pass() { Ok(()) } else { Err(error) }
}
