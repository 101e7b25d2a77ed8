//! Leaving a run in the queue for a worker: the record, the first line of its log, and a bell for workers that sleep.

use serde_json::json;

use super::error::RunError;
use super::request::Request;
use crate::events::{EventLog, Subject};
use crate::files::FileError;
use crate::store::{NewRun, RunRecord, StoreError};
use crate::workspace::Workspace;

/// `ade run --detach`: stages an input and leaves its run in the queue.
///
/// # Errors
/// The input cannot be staged, or the run not be recorded.
pub fn enqueue(request: &Request<'_>, input: usize) -> Result<RunRecord, RunError> {
    let new = request.new_run(input)?;
    queue(request.workspace, &new)
}

/// Records a run whose input is staged, begins its log, and wakes a worker.
///
/// # Errors
/// The run cannot be recorded, or its log not be written; the error is the caller's own.
pub(super) fn queue<E>(workspace: &Workspace, new: &NewRun) -> Result<RunRecord, E>
where
    E: From<StoreError> + From<FileError>,
{
    let machine = &*workspace.machine;
    let run = workspace.store.enqueue_run(new, machine.now())?;
    let folder = workspace.layout.run(&run.key.workspace_id, &run.id);
    let log = EventLog::open(machine, &folder.events(), Subject::Run, &run.id)?;
    let mut data = json!({"input": run.input_name, "environment_id": run.environment_id});
    if let Some(first) = &run.retry_of_run_id {
        data["retry_of_run_id"] = json!(first);
    }
    log.write("info", "run.queued", "Waiting for a worker", data);
    machine.wake(&workspace.layout.wake());
    Ok(run)
}
