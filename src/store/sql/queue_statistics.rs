//! Figures of the queue.

use super::SqlStore;
use super::values::{instant_or_none, rows, unsigned};
use crate::base::clock::Timestamp;
use crate::store::driver::{Row, params};
use crate::store::{
    EndedCount, LiveCount, Overview, QueueStatistics, Result, RunStatus, StoredBytes, Totals,
};

impl QueueStatistics for SqlStore {
    fn overview(
        &self,
        workspace: Option<&str>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Overview> {
        self.read(|connection| {
            connection.prepare_cached(OVERVIEW)?.query_row(
                params![workspace, since.0, now.0],
                |row| {
                    Ok(Overview {
                        queued: unsigned(row, "queued")?,
                        oldest_wait_ms: instant_or_none(row, "due")?.map(|due| now.since(due)),
                        in_trouble: unsigned(row, "in_trouble")?,
                        running: unsigned(row, "running")?,
                        environments_queued: unsigned(row, "environments_queued")?,
                        environments_building: unsigned(row, "environments_building")?,
                        succeeded: unsigned(row, "succeeded")?,
                        failed: unsigned(row, "failed")?,
                        cancelled: unsigned(row, "cancelled")?,
                    })
                },
            )
        })
    }

    fn usual_duration(&self, configuration: &str) -> Result<Option<u64>> {
        let mut took = self.read(|connection| {
            rows(connection, DURATIONS, [configuration], |row| {
                unsigned(row, "took")
            })
        })?;
        took.sort_unstable();
        Ok(took.get(took.len() / 2).copied())
    }

    fn totals(&self) -> Result<Totals> {
        self.read(|connection| {
            connection.prepare_cached(TOTALS)?.query_row([], |row| {
                Ok(Totals {
                    succeeded: unsigned(row, "succeeded")?,
                    failed: unsigned(row, "failed")?,
                    cancelled: unsigned(row, "cancelled")?,
                    lost_attempts: unsigned(row, "lost_attempts")?,
                })
            })
        })
    }

    fn live_counts(&self) -> Result<Vec<LiveCount>> {
        let record = |row: &Row<'_>| {
            Ok(LiveCount {
                configuration_id: row.get("configuration_id")?,
                submitter: row.get("submitter")?,
                queued: unsigned(row, "queued")?,
                running: unsigned(row, "running")?,
            })
        };
        self.read(|connection| rows(connection, LIVE, [], record))
    }

    fn ended_counts(&self) -> Result<Vec<EndedCount>> {
        let place = |number: i64| usize::try_from(number).ok();
        let record = |row: &Row<'_>| {
            Ok(EndedCount {
                subject: row.get("subject")?,
                status: RunStatus::parse(row.text("status")?).unwrap_or(RunStatus::Failed),
                waited: place(row.get("waited")?),
                took: place(row.get("took")?),
                runs: unsigned(row, "runs")?,
                waited_ms: unsigned(row, "waited_ms")?,
                took_ms: unsigned(row, "took_ms")?,
            })
        };
        self.read(|connection| rows(connection, ENDED, [], record))
    }

    fn stored_bytes(&self) -> Result<Vec<StoredBytes>> {
        let sql = "SELECT workspace_id, coalesce(submitter, '') AS submitter, CAST(sum(size_bytes) AS BIGINT) AS bytes
             FROM documents WHERE deleted_at IS NULL GROUP BY workspace_id, coalesce(submitter, '')";
        let record = |row: &Row<'_>| {
            Ok(StoredBytes {
                workspace_id: row.get("workspace_id")?,
                submitter: row.get("submitter")?,
                bytes: unsigned(row, "bytes")?,
            })
        };
        self.read(|connection| rows(connection, sql, [], record))
    }
}

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
    SELECT *, behind + sent AS in_trouble FROM live, behind_trouble, sent_back, built, ended";
