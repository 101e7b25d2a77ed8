//! Runs: the queue itself.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{execute, path_text, results, signed, unsigned, unsigned_or_none};
use crate::clock::Timestamp;
use crate::settings::Recovery;
use crate::store::{
    Attempt, CancelOutcome, Claim, Ending, EnvironmentKey, Failure, Heartbeat, NewRun, QueueDepth,
    RunFilter, RunMetrics, RunRecord, RunStatus,
};

const SELECT: &str = "SELECT r.id, r.workspace_id, r.configuration_id, r.environment_id, r.document_id, r.retry_of_run_id, r.engine_spec, r.deps_digest,
    r.source_digest, r.snapshot_path, r.input_name, r.input_path, r.input_sha256, r.input_size_bytes, r.input_sheets, r.options, r.status, r.attempt_count,
    r.max_attempts, r.available_at, r.claimed_by, r.claim_expires_at, r.created_at, r.started_at, r.completed_at, r.exit_code, r.error_code, r.error_stage,
    r.error_message, r.error_hint, r.summary, r.output_path, r.run_dir, r.claim_process, r.cancel_requested_at, r.artifacts_deleted_at, c.name AS configuration_name, c.path AS configuration_path,
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
        claim_process: row.get("claim_process")?,
        cancel_requested_at: moment("cancel_requested_at")?,
        artifacts_deleted_at: moment("artifacts_deleted_at")?,
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
    // An environment that was collected since somebody looked is one that a worker records anew.
    let options = serde_json::to_string(&run.options).unwrap_or_default();
    let sheets = run
        .input_sheets
        .as_ref()
        .and_then(|sheets| serde_json::to_string(sheets).ok());
    execute(
        transaction,
        "INSERT INTO runs (id, workspace_id, configuration_id, environment_id, document_id, engine_spec, deps_digest, source_digest, snapshot_path,
             input_name, input_path, input_sha256, input_size_bytes, input_sheets, options, status, attempt_count, max_attempts, available_at, claimed_by,
             claim_token, claim_expires_at, created_at, started_at, run_dir, claim_process, retry_of_run_id)
         VALUES (?1, ?2, ?3, (SELECT id FROM environments WHERE id = ?4), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?19, ?23, ?24, ?25, ?26)",
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
            claim.and_then(|claim| claim.process.as_ref()),
            run.retry_of_run_id,
        ],
    )?;
    execute(
        transaction,
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
    execute(
        transaction,
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
        "UPDATE runs SET status = 'running', claimed_by = ?2, claim_token = ?3, claim_expires_at = ?4, claim_process = ?5, started_at = coalesce(started_at, ?1),
         attempt_count = attempt_count + 1, error_code = NULL, error_stage = NULL, error_message = NULL, error_hint = NULL
         WHERE id = ({NEXT}) AND status = 'queued' RETURNING id, attempt_count, environment_id"
    );
    let claimed: Option<(String, u32, Option<String>)> = transaction
        .prepare_cached(&sql)?
        .query_row(
            params![
                now.0,
                claim.worker,
                claim.token,
                now.plus(claim.lease).0,
                claim.process
            ],
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

const UNCLAIM: &str =
    "claimed_by = NULL, claim_token = NULL, claim_expires_at = NULL, claim_process = NULL";

pub(super) fn finish(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    ending: &Ending,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = format!(
        "UPDATE runs SET status = ?3, {UNCLAIM}, completed_at = ?4, exit_code = ?5, error_code = ?6, error_stage = ?7, error_message = ?8, error_hint = ?9,
         summary = ?10, output_path = ?11, result = ?12, end_told = 0 WHERE id = ?1 AND claim_token = ?2 AND status = 'running'"
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

/// A run under a claim, as far as leaving it depends on it.
struct Held {
    id: String,
    attempts: u32,
    most: u32,
    cancel_requested: bool,
}

const HELD: &str = "SELECT id, attempt_count, max_attempts, cancel_requested_at IS NOT NULL FROM runs WHERE status = 'running'";

fn held(row: &Row<'_>) -> rusqlite::Result<Held> {
    Ok(Held {
        id: row.get(0)?,
        attempts: row.get(1)?,
        most: row.get(2)?,
        cancel_requested: row.get(3)?,
    })
}

fn held_under(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
) -> rusqlite::Result<Option<Held>> {
    transaction
        .prepare_cached(&format!("{HELD} AND id = ?1 AND claim_token = ?2"))?
        .query_row([id, &claim.token], held)
        .optional()
}

/// How a claim is left without a result.
struct Leaving<'a> {
    failure: &'a Failure,
    /// What the attempt's record says where the run goes on.
    outcome: &'a str,
    available_at: Timestamp,
    /// The run ends with this attempt, however many are left.
    last: bool,
    /// The attempt does not count.
    give_back: bool,
}

/// Ends a claim that the transaction has just seen: back to the queue, or to the end where attempts are spent or somebody
/// asked for it.
fn leave(
    transaction: &Transaction<'_>,
    run: &Held,
    leaving: &Leaving<'_>,
    now: Timestamp,
) -> rusqlite::Result<RunStatus> {
    let status = if run.cancel_requested {
        RunStatus::Cancelled
    } else if leaving.last || (!leaving.give_back && run.attempts >= run.most) {
        RunStatus::Failed
    } else {
        RunStatus::Queued
    };
    let cancelled = Failure {
        code: "cancelled".to_owned(),
        stage: Some("run".to_owned()),
        message: "cancelled".to_owned(),
        hint: None,
    };
    let (error, outcome) = match status {
        RunStatus::Cancelled => (&cancelled, "cancelled"),
        RunStatus::Failed if leaving.outcome == "retried" => (leaving.failure, "failed"),
        _ => (leaving.failure, leaving.outcome),
    };
    let sql = format!(
        "UPDATE runs SET status = ?2, {UNCLAIM}, attempt_count = attempt_count - ?3, completed_at = ?4, available_at = ?5,
         error_code = ?6, error_stage = ?7, error_message = ?8, error_hint = ?9, end_told = ?10 WHERE id = ?1 AND status = 'running'"
    );
    let ends = status.is_terminal();
    let given_back = leaving.give_back && status == RunStatus::Queued && run.attempts > 0;
    transaction.prepare_cached(&sql)?.execute(params![
        run.id,
        status.as_str(),
        u32::from(given_back),
        ends.then_some(now.0),
        leaving.available_at.0,
        error.code,
        error.stage,
        error.message,
        error.hint,
        !ends
    ])?;
    end_attempt(
        transaction,
        &run.id,
        outcome,
        Some(&error.message),
        None,
        now,
    )?;
    Ok(status)
}

pub(super) fn retry(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    failure: &Failure,
    retry_at: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Option<RunStatus>> {
    let Some(run) = held_under(transaction, id, claim)? else {
        return Ok(None);
    };
    let leaving = Leaving {
        failure,
        outcome: "retried",
        available_at: retry_at,
        last: false,
        give_back: false,
    };
    leave(transaction, &run, &leaving, now).map(Some)
}

pub(super) fn release(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    reason: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<RunStatus>> {
    let Some(run) = held_under(transaction, id, claim)? else {
        return Ok(None);
    };
    let failure = Failure {
        code: "released".to_owned(),
        stage: Some("worker".to_owned()),
        message: reason.to_owned(),
        hint: None,
    };
    let leaving = Leaving {
        failure: &failure,
        outcome: "released",
        available_at: now,
        last: false,
        give_back: true,
    };
    leave(transaction, &run, &leaving, now).map(Some)
}

pub(super) fn expire(
    transaction: &Transaction<'_>,
    backoff: &dyn Fn(u32) -> Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<RunRecord>> {
    let expired: Vec<Held> = transaction
        .prepare_cached(&format!("{HELD} AND claim_expires_at < ?1"))?
        .query_map([now.0], held)?
        .collect::<rusqlite::Result<_>>()?;
    let failure = Failure {
        code: "lease_expired".to_owned(),
        stage: Some("worker".to_owned()),
        message: "lease expired".to_owned(),
        hint: None,
    };
    let mut runs = Vec::with_capacity(expired.len());
    for run in expired {
        let leaving = Leaving {
            failure: &failure,
            outcome: "lost",
            available_at: now.plus(backoff(run.attempts)),
            last: false,
            give_back: false,
        };
        leave(transaction, &run, &leaving, now)?;
        runs.push(by_id(transaction, &run.id)?);
    }
    Ok(runs)
}

/// The runs of a process that is dead.
pub(super) fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    recovery: Recovery,
    now: Timestamp,
) -> rusqlite::Result<Vec<RunRecord>> {
    let orphans: Vec<Held> = transaction
        .prepare_cached(&format!("{HELD} AND claim_process = ?1"))?
        .query_map([process], held)?
        .collect::<rusqlite::Result<_>>()?;
    let failure = Failure {
        code: "worker_died".to_owned(),
        stage: Some("worker".to_owned()),
        message: "the process that executed the run died".to_owned(),
        hint: (recovery == Recovery::Fail).then(|| "`ade runs retry` runs it again".to_owned()),
    };
    let mut runs = Vec::with_capacity(orphans.len());
    for run in orphans {
        let leaving = Leaving {
            failure: &failure,
            outcome: "lost",
            available_at: now,
            last: recovery == Recovery::Fail,
            give_back: false,
        };
        leave(transaction, &run, &leaving, now)?;
        runs.push(by_id(transaction, &run.id)?);
    }
    Ok(runs)
}

pub(super) fn request_cancel(
    transaction: &Transaction<'_>,
    id: &str,
    now: Timestamp,
) -> rusqlite::Result<CancelOutcome> {
    let waiting = execute(
        transaction,
        "UPDATE runs SET status = 'cancelled', completed_at = ?2, cancel_requested_at = coalesce(cancel_requested_at, ?2), end_told = 0,
         error_code = 'cancelled', error_stage = 'run', error_message = 'cancelled', error_hint = NULL WHERE id = ?1 AND status = 'queued'",
        params![id, now.0],
    )?;
    let asked = execute(
        transaction,
        "UPDATE runs SET cancel_requested_at = coalesce(cancel_requested_at, ?2) WHERE id = ?1 AND status = 'running'",
        params![id, now.0],
    )?;
    let run = Box::new(by_id(transaction, id)?);
    Ok(match (waiting, asked) {
        (1, _) => CancelOutcome::Cancelled(run),
        (_, 1) => CancelOutcome::Requested(run),
        _ => CancelOutcome::Ended(run),
    })
}

/// Looks at a claim without renewing it.
pub(super) fn watch(
    connection: &Connection,
    id: &str,
    claim: &Claim,
) -> rusqlite::Result<Heartbeat> {
    let requested: Option<bool> = connection
        .prepare_cached(
            "SELECT cancel_requested_at IS NOT NULL FROM runs WHERE id = ?1 AND claim_token = ?2 AND status = 'running'",
        )?
        .query_row([id, &claim.token], |row| row.get(0))
        .optional()?;
    Ok(
        requested.map_or(Heartbeat::Lost, |cancel_requested| Heartbeat::Renewed {
            cancel_requested,
        }),
    )
}

/// Queued runs whose environment failed for good. What looks said twice is the condition of the index that finds them
/// however long the queue is.
pub(super) const FOILED: &str = "status = 'queued' AND status IN ('queued', 'running')
    AND environment_id IN (SELECT id FROM environments WHERE status = 'failed')";

pub(super) fn any_foiled(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(&format!("SELECT 1 FROM runs WHERE {FOILED}"))?
        .exists([])
}

pub(super) fn fail_for_environments(
    transaction: &Transaction<'_>,
    now: Timestamp,
) -> rusqlite::Result<Vec<RunRecord>> {
    let sql = format!(
        "UPDATE runs SET status = 'failed', completed_at = ?1, end_told = 0, error_code = 'environment_failed', error_stage = 'environment',
         error_message = 'Build failed before run could start: ' || (SELECT coalesce(error_message, 'no reason recorded') FROM environments e WHERE e.id = environment_id),
         error_hint = (SELECT error_hint FROM environments e WHERE e.id = environment_id)
         WHERE {FOILED} RETURNING id"
    );
    let failed: Vec<String> = transaction
        .prepare_cached(&sql)?
        .query_map([now.0], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    failed.iter().map(|id| by_id(transaction, id)).collect()
}

/// Ends that were recorded some time ago, or in a future that the clock went back from, and not told yet.
pub(super) fn untold(
    connection: &Connection,
    patience: Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE r.end_told = 0 AND (r.completed_at + ?2 < ?1 OR r.completed_at > ?1) ORDER BY r.completed_at LIMIT 100"
    ))?;
    let patience = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
    statement.query_map([now.0, patience], record)?.collect()
}

pub(super) fn mark_told(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE runs SET end_told = 1 WHERE id = ?1 AND end_told = 0")?
        .execute([id])?;
    Ok(())
}

pub(super) fn without_environment(
    connection: &Connection,
    limit: u32,
) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE r.status = 'queued' AND r.environment_id IS NULL ORDER BY r.created_at LIMIT ?1"
    ))?;
    statement.query_map([limit], record)?.collect()
}

pub(super) fn set_environment(
    transaction: &Transaction<'_>,
    id: &str,
    environment: &str,
) -> rusqlite::Result<()> {
    execute(
        transaction,
        "UPDATE runs SET environment_id = ?2 WHERE id = ?1 AND environment_id IS NULL AND EXISTS (SELECT 1 FROM environments WHERE id = ?2)",
        [id, environment],
    )?;
    Ok(())
}

/// Runs that would wait for a clock that went back.
pub(super) fn mend_times(
    transaction: &Transaction<'_>,
    due: Timestamp,
    expiry: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let waiting = execute(
        transaction,
        "UPDATE runs SET available_at = ?2 WHERE status = 'queued' AND available_at > ?1",
        params![due.0, now.0],
    )?;
    let leased = execute(
        transaction,
        "UPDATE runs SET claim_expires_at = ?1 WHERE status = 'running' AND claim_expires_at > ?1",
        [expiry.0],
    )?;
    Ok(waiting + leased)
}

pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<bool> {
    let changed = execute(
        transaction,
        "DELETE FROM runs WHERE id = ?1 AND status IN ('succeeded', 'failed', 'cancelled')",
        [id],
    )?;
    Ok(changed == 1)
}

/// Ended runs that still have their files. There is an index of all that have ended, too, which the planner would take for
/// it and go through everything that was collected before.
pub(super) const WITH_ARTIFACTS: &str = "SELECT id FROM runs INDEXED BY runs_with_artifacts
    WHERE completed_at IS NOT NULL AND artifacts_deleted_at IS NULL AND completed_at < ?1 ORDER BY completed_at LIMIT ?2";

pub(super) fn with_artifacts_before(
    connection: &Connection,
    cutoff: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<RunRecord>> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE r.id IN ({WITH_ARTIFACTS}) ORDER BY r.completed_at"
    ))?;
    statement
        .query_map(params![cutoff.0, limit], record)?
        .collect()
}

pub(super) fn mark_artifacts_deleted(
    transaction: &Transaction<'_>,
    id: &str,
    cutoff: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let changed = execute(
        transaction,
        "UPDATE runs SET artifacts_deleted_at = ?3 WHERE id = ?1 AND artifacts_deleted_at IS NULL AND completed_at < ?2
         AND NOT EXISTS (SELECT 1 FROM runs live WHERE live.retry_of_run_id = ?1 AND live.status IN ('queued', 'running'))",
        params![id, cutoff.0, now.0],
    )?;
    Ok(changed == 1)
}

pub(super) fn exists(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?
        .exists([id])
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
