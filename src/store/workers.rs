//! Registered processes, and recovery of the claims of a dead one. `src/workspace/fleet.rs` finds out whether one is dead.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Call;
use super::driver::{self, Connection, params, record};
use super::values::path_text;
use super::{BuildAttempts, Only, Result, RunRecord, Store, deliveries, environments, runs};
use crate::base::clock::{Timestamp, milliseconds};
use crate::settings::Recovery;

/// A process that claims runs or environments: a worker, an `ade run`, or another command that builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerRecord {
    /// New with each start, never used again.
    pub id: String,
    /// The machine.
    pub host: String,
    /// Its process number there.
    pub pid: u32,
    /// The worker id of its first slot.
    pub name: String,
    /// `worker`, or `run`: a command that works itself, as `ade run` and `ade env build` do.
    pub kind: String,
    /// How many runs it may execute at the same time.
    pub slots: u32,
    /// The file on which it holds a lock as long as it lives.
    pub lock_path: PathBuf,
    /// How long its leases hold without being renewed. Processes may have different settings; each lease is judged by that of its
    /// holder.
    pub lease: Duration,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last recorded that it was alive.
    pub seen_at: Timestamp,
    /// What alone it takes of what waits.
    #[serde(flatten)]
    pub only: Only,
    /// Since when it takes nothing any more, until it is resumed.
    pub quieted_at: Option<Timestamp>,
    /// Who told it so.
    pub quieted_by: Option<String>,
    /// It works for the same host as the store, so that its lock file is seen from here.
    #[serde(skip)]
    pub is_here: bool,
}

impl Store {
    /// Registers a process, unless it is registered already; its claims name its id.
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
                        worker.only.label.as_deref().map(Only::line),
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
        // Its claims name it only by this id: without the record no process could find out that their holder is dead.
        let delete = "DELETE FROM workers WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM queue_running WHERE claim_process = ?1)
             AND NOT EXISTS (SELECT 1 FROM environments WHERE status = 'building' AND claim_process = ?1)";
        self.write(|transaction| {
            transaction.execute(delete, [id])?;
            // One that is not known any more was deleted by another process.
            let stays = transaction.exists("SELECT 1 FROM workers WHERE id = ?1", [id])?;
            Ok(!stays)
        })
    }

    /// From now on a worker takes nothing; what it has it finishes. One that is quiet already stays so. Returns it as it is then;
    /// `None`: there is no worker of this id.
    pub fn quiet_worker(&self, id: &str, by: &str, now: Timestamp) -> Result<Option<WorkerRecord>> {
        let sql = "UPDATE workers SET quieted_at = ?2, quieted_by = ?3 WHERE id = ?1 AND kind = 'worker' AND quieted_at IS NULL";
        self.write(|transaction| {
            transaction.later(sql, params![id, now, by])?;
            worker(transaction, id)
        })
    }

    /// It takes runs again.
    pub fn resume_worker(&self, id: &str) -> Result<Option<WorkerRecord>> {
        let sql = "UPDATE workers SET quieted_at = NULL, quieted_by = NULL WHERE id = ?1 AND kind = 'worker'";
        self.write(|transaction| {
            transaction.wake();
            transaction.later(sql, [id])?;
            worker(transaction, id)
        })
    }

    /// The queue as far as a worker takes it: how many runs wait and how many are executed, whoever executes them.
    pub fn queue_of_worker(&self, id: &str) -> Result<(u64, u64)> {
        let sql = "SELECT count(*) FILTER (WHERE q.status = 'queued') AS queued, count(*) FILTER (WHERE q.status = 'running') AS running
             FROM queue q JOIN workers w ON w.id = ?1 WHERE (w.only_label IS NULL OR instr(q.labels, w.only_label) > 0)
             AND (w.only_workspace IS NULL OR w.only_workspace = (SELECT r.workspace_id FROM runs r WHERE r.id = q.run_id))";
        self.one(sql, [id])
    }

    /// Returns all of them, oldest first.
    pub fn workers(&self) -> Result<Vec<WorkerRecord>> {
        let sql = format!("{SELECT} ORDER BY started_at, id");
        self.rows(&sql, [])
    }

    /// Ends the claims of a dead process: its runs are requeued or failed by `recovery`, its builds requeued, or failed where
    /// their attempts are spent. Returns the runs as they are now.
    pub fn reclaim(
        &self,
        process: &str,
        recovery: Recovery,
        builds: &BuildAttempts<'_>,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        self.observed(Call::Reclaim(process), Some(now), |store| {
            // Builds first, so that a run that goes back to the queue finds its environment queued, not claimed by a dead builder.
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
    only: Only {
        workspace: row.get("only_workspace")?,
        label: row.get::<_, Option<String>>("only_label")?.and_then(|line| Only::of_line(&line)),
    },
});
