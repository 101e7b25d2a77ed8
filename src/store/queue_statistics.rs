//! Statistics of the queue, now and over time.

use serde::Serialize;
use utoipa::ToSchema;

use super::driver::{params, record};
use super::{Result, RunStatus, Store};
use crate::base::clock::Timestamp;

/// An overview of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WorkspaceCounts)]
pub struct Overview {
    /// The number of queued runs.
    pub queued: u64,
    /// How long the oldest due run has been waiting, in milliseconds, without paused runs.
    pub oldest_wait_ms: Option<u64>,
    /// The number of queued runs that wait because the machine or the network is in trouble.
    pub in_trouble: u64,
    /// The number of running runs.
    pub running: u64,
    /// The number of queued environments.
    pub environments_queued: u64,
    /// The number of environments that are being built.
    pub environments_building: u64,
    /// The number of runs that succeeded in the requested window.
    pub succeeded: u64,
    /// The number of runs that failed in the window.
    pub failed: u64,
    /// The number of runs that were cancelled in the window.
    pub cancelled: u64,
}

/// Totals since the database was created. Deleting runs does not reduce them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueTotals {
    /// The number of runs that succeeded.
    pub succeeded: u64,
    /// The number of runs that failed.
    pub failed: u64,
    /// The number of runs that were cancelled.
    pub cancelled: u64,
    /// The number of attempts whose process died, or whose lease expired.
    pub lost_attempts: u64,
}

/// The upper limits of the classes into which times of runs are counted, in milliseconds; the last class has no limit.
pub const LIMITS: [u64; 12] = [
    100, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000,
];

/// The number of runs of a configuration that a submitter has in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCount {
    /// The id of the configuration.
    pub configuration_id: String,
    /// The submitter's key; empty: an older `ade` did not record it.
    pub submitter: String,
    /// The number of waiting runs.
    pub queued: u64,
    /// The number of running runs.
    pub running: u64,
}

/// The number of ended runs of a configuration or a submitter, with one class of waits and one class of durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedCount {
    /// Either `configuration` and its id, or `submitter` and its key.
    pub subject: String,
    /// The final status of the runs.
    pub status: RunStatus,
    /// The index in [`LIMITS`] for the time from the record to the first claim; the number of limits if it is longer. `None`:
    /// the runs were never claimed.
    pub waited: Option<usize>,
    /// The same for the duration of the last attempt.
    pub took: Option<usize>,
    /// The number of runs.
    pub runs: u64,
    /// The sum of their waits in milliseconds.
    pub waited_ms: u64,
    /// The sum of their durations in milliseconds.
    pub took_ms: u64,
}

/// The number of bytes of a submitter's documents in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBytes {
    /// The id of the workspace.
    pub workspace_id: String,
    /// The submitter's key; empty: an older `ade` did not record it.
    pub submitter: String,
    /// The number of stored bytes.
    pub bytes: u64,
}

impl Store {
    /// Returns the queue of a workspace, or of all workspaces (`None`), at one moment, and the counts of runs that ended since
    /// `since`, without those whose files were collected. A run is in trouble if its environment is queued because of trouble,
    /// or if trouble sent the run itself back: it waits, and its attempt does not count.
    pub fn overview(
        &self,
        workspace: Option<&str>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Overview> {
        self.one(OVERVIEW, params![workspace, since, now])
    }

    /// Returns the usual duration of a configuration's runs in milliseconds: the median of the last runs that succeeded.
    /// `None`: none has succeeded.
    pub fn usual_duration(&self, configuration: &str) -> Result<Option<u64>> {
        let mut took: Vec<i64> = self.rows(DURATIONS, [configuration])?;
        took.sort_unstable_by_key(|took| took.unsigned_abs());
        Ok(took.get(took.len() / 2).map(|took| took.unsigned_abs()))
    }

    /// Returns the totals of all workspaces.
    pub fn totals(&self) -> Result<QueueTotals> {
        self.one(TOTALS, [])
    }

    /// Returns the queue of all workspaces, by configuration and submitter.
    pub fn live_counts(&self) -> Result<Vec<LiveCount>> {
        self.rows(LIVE, [])
    }

    /// Returns the ended runs, by configuration and by submitter.
    pub fn ended_counts(&self) -> Result<Vec<EndedCount>> {
        self.rows(ENDED, [])
    }

    /// Returns the stored bytes, by workspace and submitter.
    pub fn stored_bytes(&self) -> Result<Vec<StoredBytes>> {
        let sql = "SELECT workspace_id, coalesce(submitter, '') AS submitter, CAST(sum(size_bytes) AS BIGINT) AS bytes
             FROM documents WHERE deleted_at IS NULL GROUP BY workspace_id, coalesce(submitter, '')";
        self.rows(sql, [])
    }
}

record!(Overview(row) {
    queued, oldest_wait_ms, in_trouble, running, environments_queued, environments_building, succeeded, failed, cancelled
});

record!(QueueTotals(row) { succeeded, failed, cancelled, lost_attempts });

record!(LiveCount(row) { configuration_id, submitter, queued, running });

record!(EndedCount(row) {
    subject, runs, waited_ms, took_ms;
    status: RunStatus::parse(row.text("status")?).unwrap_or(RunStatus::Failed),
    waited: usize::try_from(row.get::<_, i64>("waited")?).ok(),
    took: usize::try_from(row.get::<_, i64>("took")?).ok(),
});

record!(StoredBytes(row) { workspace_id, submitter, bytes });

/// Selects the durations of the last attempts of a configuration's last runs that succeeded. Runs without an engine are left
/// out, because their times mean nothing.
pub(super) const DURATIONS: &str = "SELECT a.completed_at - a.started_at AS took FROM runs r
    JOIN run_attempts a ON a.run_id = r.id AND a.attempt = r.attempt_count
    WHERE r.configuration_id = ?1 AND r.status = 'succeeded' AND r.exit_code IS NOT NULL ORDER BY r.id DESC LIMIT 20";

/// Sums the ended runs: those counted by configuration, and those counted before such counts existed. On a server the counts
/// are spread over several rows, so that processes that end runs at the same time do not wait for each other.
const TOTALS: &str = "SELECT succeeded, failed, cancelled, (SELECT CAST(sum(lost_attempts) AS BIGINT) FROM totals) AS lost_attempts FROM (
    SELECT CAST(sum(succeeded) AS BIGINT) AS succeeded, CAST(sum(failed) AS BIGINT) AS failed, CAST(sum(cancelled) AS BIGINT) AS cancelled FROM (
        SELECT succeeded, failed, cancelled FROM totals
        UNION ALL SELECT CASE status WHEN 'succeeded' THEN runs ELSE 0 END, CASE status WHEN 'failed' THEN runs ELSE 0 END,
            CASE status WHEN 'cancelled' THEN runs ELSE 0 END FROM ended WHERE subject LIKE 'configuration %') AS counted) AS summed";

/// Counts live runs by their environments, and the few runs without an environment by their records.
const LIVE: &str = "SELECT configuration_id, submitter, count(*) FILTER (WHERE status = 'queued') AS queued, count(*) FILTER (WHERE status = 'running') AS running FROM (
    SELECT e.configuration_id, q.submitter, q.status FROM queue q JOIN environments/*pg_anywhere*/ e ON e.id = q.environment_id
    UNION ALL SELECT r.configuration_id, q.submitter, q.status FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL) AS live
    GROUP BY configuration_id, submitter";

const ENDED: &str = "SELECT subject, status, waited, took, CAST(sum(runs) AS BIGINT) AS runs, CAST(sum(waited_ms) AS BIGINT) AS waited_ms,
    CAST(sum(took_ms) AS BIGINT) AS took_ms FROM ended GROUP BY subject, status, waited, took";

/// One statement sees one state, so that a run that is claimed or ends meanwhile is counted once. `?1` is the workspace, or
/// null for all. For all workspaces, only indexes are read: the index of runs that still have their files contains all runs
/// that ended recently, because files are not collected that soon.
pub(super) const OVERVIEW: &str = "WITH
    mine (id) AS (SELECT id FROM environments/*pg_anywhere*/ WHERE workspace_id = ?1),
    held (id) AS MATERIALIZED (SELECT e.id FROM pauses p CROSS JOIN environments/*pg_anywhere*/ e ON p.configuration_id IN ('', e.configuration_id)),
    live AS (
        SELECT count(*) FILTER (WHERE status = 'queued') AS queued, count(*) FILTER (WHERE status = 'running') AS running,
            min(available_at) FILTER (WHERE status = 'queued' AND available_at <= ?3 AND NOT EXISTS (SELECT 1 FROM held h WHERE h.id = q.environment_id)) AS due
        FROM queue q WHERE ?1 IS NULL OR q.environment_id IN (SELECT id FROM mine)
            OR (q.environment_id IS NULL AND EXISTS (SELECT 1 FROM runs r WHERE r.id = q.run_id AND r.workspace_id = ?1))),
    behind_trouble AS (
        SELECT count(*) AS behind FROM environments/*pg_anywhere*/ e CROSS JOIN queue q INDEXED BY queue_of_environment ON q.environment_id = e.id AND q.status = 'queued'
        WHERE e.status = 'queued' AND e.trouble_count > 0 AND (?1 IS NULL OR e.workspace_id = ?1)),
    sent_back AS (
        SELECT count(*) AS sent FROM queue q INDEXED BY queue_in_trouble WHERE q.trouble_count > 0 AND q.status = 'queued' AND (?1 IS NULL OR q.environment_id IN (SELECT id FROM mine))
            AND NOT EXISTS (SELECT 1 FROM environments/*pg_anywhere*/ e WHERE e.id = q.environment_id AND e.status = 'queued' AND e.trouble_count > 0)),
    built AS (
        SELECT count(*) FILTER (WHERE status = 'queued') AS environments_queued, count(*) FILTER (WHERE status = 'building') AS environments_building
        FROM environments/*pg_anywhere*/ WHERE ?1 IS NULL OR workspace_id = ?1),
    ended AS (
        SELECT count(*) FILTER (WHERE status = 'succeeded') AS succeeded, count(*) FILTER (WHERE status = 'failed') AS failed,
            count(*) FILTER (WHERE status = 'cancelled') AS cancelled
        FROM runs INDEXED BY runs_with_artifacts
        WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL AND completed_at >= ?2 AND (?1 IS NULL OR workspace_id = ?1))
    SELECT *, ?3 - due AS oldest_wait_ms, behind + sent AS in_trouble FROM live, behind_trouble, sent_back, built, ended";
