//! Figures of the queue.

use rusqlite::{Connection, params};

use super::values::{count, unsigned};
use super::{SqliteStore, runs};
use crate::base::clock::Timestamp;
use crate::store::{Overview, QueueDepth, QueueStatistics, Result};

impl QueueStatistics for SqliteStore {
    fn queue_depth(&self) -> Result<QueueDepth> {
        self.read(depth)
    }

    fn runs_in_trouble(&self) -> Result<u64> {
        self.read(in_trouble)
    }

    fn overview(&self, since: Timestamp, now: Timestamp) -> Result<Overview> {
        self.read(|connection| overview(connection, since, now))
    }
}

/// One statement for both numbers, so that a run that is claimed meanwhile is counted once.
fn depth(connection: &Connection) -> rusqlite::Result<QueueDepth> {
    connection
        .prepare_cached("SELECT count(*) FILTER (WHERE status = 'queued') AS queued, count(*) FILTER (WHERE status = 'running') AS running FROM queue")?
        .query_row([], |row| {
            Ok(QueueDepth {
                queued: unsigned(row, "queued")?,
                running: unsigned(row, "running")?,
            })
        })
}

/// Counts the runs of a status that ended since an instant. The index of runs that still have their files holds all of them:
/// files are not collected as soon as that.
pub(super) const ENDED_SINCE: &str = "SELECT count(*) FROM runs INDEXED BY runs_with_artifacts
    WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL AND completed_at >= ?1 AND status = ?2";

fn overview(
    connection: &Connection,
    since: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Overview> {
    let ended = |status: &str| count(connection, ENDED_SINCE, params![since.0, status]);
    let depth = depth(connection)?;
    let waiting = "SELECT count(*) FROM environments WHERE status = 'queued'";
    let building = "SELECT count(*) FROM environments WHERE status = 'building'";
    Ok(Overview {
        queued: depth.queued,
        oldest_wait_ms: due_longest(connection, now)?.map(|due| now.since(due)),
        in_trouble: in_trouble(connection)?,
        running: depth.running,
        environments_queued: count(connection, waiting, [])?,
        environments_building: count(connection, building, [])?,
        succeeded: ended("succeeded")?,
        failed: ended("failed")?,
        cancelled: ended("cancelled")?,
    })
}

/// Counts the queued runs of environments that wait for the end of trouble.
pub(super) const BEHIND_TROUBLE: &str = "SELECT count(*) FROM environments e CROSS JOIN queue q INDEXED BY queue_of_environment ON q.environment_id = e.id AND q.status = 'queued'
    WHERE e.status = 'queued' AND e.trouble_count > 0";
/// Counts the other queued runs that wait for the end of trouble.
pub(super) const IN_TROUBLE: &str = "SELECT count(*) FROM queue q WHERE q.trouble_count > 0 AND q.status = 'queued'
    AND NOT EXISTS (SELECT 1 FROM environments e WHERE e.id = q.environment_id AND e.status = 'queued' AND e.trouble_count > 0)";

fn in_trouble(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(count(connection, BEHIND_TROUBLE, [])? + count(connection, IN_TROUBLE, [])?)
}

/// Since when the run that has been due longest is due: the least of the first entries of the environments.
fn due_longest(connection: &Connection, now: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    let mut first = connection.prepare_cached(
        "SELECT min(available_at) FROM queue WHERE environment_id IS ?1 AND status = 'queued' AND available_at <= ?2",
    )?;
    let mut longest: Option<i64> =
        first.query_row(params![None::<String>, now.0], |row| row.get(0))?;
    runs::each_environment(connection, |environment, _| {
        let due: Option<i64> = first.query_row(params![environment, now.0], |row| row.get(0))?;
        longest = [longest, due].into_iter().flatten().min();
        Ok(true)
    })?;
    Ok(longest.map(Timestamp))
}
