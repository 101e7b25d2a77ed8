//! Writing into a run's log how an attempt ended, exactly once.
//!
//! The end is recorded first and written into the event log after that. A process can die in between; the record then still
//! says that the end is not reported, and [`report_missing`] reports it. The log is read first, so that the end is not
//! written twice.

use std::time::Duration;

use serde_json::{Value, json};

use crate::events::{EventLog, Subject};
use crate::store::{Failure, RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// The event that ends a run's log.
pub const COMPLETE: &str = "run.complete";

/// A claim was taken back because its lease had expired.
pub const LOST: &str = "run.lost_claim";
/// A claim was taken back because its process had died.
pub const RECOVERED: &str = "run.recovered";
/// An attempt was left, and the run waits for the next.
pub const RETRY: &str = "run.retry";

/// Writes the end of a run into its log, unless it is there already, and records that it is.
///
/// Another process may report the same end at the same time, because the one that recorded it stood still: the log is locked
/// while it is read and written. Where another process has locked it, that one writes; if that one dies,
/// [`report_missing`] reports the end later.
///
/// # Errors
/// The store cannot be used; a later call then finds the end in the log and does not write it twice.
pub fn report(
    workspace: &Workspace,
    log: &EventLog<'_>,
    run: &RunRecord,
) -> Result<(), StoreError> {
    let Some(hold) = log.hold() else {
        return Ok(());
    };
    // A log that only this process wrote to since it began the attempt has no end yet.
    if !log.is_shared() || !has_end(log, run) {
        write(log, run);
    }
    drop(hold);
    workspace.store.mark_end_reported(&run.id)
}

/// Writes the end of a run that no process executes into its log, unless it is there already.
///
/// # Errors
/// The store cannot be used.
pub fn report_once(workspace: &Workspace, run: &RunRecord) -> Result<(), StoreError> {
    if run.artifacts_deleted_at.is_some() {
        return workspace.store.mark_end_reported(&run.id);
    }
    let Some(log) = open(workspace, run) else {
        return Ok(());
    };
    let Some(hold) = log.hold() else {
        return Ok(());
    };
    if !has_end(&log, run) {
        write(&log, run);
    }
    drop(hold);
    workspace.store.mark_end_reported(&run.id)
}

/// Reports ends that were recorded longer than `patience` ago by a process that died before it reported them. Returns
/// those runs.
///
/// # Errors
/// The store cannot be used.
pub fn report_missing(
    workspace: &Workspace,
    patience: Duration,
) -> Result<Vec<RunRecord>, StoreError> {
    let missing = workspace
        .store
        .unreported_ends(patience, workspace.machine.now())?;
    for run in &missing {
        report_once(workspace, run)?;
    }
    Ok(missing)
}

/// Writes into a run's log how its attempt was left: its end, or that it waits for another attempt and why.
///
/// # Errors
/// The store cannot be used.
pub fn report_left(
    workspace: &Workspace,
    run: &RunRecord,
    message: &str,
    failure: Option<&Failure>,
) -> Result<(), StoreError> {
    if run.status.is_terminal() {
        return report_once(workspace, run);
    }
    note(workspace, run, RETRY, message, failure);
    Ok(())
}

/// Writes into a run's log, as `event`, that its claim was taken back, and its end where that was the end.
///
/// # Errors
/// The store cannot be used.
pub fn report_taken_back(
    workspace: &Workspace,
    run: &RunRecord,
    event: &str,
    why: &str,
) -> Result<(), StoreError> {
    note(workspace, run, event, why, run.error.as_ref());
    if run.status.is_terminal() {
        return report_once(workspace, run);
    }
    Ok(())
}

/// Appends an event to the log of a run that no process executes. A log that cannot be opened does not get it.
fn note(
    workspace: &Workspace,
    run: &RunRecord,
    event: &str,
    message: &str,
    failure: Option<&Failure>,
) {
    if let Some(log) = open(workspace, run) {
        let data = json!({"status": run.status, "error": failure, "available_at": run.available_at, "attempt": run.attempt_count});
        log.write("warning", event, message, data);
    }
}

fn open<'a>(workspace: &'a Workspace, run: &RunRecord) -> Option<EventLog<'a>> {
    let folder = workspace.layout.run(&run.key.workspace_id, &run.id);
    EventLog::open(&*workspace.machine, &folder.events(), Subject::Run, &run.id).ok()
}

fn write(log: &EventLog<'_>, run: &RunRecord) {
    let level = match run.status {
        RunStatus::Failed => "error",
        RunStatus::Cancelled => "warning",
        _ => "info",
    };
    let message = match &run.error {
        Some(error) => format!("{}: {}", run.status.as_str(), error.message),
        None => run.status.as_str().to_owned(),
    };
    log.write(
        level,
        COMPLETE,
        &message,
        json!({
            "status": run.status, "exit_code": run.exit_code, "error": run.error, "output_path": run.output_path,
            "attempt": run.attempt_count,
            "execution": {"started_at": run.started_at, "completed_at": run.completed_at, "duration_ms": run.duration_ms()},
        }),
    );
    // A log that could not be written is no reason to report the end again and again.
    let _ = log.finish();
}

fn has_end(log: &EventLog<'_>, run: &RunRecord) -> bool {
    let events = log.read().unwrap_or_default();
    events.iter().any(|event| ends(event, run.attempt_count))
}

fn ends(event: &Value, attempt: u32) -> bool {
    event.get("event").and_then(Value::as_str) == Some(COMPLETE)
        && event.pointer("/data/attempt").and_then(Value::as_u64) == Some(u64::from(attempt))
}
