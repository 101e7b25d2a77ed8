//! Reads runs.

use rusqlite::{Connection, Row, params};

use crate::store::sqlite::values::{instant, instant_or_none, small, unsigned, unsigned_or_none};
use crate::store::{Attempt, EnvironmentKey, Failure, RunFilter, RunMetrics, RunRecord, RunStatus};

/// Every column but `result`, the engine's whole payload, which can be long and which lists do not show. Only a run with
/// results has metrics.
pub(super) const SELECT: &str = "SELECT r.id, r.workspace_id, r.configuration_id, r.environment_id, r.document_id, r.retry_of_run_id, r.engine_spec, r.deps_digest,
    r.source_digest, r.snapshot_path, r.input_name, r.input_path, r.input_sha256, r.input_size_bytes, r.input_sheets, r.options, r.status, r.attempt_count,
    r.max_attempts, r.available_at, r.claimed_by, r.claim_expires_at, r.created_at, r.started_at, r.completed_at, r.exit_code, r.error_code, r.error_stage,
    r.error_message, r.error_hint, r.summary, r.output_path, r.run_dir, r.claim_process, r.cancel_requested_at, r.artifacts_deleted_at, c.name AS configuration_name, c.path AS configuration_path,
    m.sheet_count, m.table_count, m.row_count_total, m.column_count_total, m.field_count_detected, m.field_count_expected, m.column_count_unmapped,
    m.validation_issues_total
    FROM runs r JOIN configurations c ON c.id = r.configuration_id LEFT JOIN run_metrics m ON m.run_id = r.id";

pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let status: String = row.get("status")?;
    Ok(RunRecord {
        id: row.get("id")?,
        key: EnvironmentKey {
            workspace_id: row.get("workspace_id")?,
            configuration_id: row.get("configuration_id")?,
            engine_spec: row.get("engine_spec")?,
            deps_digest: row.get("deps_digest")?,
        },
        environment_id: row.get("environment_id")?,
        document_id: row.get("document_id")?,
        retry_of_run_id: row.get("retry_of_run_id")?,
        configuration_name: row.get("configuration_name")?,
        configuration_path: row.get::<_, String>("configuration_path")?.into(),
        source_digest: row.get("source_digest")?,
        snapshot: row.get::<_, String>("snapshot_path")?.into(),
        input_name: row.get("input_name")?,
        input_path: row.get::<_, String>("input_path")?.into(),
        input_sha256: row.get("input_sha256")?,
        input_size_bytes: unsigned(row, "input_size_bytes")?,
        input_sheets: row
            .get::<_, Option<String>>("input_sheets")?
            .and_then(|text| serde_json::from_str(&text).ok()),
        options: serde_json::from_str(&row.get::<_, String>("options")?).unwrap_or_default(),
        status: RunStatus::parse(&status).unwrap_or(RunStatus::Failed),
        attempt_count: small(row, "attempt_count")?,
        max_attempts: small(row, "max_attempts")?,
        available_at: instant(row, "available_at")?,
        claimed_by: row.get("claimed_by")?,
        claim_expires_at: instant_or_none(row, "claim_expires_at")?,
        claim_process: row.get("claim_process")?,
        cancel_requested_at: instant_or_none(row, "cancel_requested_at")?,
        artifacts_deleted_at: instant_or_none(row, "artifacts_deleted_at")?,
        created_at: instant(row, "created_at")?,
        started_at: instant_or_none(row, "started_at")?,
        completed_at: instant_or_none(row, "completed_at")?,
        exit_code: row.get("exit_code")?,
        error: failure(row)?,
        summary: row.get("summary")?,
        output_path: row.get::<_, Option<String>>("output_path")?.map(Into::into),
        run_dir: row.get::<_, String>("run_dir")?.into(),
        metrics: metrics(row)?,
    })
}

fn failure(row: &Row<'_>) -> rusqlite::Result<Option<Failure>> {
    let Some(code) = row.get("error_code")? else {
        return Ok(None);
    };
    Ok(Some(Failure {
        code,
        stage: row.get("error_stage")?,
        message: row
            .get::<_, Option<String>>("error_message")?
            .unwrap_or_default(),
        hint: row.get("error_hint")?,
    }))
}

fn metrics(row: &Row<'_>) -> rusqlite::Result<Option<RunMetrics>> {
    let Some(sheets) = unsigned_or_none(row, "sheet_count")? else {
        return Ok(None);
    };
    let or_zero =
        |column: &str| -> rusqlite::Result<u64> { Ok(unsigned_or_none(row, column)?.unwrap_or(0)) };
    Ok(Some(RunMetrics {
        sheets,
        tables: or_zero("table_count")?,
        rows: or_zero("row_count_total")?,
        columns: or_zero("column_count_total")?,
        mapped_fields: or_zero("field_count_detected")?,
        unmapped_columns: or_zero("column_count_unmapped")?,
        issues: or_zero("validation_issues_total")?,
        expected_fields: or_zero("field_count_expected")?,
    }))
}

pub(super) fn by_id(connection: &Connection, id: &str) -> rusqlite::Result<RunRecord> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE r.id = ?1"))?
        .query_row([id], record)
}

pub(super) fn list(
    connection: &Connection,
    filter: &RunFilter,
) -> rusqlite::Result<Vec<RunRecord>> {
    // One statement for all filters, because the search is always the same: along the index `runs_newest`, which has this
    // order, until enough runs have passed the filter.
    let sql = format!(
        "{SELECT} WHERE r.workspace_id = ?1 AND (?2 IS NULL OR r.status = ?2) AND (?3 IS NULL OR ?3 IN (c.id, c.name, c.path))
         AND (?4 IS NULL OR r.created_at >= ?4) ORDER BY r.created_at DESC, r.id DESC LIMIT ?5"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_map(
            params![
                filter.workspace_id,
                filter.status.map(RunStatus::as_str),
                filter.configuration,
                filter.since.map(|since| since.0),
                filter.limit
            ],
            record,
        )?
        .collect()
}

pub(super) fn exists(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?
        .exists([id])
}

pub(super) fn attempts(connection: &Connection, run: &str) -> rusqlite::Result<Vec<Attempt>> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM run_attempts WHERE run_id = ?1 ORDER BY attempt")?;
    statement
        .query_map([run], |row| {
            Ok(Attempt {
                attempt: row.get("attempt")?,
                worker: row.get("worker")?,
                started_at: instant(row, "started_at")?,
                completed_at: instant_or_none(row, "completed_at")?,
                outcome: row.get("outcome")?,
                exit_code: row.get("exit_code")?,
                error: row.get("error")?,
                peak_memory_bytes: unsigned_or_none(row, "peak_memory_bytes")?,
                cpu_seconds: row.get("cpu_seconds")?,
            })
        })?
        .collect()
}
