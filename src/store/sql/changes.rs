//! What changed.

use super::SqlStore;
use super::values::{instant, instant_or_none, rows, small, word};
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection, Row, params};
use crate::store::{
    ChangeMark, Changes, EndedRun, EndedRuns, LiveRun, Result, RunStatus, RunningRun,
};

impl Changes for SqlStore {
    fn change_mark(&self) -> Result<ChangeMark> {
        if self.is_server {
            return self.read(mark);
        }
        // Of one connection at all times: the counts of another one say something else.
        mark(&self.shared.lock()).map_err(|error| self.explain(error))
    }

    fn listen(&self, ring: &dyn Fn(), end: &Cancel) -> bool {
        self.backend.listen(ring, end)
    }

    fn live_runs(&self, workspace: &str) -> Result<Vec<LiveRun>> {
        let record = |row: &Row<'_>| {
            Ok(LiveRun {
                id: row.get("run_id")?,
                status: status(row)?,
                attempt_count: small(row, "attempt_count")?,
                available_at: instant(row, "available_at")?,
                created_at: instant(row, "created_at")?,
                cancel_requested_at: instant_or_none(row, "cancel_requested_at")?,
            })
        };
        self.read(|connection| rows(connection, LIVE, [workspace], record))
    }

    fn ended_runs(&self, workspace: &str, since: Timestamp, look_at: u32) -> Result<EndedRuns> {
        self.read(|connection| ended(connection, workspace, since, look_at))
    }

    fn running_runs(&self, workspaces: Option<&[String]>) -> Result<Vec<RunningRun>> {
        let these = workspaces.map(|ids| serde_json::json!(ids).to_string());
        let record = |row: &Row<'_>| {
            Ok(RunningRun {
                id: row.get("run_id")?,
                workspace_id: row.get("workspace_id")?,
                configuration_id: row.get("configuration_id")?,
                configuration_name: row.get("name")?,
                input_name: row.get("input_name")?,
                attempt: small(row, "attempt_count")?,
                claimed_at: instant(row, "claimed_at")?,
                claim_expires_at: instant(row, "claim_expires_at")?,
                process: row.get("claim_process")?,
            })
        };
        self.read(|connection| rows(connection, RUNNING, [these], record))
    }
}

/// On a server, which transactions were committed when it was asked says the mark. On SQLite `data_version` counts the commits of other connections, `total_changes()` the rows that this one wrote.
fn mark(connection: &Connection) -> driver::Result<ChangeMark> {
    let number = |sql: &str| -> driver::Result<i64> {
        connection
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))
    };
    if connection.is_server() {
        let snapshot = "SELECT hashtextextended(CAST(pg_current_snapshot() AS TEXT), 0)";
        return Ok(ChangeMark(number(snapshot)?, 0));
    }
    Ok(ChangeMark(
        number("SELECT total_changes()")?,
        number("PRAGMA data_version")?,
    ))
}

const RUNNING: &str = "SELECT q.run_id, r.workspace_id, r.configuration_id, c.name, r.input_name, q.attempt_count, q.claimed_at, q.claim_expires_at, q.claim_process
    FROM queue_running w JOIN queue q ON q.run_id = w.run_id JOIN runs r ON r.id = q.run_id JOIN configurations c ON c.id = r.configuration_id
    WHERE w.claim_process IS NOT NULL AND (CAST(?1 AS TEXT) IS NULL OR r.workspace_id IN (SELECT value FROM json_each(?1)))
    ORDER BY q.claimed_at, q.run_id";

/// A run of the queue whose environment was deleted belongs to the workspace of its record.
pub(super) const LIVE: &str = "SELECT q.run_id, q.status, q.attempt_count, q.available_at, q.created_at, q.cancel_requested_at
    FROM environments/*pg_anywhere*/ e JOIN queue q ON q.environment_id = e.id WHERE e.workspace_id = ?1
    UNION ALL SELECT q.run_id, q.status, q.attempt_count, q.available_at, q.created_at, q.cancel_requested_at
    FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL AND r.workspace_id = ?1";

/// Those that ended last. The workspace is not in the index, so that the record of each entry is looked at.
pub(super) const ENDED: &str = "SELECT id, workspace_id, status, created_at, started_at, completed_at,
    (SELECT a.completed_at - a.started_at FROM run_attempts a WHERE a.run_id = runs.id ORDER BY a.attempt DESC LIMIT 1) AS took
    FROM runs INDEXED BY runs_with_artifacts
    WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL AND completed_at >= ?1 ORDER BY completed_at DESC LIMIT ?2";

fn ended(
    connection: &Connection,
    workspace: &str,
    since: Timestamp,
    look_at: u32,
) -> driver::Result<EndedRuns> {
    let mut ended = EndedRuns::default();
    let mut statement = connection.prepare_cached(ENDED)?;
    let (mut looked_at, mut last) = (0, None);
    statement.each(params![since.0, i64::from(look_at) + 1], |row| {
        if looked_at == look_at {
            ended.only_since = last;
            return Ok(false);
        }
        looked_at += 1;
        let completed_at = instant(row, "completed_at")?;
        last = Some(completed_at);
        if row.text("workspace_id")? == workspace {
            ended.runs.push(EndedRun {
                id: row.get("id")?,
                status: status(row)?,
                created_at: instant(row, "created_at")?,
                started_at: instant_or_none(row, "started_at")?,
                completed_at,
                took_ms: row
                    .get::<_, Option<i64>>("took")?
                    .map(|took| u64::try_from(took).unwrap_or(0)),
            });
        }
        Ok(true)
    })?;
    Ok(ended)
}

fn status(row: &Row<'_>) -> driver::Result<RunStatus> {
    word(row, "status", RunStatus::parse)
}
