//! Records runs in the queue, and claims them.

use rusqlite::{Connection, OptionalExtension, ToSql, Transaction, params};

use super::attempt::begin_attempt;
use super::read::by_id;
use crate::clock::Timestamp;
use crate::store::sqlite::values::{execute, path_text, signed};
use crate::store::{Claim, Heartbeat, NewRun, RunRecord};

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
    // The environment is looked up again: one that was deleted since the caller read it becomes null here, and a worker
    // records it anew; its id would violate the foreign key. A run is due (?19) from the moment when it is recorded.
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

/// Collection depends on this: an environment counts as used when a run that needs it is claimed.
fn touch_environment(
    transaction: &Transaction<'_>,
    id: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    execute(
        transaction,
        "UPDATE environments SET last_used_at = ?2 WHERE id = ?1",
        params![id, now.0],
    )?;
    Ok(())
}

/// The oldest due run whose environment is ready. The order is that of the index `runs_waiting`: the search ends at the
/// first run that fits, and nothing is sorted. Runs whose attempts are spent are normally not queued; the schema forbids one
/// attempt more, so without the condition one such run would make every claim fail.
pub(in crate::store::sqlite) const NEXT: &str = "SELECT r.id FROM runs r JOIN environments e ON e.id = r.environment_id
    WHERE r.status = 'queued' AND r.available_at <= ?1 AND r.attempt_count < r.max_attempts AND e.status = 'ready'
    ORDER BY r.available_at, r.created_at, r.id LIMIT 1";

/// Whether a claim would find a run. Workers that poll an empty queue ask this first, which needs no write lock.
pub(super) fn any_due(connection: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    connection.prepare_cached(NEXT)?.exists([now.0])
}

/// Selects one run, if it is due.
const THIS: &str =
    "SELECT id FROM runs WHERE id = ?6 AND available_at <= ?1 AND attempt_count < max_attempts";

pub(super) fn claim_next(
    transaction: &Transaction<'_>,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<Option<RunRecord>> {
    claim_chosen(transaction, NEXT, None, claim, now)
}

pub(super) fn claim_this(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<Option<RunRecord>> {
    claim_chosen(transaction, THIS, Some(id), claim, now)
}

/// Claims the run that `choice` selects.
fn claim_chosen(
    transaction: &Transaction<'_>,
    choice: &str,
    id: Option<&str>,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<Option<RunRecord>> {
    // One statement finds and takes the run, so that no other process can take it in between. The status is checked twice:
    // the choice is a subquery, and only the condition on the changed row guards the change itself. `started_at` keeps the
    // time of the first claim.
    let sql = format!(
        "UPDATE runs SET status = 'running', claimed_by = ?2, claim_token = ?3, claim_expires_at = ?4, claim_process = ?5, started_at = coalesce(started_at, ?1),
         attempt_count = attempt_count + 1, error_code = NULL, error_stage = NULL, error_message = NULL, error_hint = NULL
         WHERE id = ({choice}) AND status = 'queued' RETURNING id, attempt_count, environment_id"
    );
    let expires_at = now.plus(claim.lease).0;
    let mut values: Vec<&dyn ToSql> = vec![
        &now.0,
        &claim.worker,
        &claim.token,
        &expires_at,
        &claim.process,
    ];
    if let Some(id) = &id {
        values.push(id);
    }
    let claimed: Option<(String, u32, Option<String>)> = transaction
        .prepare_cached(&sql)?
        .query_row(&*values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
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
    // RETURNING yields no row where the claim is lost, and else whether `ade runs cancel` has requested a cancellation.
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

/// Checks a claim without renewing it.
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
