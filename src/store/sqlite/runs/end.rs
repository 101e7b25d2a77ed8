//! Ends runs: with a result, or because the run's environment failed.
//!
//! Every statement that ends a run sets `end_told` to 0. The end is then reported in the run's log, after which `end_told` is
//! set to 1. If the process dies in between, housekeeping finds the 0 and reports the end. (The column keeps its first name:
//! a better one is not worth a migration.)

use rusqlite::{Connection, Transaction, params};

use super::attempt::end_attempt;
use super::read::by_id;
use crate::clock::Timestamp;
use crate::store::sqlite::results;
use crate::store::sqlite::values::path_text;
use crate::store::{Claim, Ending, NOT_BUILT, RunRecord};

/// Part of every statement that leaves `running`: the schema allows a token in that state only.
pub(super) const UNCLAIM: &str =
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

/// Queued runs whose environment failed for good. What looks said twice is the condition of the index `runs_of_environment`,
/// which finds them however long the queue is: the few failed environments first, then the runs of each.
pub(in crate::store::sqlite) const OF_FAILED_ENVIRONMENT: &str =
    "status = 'queued' AND status IN ('queued', 'running')
    AND environment_id IN (SELECT id FROM environments WHERE status = 'failed')";

/// Whether there is one. Workers ask this often, so it needs no write lock.
pub(super) fn any_of_failed_environment(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(&format!("SELECT 1 FROM runs WHERE {OF_FAILED_ENVIRONMENT}"))?
        .exists([])
}

pub(super) fn fail_for_environments(
    transaction: &Transaction<'_>,
    now: Timestamp,
) -> rusqlite::Result<Vec<RunRecord>> {
    // Within the two inner SELECTs `error_message` and `error_hint` are the environment's, because `e` is the nearer scope, while
    // `environment_id` is the run's, because an environment has no such column. RETURNING yields only the runs that this
    // statement failed.
    let sql = format!(
        "UPDATE runs SET status = 'failed', completed_at = ?1, end_told = 0, error_code = 'environment_failed', error_stage = 'environment',
         error_message = ?2 || (SELECT coalesce(error_message, 'no reason recorded') FROM environments e WHERE e.id = environment_id),
         error_hint = (SELECT error_hint FROM environments e WHERE e.id = environment_id)
         WHERE {OF_FAILED_ENVIRONMENT} RETURNING id"
    );
    let failed: Vec<String> = transaction
        .prepare_cached(&sql)?
        .query_map(params![now.0, NOT_BUILT], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    failed.iter().map(|id| by_id(transaction, id)).collect()
}
