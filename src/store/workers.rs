//! Registered processes, and the recovery of claims of dead processes. `src/workspace/fleet.rs` detects dead processes.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Call;
use super::driver::{self, Connection, params, record};
use super::values::path_text;
use super::{
    BuildAttempts, Result, RunRecord, Store, WorkerFilter, deliveries, environments, runs,
};
use crate::base::clock::{Timestamp, milliseconds};
use crate::settings::Recovery;

/// A process that claims runs or environments: a worker, an `ade run`, or another command that builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerRecord {
    /// The id, new with each start and never reused.
    pub id: String,
    /// The name of the machine.
    pub host: String,
    /// The process number on the machine.
    pub pid: u32,
    /// The worker id of its first slot.
    pub name: String,
    /// Either `worker`, or `run` for a command that works by itself, such as `ade run` and `ade env build`.
    pub kind: String,
    /// The maximum number of runs that it executes at the same time.
    pub slots: u32,
    /// The file on which the process holds a lock as long as it lives.
    pub lock_path: PathBuf,
    /// How long its leases hold without renewal. Processes may have different settings; each lease is judged by the setting of
    /// its holder.
    pub lease: Duration,
    /// When the process started.
    pub started_at: Timestamp,
    /// When the process last recorded that it was alive.
    pub seen_at: Timestamp,
    /// The part of the waiting work that it accepts.
    #[serde(flatten)]
    pub only: WorkerFilter,
    /// Since when the worker accepts no more work, until it is resumed.
    pub quieted_at: Option<Timestamp>,
    /// The user or token that quieted the worker.
    pub quieted_by: Option<String>,
    /// Whether it works for the same host as the store, so that its lock file is visible here.
    #[serde(skip)]
    pub is_here: bool,
}

impl Store {
    /// Registers a process, unless it is already registered; its claims name its id.
    pub fn register_worker(&self, worker: &WorkerRecord) -> Result<()> {
        self.observed(Call::Register(&worker.id), Some(worker.seen_at), |store| {
            store.write_at(worker.seen_at, |transaction| {
                transaction.execute(
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
                        worker.started_at,
                        worker.seen_at,
                        worker.only.workspace,
                        worker.only.label.as_deref().map(WorkerFilter::line),
                        worker.quieted_at,
                        worker.quieted_by,
                    ],
                )
        })
        })
    }

    /// Records that the process was alive at `now`.
    pub fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()> {
        self.observed(Call::Look, Some(now), |store| {
            let sql = "UPDATE workers SET seen_at = ?2 WHERE id = ?1";
            store.write_at(now, |transaction| {
                transaction.execute(sql, params![id, now])
            })
        })
    }

    /// Deletes the record of a process that has ended or was found dead. False: it still holds a claim, so the record stays,
    /// and its death is found later.
    pub fn remove_worker(&self, id: &str) -> Result<bool> {
        // Its claims name the process only by this id: without the record no process could find out that their holder is dead.
        let delete = "DELETE FROM workers WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM queue_running WHERE claim_process = ?1)
             AND NOT EXISTS (SELECT 1 FROM environments WHERE status = 'building' AND claim_process = ?1)";
        self.write(|transaction| {
            transaction.execute(delete, [id])?;
            // If the process is no longer recorded, another process deleted the record.
            let stays = transaction.exists("SELECT 1 FROM workers WHERE id = ?1", [id])?;
            Ok(!stays)
        })
    }

    /// Makes a worker accept no more work; it finishes its current work. A worker that is already quiet stays so. Returns the
    /// worker afterwards; `None`: there is no worker with this id.
    pub fn quiet_worker(&self, id: &str, by: &str, now: Timestamp) -> Result<Option<WorkerRecord>> {
        let sql = "UPDATE workers SET quieted_at = ?2, quieted_by = ?3 WHERE id = ?1 AND kind = 'worker' AND quieted_at IS NULL";
        self.write(|transaction| {
            transaction.later(sql, params![id, now, by])?;
            worker(transaction, id)
        })
    }

    /// Makes a quiet worker accept work again. Returns it; `None`: there is no worker with this id.
    pub fn resume_worker(&self, id: &str) -> Result<Option<WorkerRecord>> {
        let sql = "UPDATE workers SET quieted_at = NULL, quieted_by = NULL WHERE id = ?1 AND kind = 'worker'";
        self.write(|transaction| {
            transaction.wake();
            transaction.later(sql, [id])?;
            worker(transaction, id)
        })
    }

    /// Returns how many runs that a worker accepts are queued and running, whoever executes them.
    pub fn queue_of_worker(&self, id: &str) -> Result<(u64, u64)> {
        let sql = "SELECT count(*) FILTER (WHERE q.status = 'queued') AS queued, count(*) FILTER (WHERE q.status = 'running') AS running
             FROM queue q JOIN workers w ON w.id = ?1 WHERE (w.only_label IS NULL OR instr(q.labels, w.only_label) > 0)
             AND (w.only_workspace IS NULL OR w.only_workspace = (SELECT r.workspace_id FROM runs r WHERE r.id = q.run_id))";
        self.one(sql, [id])
    }

    /// Returns all registered processes, the oldest first.
    pub fn workers(&self) -> Result<Vec<WorkerRecord>> {
        let sql = format!("{SELECT} ORDER BY started_at, id");
        self.rows(&sql, [])
    }

    /// Ends the claims of a dead process: its runs are requeued or failed by `recovery`, and its builds requeued, or failed if
    /// their attempts are used up. Returns the runs as they are afterwards.
    pub fn reclaim(
        &self,
        process: &str,
        recovery: Recovery,
        builds: &BuildAttempts<'_>,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        self.observed(Call::Reclaim(process), Some(now), |store| {
            // Builds first, so that a run that returns to the queue finds its environment queued, not claimed by a dead
            // builder.
            store.write_at(now, |transaction| {
                deliveries::reclaim(transaction, process, now)?;
                environments::reclaim(transaction, process, builds, now)?;
                runs::reclaim(transaction, process, recovery, now)
            })
        })
    }
}

const SELECT: &str = "SELECT *, absolute(lock_path) AS lock_at, TRUE /*pg AND host_id = current_setting('ade.host')*/ AS is_here FROM workers";

fn worker(connection: &Connection, id: &str) -> driver::Result<Option<WorkerRecord>> {
    let sql = format!("{SELECT} WHERE id = ?1 AND kind = 'worker'");
    connection.row(&sql, [id])
}

record!(WorkerRecord(row) {
    id, host, pid, name, kind, slots, started_at, seen_at, quieted_at, quieted_by, is_here;
    lock_path: row.path("lock_at")?,
    lease: Duration::from_millis(row.get("lease_ms")?),
    only: WorkerFilter {
        workspace: row.get("only_workspace")?,
        label: row.get::<_, Option<String>>("only_label")?.and_then(|line| WorkerFilter::of_line(&line)),
    },
});
