//! Those who take claims, leases by name, and the queue over time.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{execute, path_text, signed, unsigned, unsigned_or_none};
use crate::clock::Timestamp;
use crate::store::{ConfigurationActivity, Overview, QueueMetrics, WorkerRecord};

fn worker(row: &Row<'_>) -> rusqlite::Result<WorkerRecord> {
    Ok(WorkerRecord {
        id: row.get("id")?,
        host: row.get("host")?,
        pid: row.get("pid")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        slots: row.get("slots")?,
        lock_path: row.get::<_, String>("lock_path")?.into(),
        started_at: Timestamp(row.get("started_at")?),
        seen_at: Timestamp(row.get("seen_at")?),
    })
}

pub(super) fn register(
    transaction: &Transaction<'_>,
    worker: &WorkerRecord,
) -> rusqlite::Result<()> {
    execute(
        transaction,
        "INSERT INTO workers (id, host, pid, name, kind, slots, lock_path, started_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            worker.id,
            worker.host,
            worker.pid,
            worker.name,
            worker.kind,
            worker.slots,
            path_text(&worker.lock_path),
            worker.started_at.0,
            worker.seen_at.0
        ],
    )?;
    Ok(())
}

pub(super) fn seen(
    transaction: &Transaction<'_>,
    id: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE workers SET seen_at = ?2 WHERE id = ?1")?
        .execute(params![id, now.0])?;
    Ok(())
}

pub(super) fn remove(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    execute(
        transaction,
        "DELETE FROM workers WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM runs WHERE status = 'running' AND claim_process = ?1)
         AND NOT EXISTS (SELECT 1 FROM environments WHERE status = 'building' AND claim_process = ?1)",
        [id],
    )?;
    Ok(())
}

pub(super) fn workers(connection: &Connection) -> rusqlite::Result<Vec<WorkerRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM workers ORDER BY started_at, id")?;
    statement.query_map([], worker)?.collect()
}

pub(super) fn acquire_lease(
    transaction: &Transaction<'_>,
    name: &str,
    holder: &str,
    token: &str,
    lease: Duration,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    // One that holds for longer than anybody takes it was taken before the clock went back.
    let changed = execute(
        transaction,
        "INSERT INTO leases (name, holder, token, expires_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at
         WHERE leases.expires_at < ?5 OR leases.token = excluded.token OR leases.expires_at > ?6",
        params![name, holder, token, now.plus(lease).0, now.0, now.plus(lease * 2).0],
    )?;
    Ok(changed == 1)
}

pub(super) fn release_lease(
    transaction: &Transaction<'_>,
    name: &str,
    token: &str,
) -> rusqlite::Result<()> {
    execute(
        transaction,
        "DELETE FROM leases WHERE name = ?1 AND token = ?2",
        [name, token],
    )?;
    Ok(())
}

pub(super) fn record(
    transaction: &Transaction<'_>,
    metrics: &QueueMetrics,
    keep_since: Timestamp,
) -> rusqlite::Result<()> {
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

pub(super) fn metrics(
    connection: &Connection,
    since: Timestamp,
) -> rusqlite::Result<Vec<QueueMetrics>> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM queue_metrics WHERE at >= ?1 ORDER BY at, worker")?;
    statement
        .query_map([since.0], |row| {
            Ok(QueueMetrics {
                at: Timestamp(row.get("at")?),
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

pub(super) fn overview(
    connection: &Connection,
    since: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Overview> {
    let count = |sql: &str| -> rusqlite::Result<u64> {
        connection
            .prepare_cached(sql)?
            .query_row([], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
    };
    let due_longest: Option<i64> = connection
        .prepare_cached("SELECT available_at FROM runs WHERE status = 'queued' AND available_at <= ?1 ORDER BY available_at LIMIT 1")?
        .query_row([now.0], |row| row.get(0))
        .optional()?;
    let ended = |status: &str| -> rusqlite::Result<u64> {
        connection
            .prepare_cached("SELECT count(*) FROM runs WHERE completed_at >= ?1 AND status = ?2")?
            .query_row(params![since.0, status], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
    };
    Ok(Overview {
        queued: count("SELECT count(*) FROM runs WHERE status = 'queued'")?,
        oldest_wait_ms: due_longest.map(|due| now.since(Timestamp(due))),
        running: count("SELECT count(*) FROM runs WHERE status = 'running'")?,
        environments_queued: count("SELECT count(*) FROM environments WHERE status = 'queued'")?,
        environments_building: count(
            "SELECT count(*) FROM environments WHERE status = 'building'",
        )?,
        succeeded: ended("succeeded")?,
        failed: ended("failed")?,
        cancelled: ended("cancelled")?,
    })
}

pub(super) fn activity(connection: &Connection) -> rusqlite::Result<Vec<ConfigurationActivity>> {
    let mut statement = connection
        .prepare_cached("SELECT id, workspace_id, path, active, last_run_at FROM configurations")?;
    statement
        .query_map([], |row| {
            Ok(ConfigurationActivity {
                id: row.get("id")?,
                workspace_id: row.get("workspace_id")?,
                path: row.get::<_, String>("path")?.into(),
                active: row.get("active")?,
                last_run_at: row.get::<_, Option<i64>>("last_run_at")?.map(Timestamp),
            })
        })?
        .collect()
}
