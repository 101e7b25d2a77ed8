//! Figures of the queue.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::SqliteStore;
use super::values::{count, execute, instant, signed, unsigned, unsigned_or_none};
use crate::clock::Timestamp;
use crate::store::{Overview, QueueDepth, QueueMetrics, QueueStatistics, Result};

impl QueueStatistics for SqliteStore {
    fn queue_depth(&self) -> Result<QueueDepth> {
        self.read(depth)
    }

    fn overview(&self, since: Timestamp, now: Timestamp) -> Result<Overview> {
        self.read(|connection| overview(connection, since, now))
    }

    fn record_metrics(&self, metrics: &QueueMetrics, keep_since: Timestamp) -> Result<()> {
        self.write(|transaction| record(transaction, metrics, keep_since))
    }

    fn metrics(&self, since: Timestamp) -> Result<Vec<QueueMetrics>> {
        self.read(|connection| metrics(connection, since))
    }
}

/// One statement for both numbers, so that a run that is claimed meanwhile is counted once. Each status that is counted here
/// and below has a partial index of its own, so that the time does not depend on how many runs have ended.
fn depth(connection: &Connection) -> rusqlite::Result<QueueDepth> {
    connection
        .prepare_cached("SELECT (SELECT count(*) FROM runs WHERE status = 'queued') AS queued, (SELECT count(*) FROM runs WHERE status = 'running') AS running")?
        .query_row([], |row| {
            Ok(QueueDepth {
                queued: unsigned(row, "queued")?,
                running: unsigned(row, "running")?,
            })
        })
}

fn overview(
    connection: &Connection,
    since: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Overview> {
    // The first entry of the index of waiting runs.
    let due_longest: Option<i64> = connection
        .prepare_cached("SELECT available_at FROM runs WHERE status = 'queued' AND available_at <= ?1 ORDER BY available_at LIMIT 1")?
        .query_row([now.0], |row| row.get(0))
        .optional()?;
    let ended = |status: &str| {
        let sql = "SELECT count(*) FROM runs WHERE completed_at >= ?1 AND status = ?2";
        count(connection, sql, params![since.0, status])
    };
    let waiting = "SELECT count(*) FROM environments WHERE status = 'queued'";
    let building = "SELECT count(*) FROM environments WHERE status = 'building'";
    let depth = depth(connection)?;
    Ok(Overview {
        queued: depth.queued,
        oldest_wait_ms: due_longest.map(|due| now.since(Timestamp(due))),
        running: depth.running,
        environments_queued: count(connection, waiting, [])?,
        environments_building: count(connection, building, [])?,
        succeeded: ended("succeeded")?,
        failed: ended("failed")?,
        cancelled: ended("cancelled")?,
    })
}

fn record(
    transaction: &Transaction<'_>,
    metrics: &QueueMetrics,
    keep_since: Timestamp,
) -> rusqlite::Result<()> {
    // A second entry within the same millisecond replaces the first.
    execute(
        transaction,
        "INSERT OR REPLACE INTO queue_metrics (at, worker, queued, oldest_wait_ms, running, succeeded, failed, cancelled, retried, claims, claim_latency_ms,
             claim_latency_max_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            metrics.at.0,
            metrics.worker,
            signed(metrics.queued),
            metrics.oldest_wait_ms.map(signed),
            signed(metrics.running),
            signed(metrics.succeeded),
            signed(metrics.failed),
            signed(metrics.cancelled),
            signed(metrics.retried),
            signed(metrics.claims),
            metrics.claim_latency_ms,
            metrics.claim_latency_max_ms
        ],
    )?;
    execute(
        transaction,
        "DELETE FROM queue_metrics WHERE at < ?1",
        [keep_since.0],
    )?;
    Ok(())
}

fn metrics(connection: &Connection, since: Timestamp) -> rusqlite::Result<Vec<QueueMetrics>> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM queue_metrics WHERE at >= ?1 ORDER BY at, worker")?;
    statement
        .query_map([since.0], |row| {
            Ok(QueueMetrics {
                at: instant(row, "at")?,
                worker: row.get("worker")?,
                queued: unsigned(row, "queued")?,
                oldest_wait_ms: unsigned_or_none(row, "oldest_wait_ms")?,
                running: unsigned(row, "running")?,
                succeeded: unsigned(row, "succeeded")?,
                failed: unsigned(row, "failed")?,
                cancelled: unsigned(row, "cancelled")?,
                retried: unsigned(row, "retried")?,
                claims: unsigned(row, "claims")?,
                claim_latency_ms: row.get("claim_latency_ms")?,
                claim_latency_max_ms: row.get("claim_latency_max_ms")?,
            })
        })?
        .collect()
}
