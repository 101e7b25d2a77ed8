//! Cancels a run: a queued run at once; for a running one it records a request, which the worker checks every half second
//! ([`crate::system::lease`]). The run's log mentions the request once, before the run's end.

use std::time::Duration;

use serde_json::json;

use super::ends::{self, open_log};
use super::leftovers;
use crate::base::cancel::Cancel;
use crate::base::problem::{Error, code};
use crate::events::{EventLog, names};
use crate::settings::paths::RunFolder;
use crate::store::{CancelOutcome, RunRecord, StoreError};
use crate::system::machine::SteadyTime;
use crate::workspace::Workspace;

/// The interval for checking a run that is being stopped.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The effect of a request to cancel.
#[derive(Debug)]
pub enum RunCancellation {
    /// The run was queued and is cancelled.
    AtOnce(Box<RunRecord>),
    /// The run is being executed; its worker was asked to stop it.
    Requested(Box<RunRecord>),
}

/// Cancels the run that `given` names. A second request changes nothing.
///
/// # Errors
/// The run does not exist, or has ended.
pub fn cancel(workspace: &Workspace, given: &str) -> Result<RunCancellation, Error> {
    let run = workspace.find_run(given)?;
    match request(workspace, &run.id)? {
        CancelOutcome::Cancelled(run) => Ok(RunCancellation::AtOnce(run)),
        CancelOutcome::Requested(run) => Ok(RunCancellation::Requested(run)),
        CancelOutcome::Ended(run) => {
            let message = format!("run {} has ended already: {}", run.id, run.status.as_str());
            Err(Error::usage(code::RUN_ENDED, message))
        }
    }
}

/// Waits, at most until `until`, for the end of a run whose worker was asked to stop it. Returns the current run: if the
/// request came too late, the run has succeeded.
pub fn await_end(
    workspace: &Workspace,
    run: RunRecord,
    until: SteadyTime,
) -> Result<RunRecord, StoreError> {
    let machine = &workspace.machine;
    let mut run = run;
    while !run.status.is_terminal() && machine.steady() < until {
        machine.wait(&Cancel::new(), LOOK_EVERY);
        run = workspace.store.run(workspace.id(), &run.id)?;
    }
    Ok(run)
}

/// Requests that a run be cancelled, and writes the first request into its log; for a queued run also its end.
pub(crate) fn request(workspace: &Workspace, id: &str) -> Result<CancelOutcome, StoreError> {
    let now = workspace.machine.now();
    let outcome = workspace.store.request_cancel(id, now)?;
    match &outcome {
        CancelOutcome::Cancelled(run) => {
            // No process will claim the run again, so none would clear the leftovers of its dead process.
            let (machine, folder) = (&*workspace.machine, RunFolder::at(&run.run_dir));
            if leftovers::may_be(machine, &folder, run.attempt_count) {
                leftovers::clear(machine, &folder);
            }
            note(workspace, run);
            ends::report_ended(workspace, run);
        }
        // A second request does not change the time of the first. On another host, the process that executes the run writes
        // it.
        CancelOutcome::Requested(run)
            if run.cancel_requested_at == Some(now) && !workspace.store.keeps_logs() =>
        {
            note(workspace, run);
        }
        CancelOutcome::Requested(_) | CancelOutcome::Ended(_) => {}
    }
    Ok(outcome)
}

/// Writes the request into the log of a run that another process may have claimed. If the log cannot be opened, nothing is
/// written.
fn note(workspace: &Workspace, run: &RunRecord) {
    if let Ok(log) = open_log(workspace, run) {
        note_in(&log, run);
    }
}

/// Writes the request into a run's log.
pub(crate) fn note_in(log: &EventLog<'_>, run: &RunRecord) {
    let data = json!({"requested_at": run.cancel_requested_at, "attempt": run.attempt_count});
    log.write(
        "warning",
        names::RUN_CANCEL_REQUESTED,
        "Asked to stop",
        data,
    );
}
