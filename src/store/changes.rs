//! Reports changes, for viewers that show the queue while it moves.

use super::driver::{self, Connection, FromRow, params, record};
use super::{Result, RunStatus, Store};
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;

/// A mark of the database's content: if two marks are equal, nothing was written in between. It has no meaning for another
/// process, nor for another [`Store`](super::Store) of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeMark(pub i64, pub i64);

/// The facts about a run that can change while it is in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveRun {
    /// The id of the run.
    pub id: String,
    /// The status: queued or running.
    pub status: RunStatus,
    /// The number of attempts so far.
    pub attempt_count: u32,
    /// When the run may be claimed. A run that returns to the queue gets a new time.
    pub available_at: Timestamp,
    /// When the run was recorded.
    pub created_at: Timestamp,
    /// When its cancellation was requested.
    pub cancel_requested_at: Option<Timestamp>,
}

/// The times of a run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRun {
    /// The id of the run.
    pub id: String,
    /// The final status of the run.
    pub status: RunStatus,
    /// When the run was recorded.
    pub created_at: Timestamp,
    /// When the run was first claimed, if ever.
    pub started_at: Option<Timestamp>,
    /// When the run ended.
    pub completed_at: Timestamp,
    /// The duration of its last attempt in milliseconds.
    pub took_ms: Option<u64>,
}

/// Runs of a workspace that have ended, the latest end first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedRuns {
    /// The runs of the workspace.
    pub runs: Vec<EndedRun>,
    /// If more runs had ended than were examined: the end of the last examined run, of any workspace. All runs that ended
    /// later are included.
    pub only_since: Option<Timestamp>,
}

/// A run that is being executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningRun {
    /// The id of the run.
    pub id: String,
    /// The workspace of the run.
    pub workspace_id: String,
    /// The id of its configuration.
    pub configuration_id: String,
    /// The name of its configuration.
    pub configuration_name: String,
    /// The file name of its input.
    pub input_name: String,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// When the run was claimed.
    pub claimed_at: Timestamp,
    /// When the claim expires unless it is renewed.
    pub claim_expires_at: Timestamp,
    /// The process that executes the run.
    pub process: String,
}

impl Store {
    /// Returns a mark of the database's content, at almost no cost.
    pub fn change_mark(&self) -> Result<ChangeMark> {
        if self.connections.is_server {
            return self.read(mark);
        }
        // Always from the same connection: the counts of another connection differ.
        mark(&self.connections.shared.lock()).map_err(|error| self.explain(error))
    }

    /// Calls `ring` whenever a run that may be claimed entered the queue, from any machine, until `end` is set. Needs its own
    /// thread. Returns `false` at once if the database sends no notifications; then a file rings the
    /// [`Bell`](crate::system::bell::Bell).
    pub fn listen(&self, ring: &dyn Fn(), end: &Cancel) -> bool {
        self.connections.backend.listen(ring, end)
    }

    /// Returns the queued and running runs of a workspace.
    pub fn live_runs(&self, workspace: &str) -> Result<Vec<LiveRun>> {
        self.rows(LIVE, [workspace])
    }

    /// Returns the runs of a workspace that ended at `since` or later, without those whose files were collected. Only the
    /// `look_at` runs of all workspaces that ended last are examined.
    pub fn ended_runs(&self, workspace: &str, since: Timestamp, look_at: u32) -> Result<EndedRuns> {
        self.read(|connection| {
            let mut ended = EndedRuns::default();
            let mut statement = connection.prepare_cached(ENDED)?;
            let (mut looked_at, mut last) = (0, None);
            statement.each(params![since, i64::from(look_at) + 1], |row| {
                if looked_at == look_at {
                    ended.only_since = last;
                    return Ok(false);
                }
                looked_at += 1;
                last = Some(row.get("completed_at")?);
                if row.text("workspace_id")? == workspace {
                    ended.runs.push(EndedRun::from_row(row)?);
                }
                Ok(true)
            })?;
            Ok(ended)
        })
    }

    /// Returns the runs of these workspaces that registered processes execute, by the time of their claim; `None`: of all
    /// workspaces.
    pub fn running_runs(&self, workspaces: Option<&[String]>) -> Result<Vec<RunningRun>> {
        let these = workspaces.map(|ids| serde_json::json!(ids).to_string());
        self.rows(RUNNING, [these])
    }
}

record!(LiveRun(row) { status, attempt_count, available_at, created_at, cancel_requested_at; id: row.get("run_id")? });

record!(RunningRun(row) {
    workspace_id, configuration_id, input_name, claimed_at, claim_expires_at;
    id: row.get("run_id")?,
    configuration_name: row.get("name")?,
    attempt: row.get("attempt_count")?,
    process: row.get("claim_process")?,
});

/// Reads the current mark. On a server, it is a hash of the transactions committed so far. On SQLite, `data_version` counts
/// the commits of other connections, and `total_changes()` the rows that this connection wrote.
fn mark(connection: &Connection) -> driver::Result<ChangeMark> {
    let number = |sql| connection.one(sql, []);
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

/// Selects live runs. A run whose environment was deleted belongs to the workspace of its record.
pub(super) const LIVE: &str = "SELECT q.run_id, q.status, q.attempt_count, q.available_at, q.created_at, q.cancel_requested_at
    FROM environments/*pg_anywhere*/ e JOIN queue q ON q.environment_id = e.id WHERE e.workspace_id = ?1
    UNION ALL SELECT q.run_id, q.status, q.attempt_count, q.available_at, q.created_at, q.cancel_requested_at
    FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL AND r.workspace_id = ?1";

/// Selects the runs that ended last. The workspace is not in the index, so the record of each entry is read.
pub(super) const ENDED: &str = "SELECT id, workspace_id, status, created_at, started_at, completed_at,
    (SELECT a.completed_at - a.started_at FROM run_attempts a WHERE a.run_id = runs.id ORDER BY a.attempt DESC LIMIT 1) AS took
    FROM runs INDEXED BY runs_with_artifacts
    WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL AND completed_at >= ?1 ORDER BY completed_at DESC LIMIT ?2";

record!(EndedRun(row) {
    id, status, created_at, started_at, completed_at;
    took_ms: row.get::<_, Option<i64>>("took")?.map(|took| u64::try_from(took).unwrap_or(0)),
});
