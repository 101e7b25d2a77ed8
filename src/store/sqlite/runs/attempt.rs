//! The record of each attempt at a run: created with a claim, and completed when the claim ends.

use rusqlite::{Transaction, params};

use crate::clock::Timestamp;
use crate::store::sqlite::values::{execute, signed};
use crate::store::{Claim, Ending};

pub(super) fn begin_attempt(
    transaction: &Transaction<'_>,
    run: &str,
    attempt: u32,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<()> {
    // After an attempt that was not counted the next one has the same number: then the record is overwritten.
    execute(
        transaction,
        "INSERT INTO run_attempts (run_id, attempt, worker, started_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (run_id, attempt) DO UPDATE SET worker = excluded.worker, started_at = excluded.started_at, completed_at = NULL, outcome = NULL,
         exit_code = NULL, error = NULL, peak_memory_bytes = NULL, cpu_seconds = NULL",
        params![run, attempt, claim.worker, now.0],
    )?;
    Ok(())
}

pub(super) fn end_attempt(
    transaction: &Transaction<'_>,
    run: &str,
    outcome: &str,
    error: Option<&str>,
    ending: Option<&Ending>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    // A run has at most one attempt that has not ended: that of its claim.
    execute(
        transaction,
        "UPDATE run_attempts SET completed_at = ?2, outcome = ?3, error = ?4, exit_code = ?5, peak_memory_bytes = ?6, cpu_seconds = ?7
         WHERE run_id = ?1 AND completed_at IS NULL",
        params![
            run,
            now.0,
            outcome,
            error,
            ending.and_then(|ending| ending.exit_code),
            ending.and_then(|ending| ending.peak_memory_bytes).map(signed),
            ending.and_then(|ending| ending.cpu_seconds)
        ],
    )?;
    Ok(())
}
