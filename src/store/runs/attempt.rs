//! The record of an attempt at a run, made when the attempt ends. Until then what is known of it is in the queue.

use super::live::Live;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection, Transaction, params};
use crate::store::values::{instant, instant_or_none, rows, signed, unsigned_or_none};
use crate::store::{Attempt, Used};

/// How an attempt ended.
pub(super) struct AttemptEnd<'a> {
    /// `succeeded`, `failed`, `cancelled`, `retried`, `lost`, `released`.
    pub(super) word: &'a str,
    pub(super) error: Option<&'a str>,
    /// What was measured, where the attempt came to an end of its own.
    pub(super) used: Used,
}

/// Records the attempt that a claim on a run was.
pub(super) fn record(
    transaction: &Transaction<'_>,
    run: &str,
    live: &Live,
    outcome: &AttemptEnd<'_>,
    now: Timestamp,
) -> driver::Result<()> {
    // After an attempt that was not counted the next one has the same number: then the record is replaced.
    transaction.later(
        "INSERT INTO run_attempts (run_id, attempt, worker, started_at, completed_at, outcome, error, exit_code, peak_memory_bytes, cpu_seconds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (run_id, attempt) DO UPDATE SET worker = excluded.worker, started_at = excluded.started_at, completed_at = excluded.completed_at,
         outcome = excluded.outcome, error = excluded.error, exit_code = excluded.exit_code, peak_memory_bytes = excluded.peak_memory_bytes, cpu_seconds = excluded.cpu_seconds",
        params![
            run,
            live.attempt_count,
            live.claimed_by,
            live.claimed_at.unwrap_or(now).0,
            now.0,
            outcome.word,
            outcome.error,
            outcome.used.exit_code,
            outcome.used.peak_memory_bytes.map(signed),
            outcome.used.cpu_seconds
        ],
    )
}

/// All attempts at a run, the running one last. It replaces one of the same number that was not counted.
pub(super) fn list(connection: &Connection, run: &str) -> driver::Result<Vec<Attempt>> {
    rows(
        connection,
        "SELECT attempt, worker, started_at, completed_at, outcome, exit_code, error, peak_memory_bytes, cpu_seconds FROM run_attempts
         WHERE run_id = ?1 AND attempt NOT IN (SELECT attempt_count FROM queue WHERE run_id = ?1 AND status = 'running')
         UNION ALL
         SELECT attempt_count, claimed_by, claimed_at, NULL, NULL, NULL, NULL, NULL, NULL FROM queue WHERE run_id = ?1 AND status = 'running'
         ORDER BY attempt",
        [run],
        |row| {
            Ok(Attempt {
                attempt: row.get("attempt")?,
                worker: row.get("worker")?,
                started_at: instant(row, "started_at")?,
                completed_at: instant_or_none(row, "completed_at")?,
                outcome: row.get("outcome")?,
                exit_code: row.get("exit_code")?,
                error: row.get("error")?,
                peak_memory_bytes: unsigned_or_none(row, "peak_memory_bytes")?,
                cpu_seconds: row.get("cpu_seconds")?,
            })
        },
    )
}
