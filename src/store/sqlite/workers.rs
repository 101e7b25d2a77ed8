//! Registered processes.

use std::time::Duration;

use rusqlite::{Connection, Row, params};

use super::values::{execute, instant, path_text};
use super::{SqliteStore, environments, runs};
use crate::base::clock::{Timestamp, milliseconds};
use crate::settings::Recovery;
use crate::store::sqlite::transaction::Transaction;
use crate::store::{BuildAttempts, Result, RunRecord, WorkerRecord, Workers};

impl Workers for SqliteStore {
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()> {
        self.write_at(worker.started_at, |transaction| {
            register(transaction, worker)
        })
    }

    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()> {
        self.write_at(now, |transaction| seen(transaction, id, now))
    }

    fn remove_worker(&self, id: &str) -> Result<bool> {
        self.write(|transaction| remove(transaction, id))
    }

    fn workers(&self) -> Result<Vec<WorkerRecord>> {
        self.read(list)
    }

    fn reclaim(
        &self,
        process: &str,
        recovery: Recovery,
        builds: &BuildAttempts<'_>,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        // Builds first, so that a run that goes back to the queue finds its environment queued, not claimed by a dead builder.
        self.write_at(now, |transaction| {
            environments::reclaim(transaction, process, builds, now)?;
            runs::reclaim(transaction, process, recovery, now)
        })
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<WorkerRecord> {
    Ok(WorkerRecord {
        id: row.get("id")?,
        host: row.get("host")?,
        pid: row.get("pid")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        slots: row.get("slots")?,
        lock_path: row.get::<_, String>("lock_at")?.into(),
        lease: Duration::from_millis(row.get::<_, i64>("lease_ms")?.unsigned_abs()),
        started_at: instant(row, "started_at")?,
        seen_at: instant(row, "seen_at")?,
    })
}

fn register(transaction: &Transaction<'_>, worker: &WorkerRecord) -> rusqlite::Result<()> {
    execute(
        transaction,
        "INSERT INTO workers (id, host, pid, name, kind, slots, lock_path, lease_ms, started_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, relative(?7), ?8, ?9, ?10)",
        params![
            worker.id,
            worker.host,
            worker.pid,
            worker.name,
            worker.kind,
            worker.slots,
            path_text(&worker.lock_path),
            milliseconds(worker.lease),
            worker.started_at.0,
            worker.seen_at.0
        ],
    )?;
    Ok(())
}

fn seen(transaction: &Transaction<'_>, id: &str, now: Timestamp) -> rusqlite::Result<()> {
    execute(
        transaction,
        "UPDATE workers SET seen_at = ?2 WHERE id = ?1",
        params![id, now.0],
    )?;
    Ok(())
}

fn remove(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<bool> {
    // Its claims name it only by this id: without the record no process could find out that their holder is dead.
    execute(
        transaction,
        "DELETE FROM workers WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM queue_running WHERE claim_process = ?1)
         AND NOT EXISTS (SELECT 1 FROM environments WHERE status = 'building' AND claim_process = ?1)",
        [id],
    )?;
    // One that is not known any more was deleted by another process.
    let stays = transaction
        .prepare_cached("SELECT 1 FROM workers WHERE id = ?1")?
        .exists([id])?;
    Ok(!stays)
}

fn list(connection: &Connection) -> rusqlite::Result<Vec<WorkerRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT *, absolute(lock_path) AS lock_at FROM workers ORDER BY started_at, id",
    )?;
    statement.query_map([], record)?.collect()
}
