//! Reads the records of runs.

use std::path::PathBuf;
use std::sync::LazyLock;

use rusqlite::types::FromSql;
use serde::de::DeserializeOwned;

use crate::store::driver::{self, Connection, DbRow, Statement};
use crate::store::{
    EnvironmentKey, FailurePosition, FailureRecord, RunMetrics, RunOptions, RunRecord, RunStatus,
};

/// Selects every column except `result`, the engine's whole payload, which can be long and which lists do not show. Values
/// that change while a run is in the queue come from there. A [`RunRecord`] reads the columns in this order, by position:
/// finding each of fifty by name takes longer than the query itself.
pub(super) const SELECT: &str = "SELECT r.id, r.workspace_id, r.configuration_id, r.engine_spec, r.deps_digest, coalesce(q.environment_id, r.environment_id),
    r.document_id, r.retry_of_run_id, c.name, absolute(c.path), r.source_digest, absolute(r.snapshot_path), r.input_name, absolute(r.input_path), r.input_sha256, r.input_size_bytes,
    r.input_sheets, r.options, coalesce(r.status, q.status) AS status, coalesce(q.attempt_count, r.attempt_count), r.max_attempts,
    coalesce(q.trouble_count, 0), coalesce(q.available_at, r.created_at), q.claimed_by, q.claim_expires_at, q.claim_process, coalesce(q.cancel_requested_at, r.cancel_requested_at),
    r.artifacts_deleted_at, r.created_at, coalesce(q.started_at, r.started_at), r.completed_at, CASE WHEN r.completed_at IS NOT NULL THEN (SELECT a.completed_at - a.started_at FROM run_attempts a WHERE a.run_id = r.id ORDER BY a.attempt DESC LIMIT 1) END, r.exit_code, q.last_error, r.error_code, r.error_stage,
    r.error_message, r.error_hint, r.error_place, r.summary, absolute(r.output_path), absolute(r.run_dir), r.ended_token, m.sheet_count, m.table_count, m.row_count_total, m.column_count_total,
    m.field_count_detected, m.column_count_unmapped, m.validation_issues_total,
    m.validation_issues_error, m.validation_issues_warning, m.validation_issues_info, m.field_count_expected,
    CASE WHEN m.field_count_not_detected > 0 THEN (SELECT string_agg(f.field, '\n' ORDER BY f.position) FROM run_fields f WHERE f.run_id = r.id AND f.detected = 0 AND f.computed = 0) END
    FROM runs r JOIN configurations c ON c.id = r.configuration_id LEFT JOIN queue q ON q.run_id = r.id LEFT JOIN run_metrics m ON m.run_id = r.id";

/// Reads a record from the columns of a row in their order: each with [`ColumnCursor::take`], or with the method given after `as`.
macro_rules! in_order {
    ($record:ident { $($field:ident $(as $read:ident)?),+ $(,)? }) => {
        impl $crate::store::driver::FromRow for $record {
            fn from_row(row: &$crate::store::driver::DbRow<'_>) -> $crate::store::driver::Result<Self> {
                let mut columns = $crate::store::runs::read::ColumnCursor::new(row);
                Ok(Self { $($field: in_order!(columns $($read)?)?),+ })
            }
        }
    };
    ($columns:ident) => { $columns.take() };
    ($columns:ident $read:ident) => { $columns.$read() };
}
pub(super) use in_order;

in_order!(RunRecord {
    id, key as key, environment_id, document_id, retry_of_run_id, configuration_name, configuration_path as path, source_digest,
    snapshot as path, input_name, input_path as path, input_sha256, input_size_bytes as or_zero, input_sheets as json, options as options,
    status as status, attempt_count, max_attempts, trouble_count, available_at, claimed_by, claim_expires_at, claim_process,
    cancel_requested_at, artifacts_deleted_at, created_at, started_at, completed_at, took_ms as took, exit_code, error as failure,
    summary, output_path as maybe_path, run_dir as path, ended_token, metrics as metrics,
});

/// The columns of a row, from the first to the last.
pub(super) struct ColumnCursor<'a, 'r> {
    row: &'a DbRow<'r>,
    next: usize,
}

impl<'a, 'r> ColumnCursor<'a, 'r> {
    pub fn new(row: &'a DbRow<'r>) -> Self {
        Self { row, next: 0 }
    }

    pub fn take<T: FromSql>(&mut self) -> driver::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    fn key(&mut self) -> driver::Result<EnvironmentKey> {
        Ok(EnvironmentKey {
            workspace_id: self.take()?,
            configuration_id: self.take()?,
            engine_spec: self.take()?,
            deps_digest: self.take()?,
        })
    }

    fn path(&mut self) -> driver::Result<PathBuf> {
        self.take::<String>().map(Into::into)
    }

    fn maybe_path(&mut self) -> driver::Result<Option<PathBuf>> {
        let path: Option<String> = self.take()?;
        Ok(path.map(Into::into))
    }

    fn or_zero(&mut self) -> driver::Result<u64> {
        let number: Option<u64> = self.take()?;
        Ok(number.unwrap_or(0))
    }

    /// Reads the column by name, so that an error for an impossible value names it.
    fn status(&mut self) -> driver::Result<RunStatus> {
        self.next += 1;
        self.row.get("status")
    }

    fn options(&mut self) -> driver::Result<RunOptions> {
        Ok(self.json()?.unwrap_or_default())
    }

    /// Reads a duration as zero if the clock was set back meanwhile.
    fn took(&mut self) -> driver::Result<Option<u64>> {
        let milliseconds: Option<i64> = self.take()?;
        Ok(milliseconds.map(|took| u64::try_from(took).unwrap_or(0)))
    }

    fn json<T: DeserializeOwned>(&mut self) -> driver::Result<Option<T>> {
        let text: Option<String> = self.take()?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Reads the error of a failed run or, for a run that waits for another attempt, the error of the last attempt.
    fn failure(&mut self) -> driver::Result<Option<FailureRecord>> {
        let last: Option<FailureRecord> = self.json()?;
        let code: Option<String> = self.take()?;
        let (stage, message) = (self.take()?, self.take::<Option<String>>()?);
        let hint = self.take()?;
        let place: Option<Box<FailurePosition>> = self.json()?;
        Ok(last.or_else(|| {
            code.map(|code| FailureRecord {
                code,
                stage,
                message: message.unwrap_or_default(),
                hint,
                place: place.unwrap_or_default(),
            })
        }))
    }

    /// Reads the metrics, which only runs with results have.
    fn metrics(&mut self) -> driver::Result<Option<RunMetrics>> {
        let sheets: Option<u64> = self.take()?;
        let (tables, rows, columns) = (self.or_zero()?, self.or_zero()?, self.or_zero()?);
        let (mapped_fields, unmapped_columns, issues) =
            (self.or_zero()?, self.or_zero()?, self.or_zero()?);
        let (errors, warnings, infos) = (self.or_zero()?, self.or_zero()?, self.or_zero()?);
        let expected_fields = self.or_zero()?;
        let missing: Option<String> = self.take()?;
        let missing = missing.unwrap_or_default();
        Ok(sheets.map(|sheets| RunMetrics {
            sheets,
            tables,
            rows,
            columns,
            mapped_fields,
            unmapped_columns,
            issues,
            errors,
            warnings,
            infos,
            expected_fields,
            missing_fields: missing.lines().map(str::to_owned).collect(),
        }))
    }
}

pub fn by_id(connection: &Connection, id: &str) -> driver::Result<RunRecord> {
    prepared(connection)?.one([id])
}

pub(super) fn by_id_or_none(
    connection: &Connection,
    id: &str,
) -> driver::Result<Option<RunRecord>> {
    prepared(connection)?.first([id])
}

/// Returns the statement that reads a run by its id, for callers that read several runs: finding it among the prepared
/// statements compares its whole text.
pub(super) fn prepared(connection: &Connection) -> driver::Result<Statement<'_>> {
    static BY_ID: LazyLock<String> = LazyLock::new(|| format!("{SELECT} WHERE r.id = ?1"));
    connection.prepare_cached(&BY_ID)
}
