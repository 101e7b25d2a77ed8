//! Writes the events with which attempts and runs end, and the audit record of an end that no attempt brought about.
//!
//! An end is recorded first, and then written into the run's log by the process that recorded it. If that process dies in
//! between, the log lacks the line, but nothing is lost: a reader of the log finds the end in the record and makes the line
//! from it ([`event_of`], which [`crate::run::views::follow`] uses).

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::artifact;
use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::events::{AdeEvent, EventLog, Subject, names};
use crate::run::shared_log;
use crate::settings::paths::RunFolder;
use crate::store::{FailureRecord, RunRecord, RunStatus};
use crate::workspace::Workspace;

/// Writes the end of a run into its log. The caller has recorded the end, and nobody else writes it.
pub fn report(log: &EventLog<'_>, run: &RunRecord) {
    let AdeEvent {
        level,
        event,
        message,
        data,
    } = event_of(run);
    log.write(level, event, &message, data);
    // If the log could not be written, its readers find the end in the record.
    let _ = log.finish();
}

/// Writes the end of a run that no process executes into its log, and its audit record.
pub fn report_ended(workspace: &Workspace, run: &RunRecord) {
    let Ok(log) = open_log(workspace, run) else {
        return;
    };
    if let Err(error) = artifact::write_of_ended(workspace, run) {
        note_in(&log, &format!("the audit record is missing: {error}"));
    }
    report(&log, run);
    shared_log::send(&workspace.store, run);
    if let Some(objects) = &workspace.objects {
        // Other hosts have the contents of the run's record.
        let _ = objects.put_ended(run);
    }
}

/// Writes into a run's log how its attempt was left: its end, or that it waits for another attempt and why. `run` is the
/// record as the caller left it; other processes write their own later changes.
pub fn report_left(
    workspace: &Workspace,
    run: &RunRecord,
    message: &str,
    failure: Option<&FailureRecord>,
) {
    if run.status.is_terminal() {
        report_ended(workspace, run);
    } else {
        note(workspace, run, names::RUN_RETRY, message, failure);
    }
}

/// Writes into a run's log, as `event`, that its claim ended, and also the run's end if it has ended.
pub fn report_claim_ended(workspace: &Workspace, run: &RunRecord, event: &'static str, why: &str) {
    note(workspace, run, event, why, run.error.as_ref());
    if run.status.is_terminal() {
        report_ended(workspace, run);
    }
}

/// Appends an event to the log of a run that no process executes. If the log cannot be opened, nothing is written.
fn note(
    workspace: &Workspace,
    run: &RunRecord,
    event: &'static str,
    message: &str,
    failure: Option<&FailureRecord>,
) {
    if let Ok(log) = open_log(workspace, run) {
        let data = json!({"status": run.status, "error": failure, "available_at": run.available_at, "attempt": run.attempt_count});
        log.write("warning", event, message, data);
        shared_log::send(&workspace.store, run);
    }
}

/// Writes into a run's log a problem that occurred at its end.
pub fn note_in(log: &EventLog<'_>, note: &str) {
    let data = json!({"scope": "run", "stream": "stderr", "message": note});
    log.write("warning", names::CONSOLE_LINE, note, data);
}

/// Opens the log of a recorded run, for its next events. The log of a document's run begins here if an older `ade` queued the
/// run, or if a power failure lost its first line, which is not synced when the run is recorded.
///
/// # Errors
/// The log cannot be written.
pub(crate) fn open_log<'a>(
    workspace: &'a Workspace,
    run: &RunRecord,
) -> Result<EventLog<'a>, FileError> {
    let folder = RunFolder::at(&run.run_dir);
    // The folder of any other run was created when its input was staged: on this host, unless hosts share an object store.
    let is_made_here = run.document_id.is_none() && workspace.objects.is_none();
    if is_made_here && !workspace.files().is_folder(folder.path()) {
        return Err(FileError::away(folder.path()));
    }
    // If the store does not answer now, readers of the log ask it again.
    let _ = shared_log::fetch(workspace, &run.id, &folder.events());
    let log = EventLog::open(&*workspace.machine, &folder.events(), Subject::Run, &run.id)?;
    if run.document_id.is_some() && log.is_empty() {
        let data = json!({"input": run.input_name, "environment_id": run.environment_id, "created_at": run.created_at});
        log.write("info", names::RUN_QUEUED, "Waiting for a worker", data);
    }
    Ok(log)
}

/// The times of an attempt, and its duration.
#[derive(Serialize, ToSchema)]
pub struct RunExecution {
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    duration_ms: Option<u64>,
}

/// Makes the event that reports the end of a run from its record.
pub fn event_of(run: &RunRecord) -> AdeEvent {
    let level = match run.status {
        RunStatus::Failed => "error",
        RunStatus::Cancelled => "warning",
        _ => "info",
    };
    let message = match &run.error {
        Some(error) => format!("{}: {}", run.status.as_str(), error.message),
        None => run.status.as_str().to_owned(),
    };
    let mut data = json!({
        "status": run.status, "exit_code": run.exit_code, "error": run.error, "output_path": run.output_path,
        "attempt": run.attempt_count,
        "execution": RunExecution {
            started_at: run.started_at,
            completed_at: run.completed_at,
            duration_ms: run.duration_ms(),
        },
    });
    if let Some(reason) = run.skipped_reason() {
        data["skipped_reason"] = json!(reason);
    }
    AdeEvent {
        level,
        event: names::RUN_COMPLETE,
        message,
        data,
    }
}
