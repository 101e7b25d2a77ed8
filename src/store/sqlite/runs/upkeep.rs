//! Statements for housekeeping: runs without an environment, files that may be deleted.

use rusqlite::{Connection, params};

use super::read::{SELECT, record};
use crate::base::clock::Timestamp;
use crate::store::RunRecord;
use crate::store::sqlite::transaction::Transaction;
use crate::store::sqlite::values::execute;

pub(super) fn without_environment(
    connection: &Connection,
    limit: u32,
) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE r.id IN (SELECT run_id FROM queue WHERE environment_id IS NULL AND status = 'queued' ORDER BY available_at, created_at, run_id LIMIT ?1)
         ORDER BY r.id"
    ))?;
    statement.query_map([limit], record)?.collect()
}

pub(super) fn set_environment(
    transaction: &Transaction<'_>,
    id: &str,
    environment: &str,
) -> rusqlite::Result<()> {
    // The environment may have been deleted since it was found: an id without a record would violate the foreign key. And
    // the run may have been cancelled since: then it is not in the queue.
    execute(
        transaction,
        "UPDATE queue SET environment_id = ?2 WHERE run_id = ?1 AND status = 'queued' AND environment_id IS NULL
             AND EXISTS (SELECT 1 FROM environments WHERE id = ?2)",
        [id, environment],
    )?;
    Ok(())
}

/// Ended runs that still have their files. The first two conditions are those of the index.
pub(in crate::store::sqlite) const WITH_ARTIFACTS: &str = "SELECT id FROM runs INDEXED BY runs_with_artifacts
    WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL AND completed_at < ?1 ORDER BY completed_at LIMIT ?2";

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

/// Ended runs without their files.
pub(in crate::store::sqlite) const WITHOUT_ARTIFACTS: &str =
    "SELECT id FROM runs INDEXED BY runs_without_artifacts
    WHERE artifacts_deleted_at IS NOT NULL AND completed_at < ?1 ORDER BY completed_at LIMIT ?2";

pub(super) fn without_artifacts_before(
    connection: &Connection,
    cutoff: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE r.id IN ({WITHOUT_ARTIFACTS}) ORDER BY r.completed_at"
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
    let changed = execute(
        transaction,
        "UPDATE runs SET artifacts_deleted_at = ?3 WHERE id = ?1 AND artifacts_deleted_at IS NULL AND completed_at < ?2",
        params![id, cutoff.0, now.0],
    )?;
    Ok(changed == 1)
}

pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<bool> {
    let changed = execute(
        transaction,
        "DELETE FROM runs WHERE id = ?1 AND status IS NOT NULL",
        [id],
    )?;
    Ok(changed == 1)
}
