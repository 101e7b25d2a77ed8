//! Reads runs.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;

use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection, FromValue, Row, Statement};
use crate::store::{EnvironmentKey, Failure, Place, RunMetrics, RunRecord, RunStatus};

/// Every column but `result`, the engine's whole payload, which can be long and which lists do not show. What changes while a
/// run is in the queue is read from there. [`record`] reads the columns in this order, by position: to find each of fifty by its
/// name takes longer than the query itself.
pub(super) const SELECT: &str = "SELECT r.id, r.workspace_id, r.configuration_id, r.engine_spec, r.deps_digest, coalesce(q.environment_id, r.environment_id),
    r.document_id, r.retry_of_run_id, c.name, absolute(c.path), r.source_digest, absolute(r.snapshot_path), r.input_name, absolute(r.input_path), r.input_sha256, r.input_size_bytes,
    r.input_sheets, r.options, coalesce(r.status, q.status), coalesce(q.attempt_count, r.attempt_count), r.max_attempts,
    coalesce(q.trouble_count, 0), coalesce(q.available_at, r.created_at), q.claimed_by, q.claim_expires_at, q.claim_process, coalesce(q.cancel_requested_at, r.cancel_requested_at),
    r.artifacts_deleted_at, r.created_at, coalesce(q.started_at, r.started_at), r.completed_at, CASE WHEN r.completed_at IS NOT NULL THEN (SELECT a.completed_at - a.started_at FROM run_attempts a WHERE a.run_id = r.id ORDER BY a.attempt DESC LIMIT 1) END, r.exit_code, q.last_error, r.error_code, r.error_stage,
    r.error_message, r.error_hint, r.error_place, r.summary, absolute(r.output_path), absolute(r.run_dir), r.ended_token, m.sheet_count, m.table_count, m.row_count_total, m.column_count_total,
    m.field_count_detected, m.column_count_unmapped, m.validation_issues_total,
    m.validation_issues_error, m.validation_issues_warning, m.validation_issues_info, m.field_count_expected,
    CASE WHEN m.field_count_not_detected > 0 THEN (SELECT string_agg(f.field, '\n' ORDER BY f.position) FROM run_fields f WHERE f.run_id = r.id AND f.detected = 0 AND f.computed = 0) END
    FROM runs r JOIN configurations c ON c.id = r.configuration_id LEFT JOIN queue q ON q.run_id = r.id LEFT JOIN run_metrics m ON m.run_id = r.id";

pub(super) fn record(row: &Row<'_>) -> driver::Result<RunRecord> {
    let mut columns = Columns { row, next: 0 };
    let columns = &mut columns;
    // The fields are evaluated in the order in which they stand here, which is that of the columns.
    Ok(RunRecord {
        id: columns.take()?,
        key: EnvironmentKey {
            workspace_id: columns.take()?,
            configuration_id: columns.take()?,
            engine_spec: columns.take()?,
            deps_digest: columns.take()?,
        },
        environment_id: columns.take()?,
        document_id: columns.take()?,
        retry_of_run_id: columns.take()?,
        configuration_name: columns.take()?,
        configuration_path: columns.path()?,
        source_digest: columns.take()?,
        snapshot: columns.path()?,
        input_name: columns.take()?,
        input_path: columns.path()?,
        input_sha256: columns.take()?,
        input_size_bytes: columns.unsigned()?.unwrap_or(0),
        input_sheets: columns.json()?,
        options: columns.json()?.unwrap_or_default(),
        status: columns.status()?,
        attempt_count: columns.take()?,
        max_attempts: columns.take()?,
        trouble_count: columns.take()?,
        available_at: Timestamp(columns.take()?),
        claimed_by: columns.take()?,
        claim_expires_at: columns.instant()?,
        claim_process: columns.take()?,
        cancel_requested_at: columns.instant()?,
        artifacts_deleted_at: columns.instant()?,
        created_at: Timestamp(columns.take()?),
        started_at: columns.instant()?,
        completed_at: columns.instant()?,
        took_ms: columns.took()?,
        exit_code: columns.take()?,
        error: columns.failure()?,
        summary: columns.take()?,
        output_path: columns.take::<Option<String>>()?.map(Into::into),
        run_dir: columns.path()?,
        ended_token: columns.take()?,
        metrics: columns.metrics()?,
    })
}

/// The columns of a row, from the first to the last.
struct Columns<'a, 'r> {
    row: &'a Row<'r>,
    next: usize,
}

impl Columns<'_, '_> {
    fn take<T: FromValue>(&mut self) -> driver::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    fn path(&mut self) -> driver::Result<PathBuf> {
        self.take::<String>().map(Into::into)
    }

    fn unsigned(&mut self) -> driver::Result<Option<u64>> {
        let number: Option<i64> = self.take()?;
        Ok(number.map(i64::unsigned_abs))
    }

    fn instant(&mut self) -> driver::Result<Option<Timestamp>> {
        let milliseconds: Option<i64> = self.take()?;
        Ok(milliseconds.map(Timestamp))
    }

    /// A clock that was set back meanwhile tells nothing.
    fn took(&mut self) -> driver::Result<Option<u64>> {
        let milliseconds: Option<i64> = self.take()?;
        Ok(milliseconds.map(|took| u64::try_from(took).unwrap_or(0)))
    }

    fn json<T: DeserializeOwned>(&mut self) -> driver::Result<Option<T>> {
        let text: Option<String> = self.take()?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    fn status(&mut self) -> driver::Result<RunStatus> {
        let status: String = self.take()?;
        RunStatus::parse(&status)
            .ok_or_else(|| driver::Error::unreadable(&"status", format!("{status:?}")))
    }

    /// Why it failed or, of a run that waits for another attempt, why the last one did.
    fn failure(&mut self) -> driver::Result<Option<Failure>> {
        let last: Option<Failure> = self.json()?;
        let code: Option<String> = self.take()?;
        let (stage, message) = (self.take()?, self.take::<Option<String>>()?);
        let hint = self.take()?;
        let place: Option<Box<Place>> = self.json()?;
        Ok(last.or_else(|| {
            code.map(|code| Failure {
                code,
                stage,
                message: message.unwrap_or_default(),
                hint,
                place: place.unwrap_or_default(),
            })
        }))
    }

    /// Only a run with results has metrics.
    fn metrics(&mut self) -> driver::Result<Option<RunMetrics>> {
        let sheets = self.unsigned()?;
        let mut or_zero = || self.unsigned().map(|number| number.unwrap_or(0));
        let (tables, rows, columns) = (or_zero()?, or_zero()?, or_zero()?);
        let (mapped_fields, unmapped_columns, issues) = (or_zero()?, or_zero()?, or_zero()?);
        let (errors, warnings, infos) = (or_zero()?, or_zero()?, or_zero()?);
        let expected_fields = or_zero()?;
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

pub(in crate::store) fn by_id(connection: &Connection, id: &str) -> driver::Result<RunRecord> {
    prepared(connection)?.query_row([id], record)
}

pub(super) fn by_id_or_none(
    connection: &Connection,
    id: &str,
) -> driver::Result<Option<RunRecord>> {
    prepared(connection)?.first([id], record)
}

/// The statement that reads a run by its id, for callers that read several: to find it among the prepared ones takes a look at all
/// of its text.
pub(super) fn prepared(connection: &Connection) -> driver::Result<Statement<'_>> {
    static BY_ID: LazyLock<String> = LazyLock::new(|| format!("{SELECT} WHERE r.id = ?1"));
    connection.prepare_cached(&BY_ID)
}
