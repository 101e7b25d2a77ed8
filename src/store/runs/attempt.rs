//! Records an attempt at a run when the attempt ends. Until then its facts are in the queue.

use super::live::LiveClaim;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Transaction, params, record};
use crate::store::{Attempt, AttemptUsage, Result, Store};

/// Records the attempt of a claim on a run. The outcome is `succeeded`, `failed`, `cancelled`, `retried`, `lost` or
/// `released`. `used` holds measurements if the attempt ended by itself.
pub(super) fn record(
    transaction: &Transaction<'_>,
    run: &str,
    live: &LiveClaim,
    (outcome, error): (&str, Option<&str>),
    used: AttemptUsage,
    now: Timestamp,
) -> driver::Result<()> {
    // After an attempt that does not count, the next attempt has the same number and replaces the record.
    transaction.later(
        "INSERT INTO run_attempts (run_id, attempt, worker, started_at, completed_at, outcome, error, exit_code, peak_memory_bytes, cpu_seconds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (run_id, attempt) DO UPDATE SET worker = excluded.worker, started_at = excluded.started_at, completed_at = excluded.completed_at,
         outcome = excluded.outcome, error = excluded.error, exit_code = excluded.exit_code, peak_memory_bytes = excluded.peak_memory_bytes, cpu_seconds = excluded.cpu_seconds",
        params![
            run,
            live.attempt_count,
            live.claimed_by,
            live.claimed_at.unwrap_or(now),
            now,
            outcome,
            error,
            used.exit_code,
            used.peak_memory_bytes,
            used.cpu_seconds
        ],
    )
}

record!(Attempt(row) {
    attempt, worker, started_at, completed_at, outcome, exit_code, error, peak_memory_bytes, cpu_seconds
});

impl Store {
    /// Returns the attempts at a run, the first attempt first.
    pub fn attempts(&self, run: &str) -> Result<Vec<Attempt>> {
        // A running attempt replaces an attempt with the same number that did not count.
        let sql = "SELECT attempt, worker, started_at, completed_at, outcome, exit_code, error, peak_memory_bytes, cpu_seconds FROM run_attempts
             WHERE run_id = ?1 AND attempt NOT IN (SELECT attempt_count FROM queue WHERE run_id = ?1 AND status = 'running')
             UNION ALL
             SELECT attempt_count, claimed_by, claimed_at, NULL, NULL, NULL, NULL, NULL, NULL FROM queue WHERE run_id = ?1 AND status = 'running'
             ORDER BY attempt";
        self.rows(sql, [run])
    }
}
