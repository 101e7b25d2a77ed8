//! Figures of the queue.

use super::SqlStore;
use super::values::{instant_or_none, rows, unsigned};
use crate::base::clock::Timestamp;
use crate::store::driver::params;
use crate::store::{Overview, QueueStatistics, Result, Totals};

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
}

/// How long the last runs of a configuration that succeeded took: their last attempts. Those for which no engine was started tell nothing.
pub(super) const DURATIONS: &str = "SELECT a.completed_at - a.started_at AS took FROM runs r
    JOIN run_attempts a ON a.run_id = r.id AND a.attempt = r.attempt_count
    WHERE r.configuration_id = ?1 AND r.status = 'succeeded' AND r.exit_code IS NOT NULL ORDER BY r.id DESC LIMIT 20";

/// On a server several rows are counted in, so that those who end runs at the same time need not wait for each other.
const TOTALS: &str = "SELECT CAST(sum(succeeded) AS BIGINT) AS succeeded, CAST(sum(failed) AS BIGINT) AS failed,
    CAST(sum(cancelled) AS BIGINT) AS cancelled, CAST(sum(lost_attempts) AS BIGINT) AS lost_attempts FROM totals";

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
        SELECT count(*) AS sent FROM queue q WHERE q.trouble_count > 0 AND q.status = 'queued' AND (?1 IS NULL OR q.environment_id IN (SELECT id FROM mine))
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
