//! Registered processes.

use std::time::Duration;

use super::values::{execute, exists, instant, instant_or_none, path_text, row, rows, unsigned};
use super::{SqlStore, deliveries, environments, runs};
use crate::base::clock::{Timestamp, milliseconds};
use crate::settings::Recovery;
use crate::store::driver::{self, Connection, Row, params};
use crate::store::{BuildAttempts, Only, Result, RunRecord, WorkerRecord, Workers};

impl Workers for SqlStore {
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()> {
        self.write_at(worker.seen_at, |transaction| {
            execute(
                transaction,
                "INSERT INTO workers (id, host, pid, name, kind, slots, lock_path, lease_ms, started_at, seen_at, only_workspace, only_label, quieted_at, quieted_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, relative(?7), ?8, ?9, ?10, ?11, ?12, ?13, ?14)
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
                    worker.seen_at.0,
                    worker.only.workspace,
                    worker.only.label.as_deref().map(Only::line),
                    worker.quieted_at.map(|at| at.0),
                    worker.quieted_by
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

    fn quiet_worker(&self, id: &str, by: &str, now: Timestamp) -> Result<Option<WorkerRecord>> {
        let sql = "UPDATE workers SET quieted_at = ?2, quieted_by = ?3 WHERE id = ?1 AND kind = 'worker' AND quieted_at IS NULL";
        self.write(|transaction| {
            transaction.later(sql, params![id, now.0, by])?;
            worker(transaction, id)
        })
    }

    fn resume_worker(&self, id: &str) -> Result<Option<WorkerRecord>> {
        let sql = "UPDATE workers SET quieted_at = NULL, quieted_by = NULL WHERE id = ?1 AND kind = 'worker'";
        self.write(|transaction| {
            transaction.wake();
            transaction.later(sql, [id])?;
            worker(transaction, id)
        })
    }

    fn queue_of_worker(&self, id: &str) -> Result<(u64, u64)> {
        let sql = "SELECT count(*) FILTER (WHERE q.status = 'queued') AS queued, count(*) FILTER (WHERE q.status = 'running') AS running
             FROM queue q JOIN workers w ON w.id = ?1 WHERE (w.only_label IS NULL OR instr(q.labels, w.only_label) > 0)
             AND (w.only_workspace IS NULL OR w.only_workspace = (SELECT r.workspace_id FROM runs r WHERE r.id = q.run_id))";
        let counts = |row: &Row<'_>| Ok((unsigned(row, "queued")?, unsigned(row, "running")?));
        self.read(|connection| connection.prepare_cached(sql)?.query_row([id], counts))
    }

    fn workers(&self) -> Result<Vec<WorkerRecord>> {
        let sql = format!("{SELECT} ORDER BY started_at, id");
        self.read(|connection| rows(connection, &sql, [], record))
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

const SELECT: &str = "SELECT *, absolute(lock_path) AS lock_at, TRUE /*pg AND host_id = current_setting('ade.host')*/ AS is_here FROM workers";

fn worker(connection: &Connection, id: &str) -> driver::Result<Option<WorkerRecord>> {
    let sql = format!("{SELECT} WHERE id = ?1 AND kind = 'worker'");
    row(connection, &sql, [id], record)
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
        only: Only {
            workspace: row.get("only_workspace")?,
            label: row
                .get::<_, Option<String>>("only_label")?
                .and_then(|line| Only::of_line(&line)),
        },
        quieted_at: instant_or_none(row, "quieted_at")?,
        quieted_by: row.get("quieted_by")?,
        is_here: row.get("is_here")?,
    })
}
