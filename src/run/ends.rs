//! Telling how an attempt ended, exactly once.
//!
//! The end is recorded first and told in the event log after that. Between the two a process can die; the record says that
//! the end was not told, and [`tell_untold`] makes up for it. A look into the log keeps it from being told twice.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::events::{EventLog, Follower, Subject};
use crate::store::{RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// The event that ends a run's log.
pub const COMPLETE: &str = "run.complete";

/// A claim was taken back because its lease had expired.
pub const LOST: &str = "run.lost_claim";
/// A claim was taken back because its process had died.
pub const RECOVERED: &str = "run.recovered";

/// Tells the end of a run in its log, unless that has it already, and that it was told.
///
/// Whoever recorded the end may have stood still since, and somebody else may be about to tell it: the log is held while it
/// is looked at and written to. Where another process holds it, that one tells; where that one dies, [`tell_untold`]
/// makes up for it.
///
/// # Errors
/// The store can't serve; the end is told again later, but not twice.
pub fn tell(workspace: &Workspace, log: &EventLog, run: &RunRecord) -> Result<(), StoreError> {
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

fn write(log: &EventLog, run: &RunRecord) {
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
    // A log that could not be written is no reason to tell it again and again.
    let _ = log.finish();
}

fn has_end(log: &EventLog, run: &RunRecord) -> bool {
    let events = Follower::new(log.path().to_owned())
        .poll()
        .unwrap_or_default();
    events.iter().any(|event| ends(event, run.attempt_count))
}

/// Tells ends that were recorded longer than `patience` ago and whose recorder died before it told them. Gives those runs.
///
/// # Errors
/// The store can't serve.
pub fn tell_untold(
    workspace: &Workspace,
    patience: Duration,
) -> Result<Vec<RunRecord>, StoreError> {
    let mut told = Vec::new();
    for run in workspace
        .store
        .unreported_ends(patience, Timestamp::now())?
    {
        tell_once(workspace, &run)?;
        told.push(run);
    }
    Ok(told)
}

/// Tells the end of a run that nobody executes, unless its log has it already.
///
/// # Errors
/// The store can't serve.
pub fn tell_once(workspace: &Workspace, run: &RunRecord) -> Result<(), StoreError> {
    if run.artifacts_deleted_at.is_some() {
        return workspace.store.mark_end_reported(&run.id);
    }
    let path = workspace
        .layout
        .run(&run.key.workspace_id, &run.id)
        .events();
    let Ok(log) = EventLog::open(&path, Subject::Run, &run.id) else {
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

/// Tells in a run's log by `event` that its claim was taken back, and its end where that was the end.
///
/// # Errors
/// The store can't serve.
pub fn tell_taken_back(
    workspace: &Workspace,
    run: &RunRecord,
    event: &str,
    why: &str,
) -> Result<(), StoreError> {
    let path = workspace
        .layout
        .run(&run.key.workspace_id, &run.id)
        .events();
    if let Ok(log) = EventLog::open(&path, Subject::Run, &run.id) {
        let data = json!({"status": run.status, "error": run.error, "available_at": run.available_at, "attempt": run.attempt_count});
        log.write("warning", event, why, data);
    }
    if run.status.is_terminal() {
        return tell_once(workspace, run);
    }
    Ok(())
}

fn ends(event: &Value, attempt: u32) -> bool {
    event.get("event").and_then(Value::as_str) == Some(COMPLETE)
        && event.pointer("/data/attempt").and_then(Value::as_u64) == Some(u64::from(attempt))
}
