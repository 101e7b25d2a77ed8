//! Registered processes.

use std::time::Duration;

use super::values::{execute, exists, instant, path_text, rows};
use super::{SqlStore, deliveries, environments, runs};
use crate::base::clock::{Timestamp, milliseconds};
use crate::settings::Recovery;
use crate::store::driver::{self, Row, params};
use crate::store::{BuildAttempts, Result, RunRecord, WorkerRecord, Workers};

impl Workers for SqlStore {
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()> {
        self.write_at(worker.seen_at, |transaction| {
            execute(
                transaction,
                "INSERT INTO workers (id, host, pid, name, kind, slots, lock_path, lease_ms, started_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, relative(?7), ?8, ?9, ?10)
                 ON CONFLICT (id) DO NOTHING",
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
            )
            .map(drop)
        })
    }

    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE workers SET seen_at = ?2 WHERE id = ?1";
        self.write_at(now, |transaction| {
            execute(transaction, sql, params![id, now.0]).map(drop)
        })
    }

    fn remove_worker(&self, id: &str) -> Result<bool> {
        // Its claims name it only by this id: without the record no process could find out that their holder is dead.
        let delete = "DELETE FROM workers WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM queue_running WHERE claim_process = ?1)
             AND NOT EXISTS (SELECT 1 FROM environments WHERE status = 'building' AND claim_process = ?1)";
        self.write(|transaction| {
            execute(transaction, delete, [id])?;
            // One that is not known any more was deleted by another process.
            let stays = exists(transaction, "SELECT 1 FROM workers WHERE id = ?1", [id])?;
            Ok(!stays)
        })
    }

    fn workers(&self) -> Result<Vec<WorkerRecord>> {
        let sql = "SELECT *, absolute(lock_path) AS lock_at, TRUE /*pg AND host_id = current_setting('ade.host')*/ AS is_here
             FROM workers ORDER BY started_at, id";
        self.read(|connection| rows(connection, sql, [], record))
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
            deliveries::reclaim(transaction, process, now)?;
            environments::reclaim(transaction, process, builds, now)?;
            runs::reclaim(transaction, process, recovery, now)
        })
    }
}

fn record(row: &Row<'_>) -> driver::Result<WorkerRecord> {
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
        is_here: row.get("is_here")?,
    })
}
