//! Requests to cancel: a run that waits ends at once; one that runs is marked, for its holder to see.

use rusqlite::{Transaction, params};

use super::read::by_id;
use crate::clock::Timestamp;
use crate::store::CancelOutcome;
use crate::store::sqlite::values::execute;

pub(super) fn request_cancel(
    transaction: &Transaction<'_>,
    id: &str,
    now: Timestamp,
) -> rusqlite::Result<CancelOutcome> {
    // Which of the two changes a row is decided under one write lock: a run that waits is cancelled here, one that is under a
    // claim is left to its holder, which learns of it with its next heartbeat. Asking again does not change when it was asked
    // first.
    let waiting = execute(
        transaction,
        "UPDATE runs SET status = 'cancelled', completed_at = ?2, cancel_requested_at = coalesce(cancel_requested_at, ?2), end_told = 0,
         error_code = 'cancelled', error_stage = 'run', error_message = 'cancelled', error_hint = NULL WHERE id = ?1 AND status = 'queued'",
        params![id, now.0],
    )?;
    let asked = execute(
        transaction,
        "UPDATE runs SET cancel_requested_at = coalesce(cancel_requested_at, ?2) WHERE id = ?1 AND status = 'running'",
        params![id, now.0],
    )?;
    let run = Box::new(by_id(transaction, id)?);
    Ok(match (waiting, asked) {
        (1, _) => CancelOutcome::Cancelled(run),
        (_, 1) => CancelOutcome::Requested(run),
        _ => CancelOutcome::Ended(run),
    })
}
