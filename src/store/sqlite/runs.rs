//! Runs: the queue itself.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{path_text, results, signed, unsigned, unsigned_or_none};
use crate::clock::Timestamp;
use crate::store::{
    Attempt, Claim, Ending, EnvironmentKey, Failure, Heartbeat, NewRun, QueueDepth, RunFilter,
    RunMetrics, RunRecord, RunStatus,
};

const SELECT: &str = "SELECT r.id, r.workspace_id, r.configuration_id, r.environment_id, r.document_id, r.retry_of_run_id, r.engine_spec, r.deps_digest,
    r.source_digest, r.snapshot_path, r.input_name, r.input_path, r.input_sha256, r.input_size_bytes, r.input_sheets, r.options, r.status, r.attempt_count,
    r.max_attempts, r.available_at, r.claimed_by, r.claim_expires_at, r.created_at, r.started_at, r.completed_at, r.exit_code, r.error_code, r.error_stage,
    r.error_message, r.error_hint, r.summary, r.output_path, r.run_dir, c.name AS configuration_name, c.path AS configuration_path,
    m.sheet_count, m.table_count, m.row_count_total, m.column_count_total, m.field_count_detected, m.field_count_expected, m.column_count_unmapped,
    m.validation_issues_total
    FROM runs r JOIN configurations c ON c.id = r.configuration_id LEFT JOIN run_metrics m ON m.run_id = r.id";

fn record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let status: String = row.get("status")?;
    let error = match row.get::<_, Option<String>>("error_code")? {
        None => None,
        Some(code) => Some(Failure {
            code,
            stage: row.get("error_stage")?,
            message: row
                .get::<_, Option<String>>("error_message")?
                .unwrap_or_default(),
            hint: row.get("error_hint")?,
        }),
    };
    let metrics = match unsigned_or_none(row, "sheet_count")? {
        None => None,
        Some(sheets) => Some(RunMetrics {
            sheets,
            tables: unsigned_or_none(row, "table_count")?.unwrap_or(0),
            rows: unsigned_or_none(row, "row_count_total")?.unwrap_or(0),
            columns: unsigned_or_none(row, "column_count_total")?.unwrap_or(0),
            mapped_fields: unsigned_or_none(row, "field_count_detected")?.unwrap_or(0),
            unmapped_columns: unsigned_or_none(row, "column_count_unmapped")?.unwrap_or(0),
            issues: unsigned_or_none(row, "validation_issues_total")?.unwrap_or(0),
            expected_fields: unsigned_or_none(row, "field_count_expected")?.unwrap_or(0),
        }),
    };
    let moment = |column: &str| {
        row.get::<_, Option<i64>>(column)
            .map(|instant| instant.map(Timestamp))
    };
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
        attempt_count: u32::try_from(unsigned(row, "attempt_count")?).unwrap_or(u32::MAX),
        max_attempts: u32::try_from(unsigned(row, "max_attempts")?).unwrap_or(u32::MAX),
        available_at: Timestamp(row.get("available_at")?),
        claimed_by: row.get("claimed_by")?,
        claim_expires_at: moment("claim_expires_at")?,
        created_at: Timestamp(row.get("created_at")?),
        started_at: moment("started_at")?,
        completed_at: moment("completed_at")?,
        exit_code: row.get("exit_code")?,
        error,
        summary: row.get("summary")?,
        output_path: row.get::<_, Option<String>>("output_path")?.map(Into::into),
        run_dir: row.get::<_, String>("run_dir")?.into(),
        metrics,
    })
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

pub(super) fn insert(
    transaction: &Transaction<'_>,
    run: &NewRun,
    claim: Option<&Claim>,
    now: Timestamp,
) -> rusqlite::Result<RunRecord> {
    let options = serde_json::to_string(&run.options).unwrap_or_default();
    let sheets = run
        .input_sheets
        .as_ref()
        .and_then(|sheets| serde_json::to_string(sheets).ok());
    transaction.execute(
        "INSERT INTO runs (id, workspace_id, configuration_id, environment_id, document_id, engine_spec, deps_digest, source_digest, snapshot_path,
             input_name, input_path, input_sha256, input_size_bytes, input_sheets, options, status, attempt_count, max_attempts, available_at, claimed_by,
             claim_token, claim_expires_at, created_at, started_at, run_dir)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?19, ?23, ?24)",
        params![
            run.id,
            run.key.workspace_id,
            run.key.configuration_id,
            run.environment_id,
            run.document_id,
            run.key.engine_spec,
            run.key.deps_digest,
            run.source_digest,
            path_text(&run.snapshot),
            run.input_name,
            path_text(&run.input_path),
            run.input_sha256,
            signed(run.input_size_bytes),
            sheets,
            options,
            if claim.is_some() { "running" } else { "queued" },
            u32::from(claim.is_some()),
            run.max_attempts,
            now.0,
            claim.map(|claim| &claim.worker),
            claim.map(|claim| &claim.token),
            claim.map(|claim| now.plus(claim.lease).0),
            claim.map(|_| now.0),
            path_text(&run.run_dir),
        ],
    )?;
    transaction.execute(
        "UPDATE configurations SET last_run_at = ?2 WHERE id = ?1",
        params![run.key.configuration_id, now.0],
    )?;
    if let Some(claim) = claim {
        begin_attempt(transaction, &run.id, 1, claim, now)?;
        touch_environment(transaction, &run.environment_id, now)?;
    }
    by_id(transaction, &run.id)
}

fn touch_environment(
    transaction: &Transaction<'_>,
    id: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE environments SET last_used_at = ?2 WHERE id = ?1")?
        .execute(params![id, now.0])?;
    Ok(())
}

fn begin_attempt(
    transaction: &Transaction<'_>,
    run: &str,
    attempt: u32,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<()> {
    // A claim whose attempt was given back is tried again under the same number.
    transaction
        .prepare_cached(
            "INSERT INTO run_attempts (run_id, attempt, worker, started_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (run_id, attempt) DO UPDATE SET worker = excluded.worker, started_at = excluded.started_at, completed_at = NULL, outcome = NULL,
             exit_code = NULL, error = NULL, peak_memory_bytes = NULL, cpu_seconds = NULL",
        )?
        .execute(params![run, attempt, claim.worker, now.0])?;
    Ok(())
}

fn end_attempt(
    transaction: &Transaction<'_>,
    run: &str,
    outcome: &str,
    error: Option<&str>,
    ending: Option<&Ending>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE run_attempts SET completed_at = ?2, outcome = ?3, error = ?4, exit_code = ?5, peak_memory_bytes = ?6, cpu_seconds = ?7
         WHERE run_id = ?1 AND completed_at IS NULL",
        params![
            run,
            now.0,
            outcome,
            error,
            ending.and_then(|ending| ending.exit_code),
            ending.and_then(|ending| ending.peak_memory_bytes).map(signed),
            ending.and_then(|ending| ending.cpu_seconds)
        ],
    )?;
    Ok(())
}

/// The oldest due run whose environment is ready.
pub(super) const NEXT: &str = "SELECT r.id FROM runs r JOIN environments e ON e.id = r.environment_id
    WHERE r.status = 'queued' AND r.available_at <= ?1 AND r.attempt_count < r.max_attempts AND e.status = 'ready'
    ORDER BY r.available_at, r.created_at, r.id LIMIT 1";

pub(super) fn any_due(connection: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    connection.prepare_cached(NEXT)?.exists([now.0])
}

pub(super) fn claim_next(
    transaction: &Transaction<'_>,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<Option<RunRecord>> {
    let sql = format!(
        "UPDATE runs SET status = 'running', claimed_by = ?2, claim_token = ?3, claim_expires_at = ?4, started_at = coalesce(started_at, ?1),
         attempt_count = attempt_count + 1, error_code = NULL, error_stage = NULL, error_message = NULL, error_hint = NULL
         WHERE id = ({NEXT}) AND status = 'queued' RETURNING id, attempt_count, environment_id"
    );
    let claimed: Option<(String, u32, Option<String>)> = transaction
        .prepare_cached(&sql)?
        .query_row(
            params![now.0, claim.worker, claim.token, now.plus(claim.lease).0],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((id, attempt, environment)) = claimed else {
        return Ok(None);
    };
    begin_attempt(transaction, &id, attempt, claim, now)?;
    if let Some(environment) = environment {
        touch_environment(transaction, &environment, now)?;
    }
    by_id(transaction, &id).map(Some)
}

pub(super) fn heartbeat(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<Heartbeat> {
    let requested: Option<bool> = transaction
        .prepare_cached(
            "UPDATE runs SET claim_expires_at = ?3 WHERE id = ?1 AND claim_token = ?2 AND status = 'running' RETURNING cancel_requested_at IS NOT NULL",
        )?
        .query_row(params![id, claim.token, now.plus(claim.lease).0], |row| row.get(0))
        .optional()?;
    Ok(
        requested.map_or(Heartbeat::Lost, |cancel_requested| Heartbeat::Renewed {
            cancel_requested,
        }),
    )
}

const UNCLAIM: &str = "claimed_by = NULL, claim_token = NULL, claim_expires_at = NULL";

pub(super) fn finish(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    ending: &Ending,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = format!(
        "UPDATE runs SET status = ?3, {UNCLAIM}, completed_at = ?4, exit_code = ?5, error_code = ?6, error_stage = ?7, error_message = ?8, error_hint = ?9,
         summary = ?10, output_path = ?11, result = ?12 WHERE id = ?1 AND claim_token = ?2 AND status = 'running'"
    );
    let error = ending.error.as_ref();
    let changed = transaction.prepare_cached(&sql)?.execute(params![
        id,
        claim.token,
        ending.status.as_str(),
        now.0,
        ending.exit_code,
        error.map(|error| &error.code),
        error.and_then(|error| error.stage.as_ref()),
        error.map(|error| &error.message),
        error.and_then(|error| error.hint.as_ref()),
        ending.summary,
        ending.output_path.as_deref().map(path_text),
        ending.results.as_ref().map(|results| &results.payload),
    ])?;
    if changed == 0 {
        return Ok(false);
    }
    end_attempt(
        transaction,
        id,
        ending.status.as_str(),
        error.map(|error| error.message.as_str()),
        Some(ending),
        now,
    )?;
    if let Some(results) = &ending.results {
        results::replace(transaction, id, results)?;
    }
    Ok(true)
}

pub(super) fn retry(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    failure: &Failure,
    retry_at: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Option<RunStatus>> {
    let sql = format!(
        "UPDATE runs SET status = CASE WHEN attempt_count < max_attempts THEN 'queued' ELSE 'failed' END, {UNCLAIM},
         completed_at = CASE WHEN attempt_count < max_attempts THEN NULL ELSE ?4 END, available_at = ?3,
         error_code = ?5, error_stage = ?6, error_message = ?7, error_hint = ?8 WHERE id = ?1 AND claim_token = ?2 AND status = 'running' RETURNING status"
    );
    let status: Option<String> = transaction
        .prepare_cached(&sql)?
        .query_row(
            params![
                id,
                claim.token,
                retry_at.0,
                now.0,
                failure.code,
                failure.stage,
                failure.message,
                failure.hint
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(status) = status.as_deref().and_then(RunStatus::parse) else {
        return Ok(None);
    };
    end_attempt(
        transaction,
        id,
        if status == RunStatus::Queued {
            "retried"
        } else {
            "failed"
        },
        Some(&failure.message),
        None,
        now,
    )?;
    Ok(Some(status))
}

pub(super) fn release(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    reason: &str,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = format!(
        "UPDATE runs SET status = 'queued', {UNCLAIM}, attempt_count = max(0, attempt_count - 1), available_at = ?3
         WHERE id = ?1 AND claim_token = ?2 AND status = 'running'"
    );
    if transaction.execute(&sql, params![id, claim.token, now.0])? == 0 {
        return Ok(false);
    }
    end_attempt(transaction, id, "released", Some(reason), None, now)?;
    Ok(true)
}

pub(super) fn expire(
    transaction: &Transaction<'_>,
    backoff: &dyn Fn(u32) -> Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<RunRecord>> {
    let expired: Vec<(String, u32, u32)> = transaction
        .prepare_cached("SELECT id, attempt_count, max_attempts FROM runs WHERE status = 'running' AND claim_expires_at < ?1")?
        .query_map([now.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut runs = Vec::with_capacity(expired.len());
    for (id, attempts, most) in expired {
        let spent = attempts >= most;
        let sql = format!(
            "UPDATE runs SET status = ?2, {UNCLAIM}, completed_at = ?3, available_at = ?4, error_code = 'lease_expired', error_stage = 'worker',
             error_message = 'lease expired', error_hint = NULL WHERE id = ?1 AND status = 'running' AND claim_expires_at < ?5"
        );
        transaction.prepare_cached(&sql)?.execute(params![
            id,
            if spent { "failed" } else { "queued" },
            spent.then_some(now.0),
            now.plus(backoff(attempts)).0,
            now.0
        ])?;
        end_attempt(transaction, &id, "lost", Some("lease expired"), None, now)?;
        runs.push(by_id(transaction, &id)?);
    }
    Ok(runs)
}

pub(super) fn fail_for_environments(
    transaction: &Transaction<'_>,
    now: Timestamp,
) -> rusqlite::Result<Vec<RunRecord>> {
    let failed: Vec<String> = transaction
        .prepare_cached(
            "UPDATE runs SET status = 'failed', completed_at = ?1, error_code = 'environment_failed', error_stage = 'environment',
             error_message = 'Build failed before run could start: ' || (SELECT coalesce(error_message, 'no reason recorded') FROM environments e WHERE e.id = environment_id),
             error_hint = (SELECT error_hint FROM environments e WHERE e.id = environment_id)
             WHERE status = 'queued' AND environment_id IN (SELECT id FROM environments WHERE status = 'failed') RETURNING id",
        )?
        .query_map([now.0], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    failed.iter().map(|id| by_id(transaction, id)).collect()
}

pub(super) fn depth(connection: &Connection) -> rusqlite::Result<QueueDepth> {
    connection
        .prepare_cached("SELECT (SELECT count(*) FROM runs WHERE status = 'queued'), (SELECT count(*) FROM runs WHERE status = 'running')")?
        .query_row([], |row| Ok(QueueDepth { queued: row.get::<_, i64>(0)?.unsigned_abs(), running: row.get::<_, i64>(1)?.unsigned_abs() }))
}

pub(super) fn attempts(connection: &Connection, run: &str) -> rusqlite::Result<Vec<Attempt>> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM run_attempts WHERE run_id = ?1 ORDER BY attempt")?;
    statement
        .query_map([run], |row| {
            Ok(Attempt {
                attempt: row.get("attempt")?,
                worker: row.get("worker")?,
                started_at: Timestamp(row.get("started_at")?),
                completed_at: row.get::<_, Option<i64>>("completed_at")?.map(Timestamp),
                outcome: row.get("outcome")?,
                exit_code: row.get("exit_code")?,
                error: row.get("error")?,
                peak_memory_bytes: unsigned_or_none(row, "peak_memory_bytes")?,
                cpu_seconds: row.get("cpu_seconds")?,
            })
        })?
        .collect()
}
