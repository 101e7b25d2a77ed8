//! Figures of the queue: now, and over time.

use serde::Serialize;
use utoipa::ToSchema;

use super::driver::{params, record};
use super::{Result, RunStatus, Store};
use crate::base::clock::Timestamp;

/// An overview of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WorkspaceCounts)]
pub struct Overview {
    /// Queued runs.
    pub queued: u64,
    /// How long the queued run that has been due longest has waited, in milliseconds, without those that are paused.
    pub oldest_wait_ms: Option<u64>,
    /// Queued runs that wait because the machine or the network is in trouble.
    pub in_trouble: u64,
    /// Running runs.
    pub running: u64,
    /// Queued environments.
    pub environments_queued: u64,
    /// Environments that are being built.
    pub environments_building: u64,
    /// Runs that succeeded in the window that was asked for.
    pub succeeded: u64,
    /// Runs that failed in it.
    pub failed: u64,
    /// Runs that were cancelled in it.
    pub cancelled: u64,
}

/// What has happened since the database was made. Deleting runs takes nothing from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs that succeeded.
    pub succeeded: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Runs that were cancelled.
    pub cancelled: u64,
    /// Attempts whose process died, or whose lease expired.
    pub lost_attempts: u64,
}

/// The upper limits of the classes in which times of runs are counted, in milliseconds; a last class has none.
pub const LIMITS: [u64; 12] = [
    100, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000,
];

/// How many runs of a configuration somebody has in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCount {
    /// The configuration's id.
    pub configuration_id: String,
    /// The submitter's key; empty: an older `ade` did not record it.
    pub submitter: String,
    /// Those that wait.
    pub queued: u64,
    /// Those that are being executed.
    pub running: u64,
}

/// What has ended of a configuration or of a submitter since it has been counted so, with one class of waits and one of durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedCount {
    /// `configuration` and its id, or `submitter` and its key.
    pub subject: String,
    /// How.
    pub status: RunStatus,
    /// The place in [`LIMITS`] of the time from the record to the first claim, or their number. `None`: it was never claimed.
    pub waited: Option<usize>,
    /// The same of how long the last attempt took.
    pub took: Option<usize>,
    /// How many runs.
    pub runs: u64,
    /// The sum of their waits, in milliseconds.
    pub waited_ms: u64,
    /// The sum of how long they took.
    pub took_ms: u64,
}

/// How many bytes of documents somebody has in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBytes {
    /// The workspace.
    pub workspace_id: String,
    /// The submitter's key; empty: an older `ade` did not record it.
    pub submitter: String,
    /// The bytes.
    pub bytes: u64,
}

impl Store {
    /// Returns the queue of a workspace, or of all (`None`), at one moment, and the counts of runs that ended since `since`, without
    /// those whose files were collected. A run that is queued in an environment that waits for the end of trouble, or was sent
    /// back by trouble itself, is in trouble: it waits, and no attempt is spent.
    pub fn overview(
        &self,
        workspace: Option<&str>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Overview> {
        self.one(OVERVIEW, params![workspace, since, now])
    }

    /// Returns how long runs of a configuration take, in milliseconds: the median of the last ones that succeeded. `None`: none has.
    pub fn usual_duration(&self, configuration: &str) -> Result<Option<u64>> {
        let mut took: Vec<i64> = self.rows(DURATIONS, [configuration])?;
        took.sort_unstable_by_key(|took| took.unsigned_abs());
        Ok(took.get(took.len() / 2).map(|took| took.unsigned_abs()))
    }

    /// Returns what has happened in all workspaces.
    pub fn totals(&self) -> Result<Totals> {
        self.one(TOTALS, [])
    }

    /// Returns the queue of all workspaces by configuration and submitter.
    pub fn live_counts(&self) -> Result<Vec<LiveCount>> {
        self.rows(LIVE, [])
    }

    /// Returns what has ended by configuration, and by submitter.
    pub fn ended_counts(&self) -> Result<Vec<EndedCount>> {
        self.rows(ENDED, [])
    }

    /// Returns what is stored by workspace and submitter.
    pub fn stored_bytes(&self) -> Result<Vec<StoredBytes>> {
        let sql = "SELECT workspace_id, coalesce(submitter, '') AS submitter, CAST(sum(size_bytes) AS BIGINT) AS bytes
             FROM documents WHERE deleted_at IS NULL GROUP BY workspace_id, coalesce(submitter, '')";
        self.rows(sql, [])
    }
}

record!(Overview(row) {
    queued, oldest_wait_ms, in_trouble, running, environments_queued, environments_building, succeeded, failed, cancelled
});

record!(Totals(row) { succeeded, failed, cancelled, lost_attempts });

record!(LiveCount(row) { configuration_id, submitter, queued, running });

record!(EndedCount(row) {
    subject, runs, waited_ms, took_ms;
    status: RunStatus::parse(row.text("status")?).unwrap_or(RunStatus::Failed),
    waited: usize::try_from(row.get::<_, i64>("waited")?).ok(),
    took: usize::try_from(row.get::<_, i64>("took")?).ok(),
});

record!(StoredBytes(row) { workspace_id, submitter, bytes });

/// How long the last runs of a configuration that succeeded took: their last attempts. Those for which no engine was started tell nothing.
pub(super) const DURATIONS: &str = "SELECT a.completed_at - a.started_at AS took FROM runs r
    JOIN run_attempts a ON a.run_id = r.id AND a.attempt = r.attempt_count
    WHERE r.configuration_id = ?1 AND r.status = 'succeeded' AND r.exit_code IS NOT NULL ORDER BY r.id DESC LIMIT 20";

/// What has ended: by configuration, and what was counted before there was that. On a server several rows are counted in, so that those who end runs
/// at the same time need not wait for each other.
const TOTALS: &str = "SELECT succeeded, failed, cancelled, (SELECT CAST(sum(lost_attempts) AS BIGINT) FROM totals) AS lost_attempts FROM (
    SELECT CAST(sum(succeeded) AS BIGINT) AS succeeded, CAST(sum(failed) AS BIGINT) AS failed, CAST(sum(cancelled) AS BIGINT) AS cancelled FROM (
        SELECT succeeded, failed, cancelled FROM totals
        UNION ALL SELECT CASE status WHEN 'succeeded' THEN runs ELSE 0 END, CASE status WHEN 'failed' THEN runs ELSE 0 END,
            CASE status WHEN 'cancelled' THEN runs ELSE 0 END FROM ended WHERE subject LIKE 'configuration %') AS counted) AS summed";

/// By environments; those few runs that have none, by their records.
const LIVE: &str = "SELECT configuration_id, submitter, count(*) FILTER (WHERE status = 'queued') AS queued, count(*) FILTER (WHERE status = 'running') AS running FROM (
    SELECT e.configuration_id, q.submitter, q.status FROM queue q JOIN environments/*pg_anywhere*/ e ON e.id = q.environment_id
    UNION ALL SELECT r.configuration_id, q.submitter, q.status FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL) AS live
    GROUP BY configuration_id, submitter";

const ENDED: &str = "SELECT subject, status, waited, took, CAST(sum(runs) AS BIGINT) AS runs, CAST(sum(waited_ms) AS BIGINT) AS waited_ms,
    CAST(sum(took_ms) AS BIGINT) AS took_ms FROM ended GROUP BY subject, status, waited, took";

/// One statement sees one state, so that a run that is claimed or ends meanwhile is counted once. `?1` is the workspace, or null: all
/// of them. Nothing but indexes is read for all: that of runs that still have their files holds those that ended a moment ago,
/// because files are not collected as soon as that.
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
