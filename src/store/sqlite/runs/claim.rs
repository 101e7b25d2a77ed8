//! Claims queued runs.

use rusqlite::{Connection, OptionalExtension, ToSql, Transaction, params};

use super::attempt::begin_attempt;
use super::read::by_id;
use crate::clock::Timestamp;
use crate::store::sqlite::values::execute;
use crate::store::{Claim, RunRecord};

/// Collection depends on this: an environment counts as used when a run that needs it is claimed.
pub(super) fn touch_environment(
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
