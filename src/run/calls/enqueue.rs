//! Leaves runs in the queue for a worker: writes the records and the first line of each log, and wakes sleeping workers.

use serde_json::json;

use super::request::Request;
use crate::base::files::FileError;
use crate::base::problem::{Error, code};
use crate::events::names;
use crate::events::{EventLog, Subject};
use crate::run::execution::error::RunError;
use crate::run::execution::request_file;
use crate::run::execution::safe_mode::report_if_skipped;
use crate::run::inputs::documents::document_deleted;
use crate::run::inputs::stage::UnrecordedInput;
use crate::run::shared_log;
use crate::settings::paths::RunFolder;
use crate::store::{NewRun, RunRecord, Submission, SubmissionOutcome};
use crate::workspace::Workspace;

/// The maximum number of locks on the folders of staged inputs that are held at once, because a process may open few files.
/// The folders of further inputs are too young to be collected.
const MAX_FOLDER_LOCKS: usize = 64;

/// `ade run --detach`: stages all inputs, then queues their runs. `on` gets each run.
///
/// # Errors
/// An input cannot be staged, or the runs cannot be recorded. Then no run is in the queue, so the call can be repeated.
pub fn enqueue(request: &Request<'_>, on: &mut dyn FnMut(&RunRecord)) -> Result<(), RunError> {
    request.prepared.ask_for_environment(request.workspace)?;
    let mut staged: Vec<(NewRun, UnrecordedInput)> = Vec::new();
    for input in 0..request.inputs.len() {
        match request.new_run(input) {
            Ok((new, mut mark)) => {
                if staged.len() >= MAX_FOLDER_LOCKS {
                    mark.unlock();
                }
                staged.push((new, mark));
            }
            Err(error) => {
                for (new, _mark) in &staged {
                    // If something stays, collection recognises it by its mark.
                    let _ = request.workspace.files().remove_tree(&new.run_dir);
                }
                return Err(error);
            }
        }
    }
    for run in queue(request.workspace, staged)? {
        report_if_skipped(request.workspace, &run);
        on(&run);
    }
    Ok(())
}

/// Begins the logs of runs whose inputs are staged, records the runs in one transaction, and wakes workers.
///
/// # Errors
/// A log cannot be written, or the runs cannot be recorded; then none is queued.
fn queue(
    workspace: &Workspace,
    staged: Vec<(NewRun, UnrecordedInput)>,
) -> Result<Vec<RunRecord>, RunError> {
    // A worker may claim a run and write into its log as soon as the run is recorded.
    let (new, marks): (Vec<NewRun>, Vec<UnrecordedInput>) = staged.into_iter().unzip();
    for run in &new {
        begin_record(workspace, run)?;
    }
    let machine = &*workspace.machine;
    let runs = workspace.store.enqueue_runs(&new, machine.now())?;
    machine.wake(&workspace.paths.wake());
    for run in &runs {
        shared_log::send(&workspace.store, run);
    }
    for mark in marks {
        mark.recorded(workspace);
    }
    Ok(runs)
}

/// Queues one run for a client, like [`queue`]: one transaction checks back-pressure and the client's key, and records the
/// run. If the run was not recorded, its folder is deleted. Returns the run, and whether it is new.
///
/// # Errors
/// The same as those of [`queue`]; the queue is full, the key was used for another request, or the document was deleted.
pub(crate) fn submit(
    workspace: &Workspace,
    (new, mark): (NewRun, UnrecordedInput),
    asked: &Submission,
) -> Result<(RunRecord, bool), Error> {
    begin_record(workspace, &new)?;
    let machine = &*workspace.machine;
    let submitted = workspace.store.submit_run(&new, asked, machine.now())?;
    if let SubmissionOutcome::Queued(run) = submitted {
        shared_log::send(&workspace.store, &run);
        machine.wake(&workspace.paths.wake());
        mark.recorded(workspace);
        report_if_skipped(workspace, &run);
        return Ok((*run, true));
    }
    // If an error leaves something here, collection recognises it by its mark.
    let _ = workspace.files().remove_tree(&new.run_dir);
    match submitted {
        SubmissionOutcome::Queued(run) | SubmissionOutcome::Repeated(run) => Ok((*run, false)),
        SubmissionOutcome::KeyInUse => {
            let key = asked.key.clone().unwrap_or_default().0;
            let message = format!("the key {key:?} was used for another request");
            Err(Error::usage(code::INVALID_FIELD, message)
                .hint("choose another key for another request"))
        }
        SubmissionOutcome::Full(queued) => {
            let limit = asked.most_queued.unwrap_or_default();
            let message = format!("the queue is full: it has {queued} of at most {limit} runs");
            Err(Error::refused(code::QUEUE_FULL, message)
                .hint("try again later; ADE_QUEUE_SIZE sets the limit"))
        }
        SubmissionOutcome::Over(over) => Err(over.into()),
        SubmissionOutcome::DocumentDeleted(id) => Err(document_deleted(&id)),
    }
}

/// Writes the files that a run has from its first moment: the request, and the first line of its log.
fn begin_record(workspace: &Workspace, run: &NewRun) -> Result<(), FileError> {
    request_file::write_first(workspace.files(), run, &workspace.settings)?;
    let folder = RunFolder::at(&run.run_dir);
    let log = EventLog::open(&*workspace.machine, &folder.events(), Subject::Run, &run.id)?;
    let mut data = json!({"input": run.input_name, "environment_id": run.environment_id});
    if let Some(first) = &run.retry_of_run_id {
        data["retry_of_run_id"] = json!(first);
    }
    log.write("info", names::RUN_QUEUED, "Waiting for a worker", data);
    match run.document_id {
        // Clients submit many runs at once, so this log is not synced. If a power failure loses it, `open_log` writes the
        // line again.
        Some(_) => Ok(()),
        None => log.finish(),
    }
}
