//! Statements for housekeeping: runs without an environment, ends that were not reported, files that may be deleted.

use std::time::Duration;

use rusqlite::{Connection, Transaction, params};

use super::read::{SELECT, record};
use crate::clock::Timestamp;
use crate::store::RunRecord;
use crate::store::sqlite::values::execute;

pub(super) fn without_environment(
    connection: &Connection,
    limit: u32,
) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE r.status = 'queued' AND r.environment_id IS NULL ORDER BY r.created_at LIMIT ?1"
    ))?;
    statement.query_map([limit], record)?.collect()
}

pub(super) fn set_environment(
    transaction: &Transaction<'_>,
    id: &str,
    environment: &str,
) -> rusqlite::Result<()> {
    // The environment may have been deleted since it was found: an id without a record would violate the foreign key. And
    // the run may have been cancelled since: an ended run's record does not change.
    execute(
        transaction,
        "UPDATE runs SET environment_id = ?2 WHERE id = ?1 AND status = 'queued' AND environment_id IS NULL
             AND EXISTS (SELECT 1 FROM environments WHERE id = ?2)",
        [id, environment],
    )?;
    Ok(())
}

/// Ends that were recorded some time ago, or in the future because the clock was set back, and are not reported yet. The
/// index `runs_untold` contains only those whose report is pending, so neither half of the OR needs an index. At most a
/// hundred at once; the next call continues.
pub(super) fn unreported(
    connection: &Connection,
    patience: Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE r.end_told = 0 AND (r.completed_at + ?2 < ?1 OR r.completed_at > ?1) ORDER BY r.completed_at LIMIT 100"
    ))?;
    let patience = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
    statement.query_map([now.0, patience], record)?.collect()
}

/// If it was reported already, the row is not changed, which saves a write.
pub(super) fn mark_reported(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    execute(
        transaction,
        "UPDATE runs SET end_told = 1 WHERE id = ?1 AND end_told = 0",
        [id],
    )?;
    Ok(())
}

/// Ended runs that still have their files. The planner would choose the index of all ended runs (`runs_ended`) and scan those
/// that were collected before: hence INDEXED BY. The first condition is that of the index.
pub(in crate::store::sqlite) const WITH_ARTIFACTS: &str = "SELECT id FROM runs INDEXED BY runs_with_artifacts
    WHERE completed_at IS NOT NULL AND artifacts_deleted_at IS NULL AND completed_at < ?1 ORDER BY completed_at LIMIT ?2";

pub(super) fn with_artifacts_before(
    connection: &Connection,
    cutoff: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE r.id IN ({WITH_ARTIFACTS}) ORDER BY r.completed_at"
    ))?;
    statement
        .query_map(params![cutoff.0, limit], record)?
        .collect()
}

pub(super) fn mark_artifacts_deleted(
    transaction: &Transaction<'_>,
    id: &str,
    cutoff: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    // A retry reads the files of the run that it repeats, so they are kept until the retry has ended.
    let changed = execute(
        transaction,
        "UPDATE runs SET artifacts_deleted_at = ?3 WHERE id = ?1 AND artifacts_deleted_at IS NULL AND completed_at < ?2
         AND NOT EXISTS (SELECT 1 FROM runs live WHERE live.retry_of_run_id = ?1 AND live.status IN ('queued', 'running'))",
        params![id, cutoff.0, now.0],
    )?;
    Ok(changed == 1)
}

pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<bool> {
    let changed = execute(
        transaction,
        "DELETE FROM runs WHERE id = ?1 AND status IN ('succeeded', 'failed', 'cancelled')",
        [id],
    )?;
    Ok(changed == 1)
}
