//! Ends runs: removes them from the queue and completes their records, in one transaction.

use super::attempt;
use super::due;
use super::live::{self, LiveClaim};
use super::read::by_id;
use super::results;
use crate::base::clock::Timestamp;
use crate::base::problem::code;
use crate::store::driver::{self, Transaction, params};
use crate::store::observed_time::observe;
use crate::store::values::{compressed, path_text};
use crate::store::{
    AttemptUsage, Call, Claim, Ending, FailurePosition, FailureRecord, LIMITS, NOT_BUILT, Result,
    RunRecord, RunStatus, SKIPPED, Store,
};

/// Removes a run that the transaction has just read from the queue, and completes its record. `ending` holds the results of
/// the last attempt, if any.
pub(super) fn complete(
    transaction: &Transaction<'_>,
    id: &str,
    live: &LiveClaim,
    status: RunStatus,
    error: Option<&FailureRecord>,
    ending: Option<&Ending>,
    now: Timestamp,
) -> driver::Result<()> {
    transaction.later("DELETE FROM queue WHERE run_id = ?1", [id])?;
    transaction.later(
        "UPDATE runs SET status = ?2, environment_id = ?3, attempt_count = ?4, started_at = ?5, completed_at = ?6, cancel_requested_at = ?7,
         error_code = ?8, error_stage = ?9, error_message = ?10, error_hint = ?11, exit_code = ?12, summary = ?13, output_path = relative(?14), result = ?15, error_place = ?16, ended_token = ?17
         WHERE id = ?1 AND status IS NULL",
        params![
            id,
            status,
            live.environment_id,
            live.attempt_count,
            live.started_at,
            now,
            live.cancel_requested_at,
            error.map(|error| &error.code),
            error.and_then(|error| error.stage.as_ref()),
            error.map(|error| &error.message),
            error.and_then(|error| error.hint.as_ref()),
            ending.and_then(|ending| ending.exit_code),
            ending.and_then(|ending| ending.summary.as_ref()),
            ending.and_then(|ending| ending.output_path.as_deref()).map(path_text),
            ending.and_then(|ending| ending.results.as_ref()).map(|results| compressed(&results.payload)),
            error.and_then(|error| place_text(&error.place)),
            // An end with results: the files belong to this claim.
            ending.and(live.claim_token.as_ref()),
        ],
    )?;
    count(transaction, live, status, now)?;
    observe(transaction, now)
}

/// Counts an end for its configuration and its submitter, by the wait until the first claim and the duration of the last
/// attempt.
fn count(
    transaction: &Transaction<'_>,
    live: &LiveClaim,
    status: RunStatus,
    now: Timestamp,
) -> driver::Result<()> {
    let waited = live.started_at.map(|at| at.since(live.created_at));
    let took = live.claimed_at.map(|at| now.since(at));
    for subject in [
        format!("configuration {}", live.configuration_id),
        format!("submitter {}", live.submitter),
    ] {
        transaction.later(
            "INSERT INTO ended AS e (subject, status, waited, took, part, runs, waited_ms, took_ms)
             VALUES (?1, ?2, ?3, ?4, 0 /*pg + pg_backend_pid() % 16*/, 1, ?5, ?6)
             ON CONFLICT (subject, status, waited, took, part) DO UPDATE SET runs = e.runs + 1,
             waited_ms = e.waited_ms + excluded.waited_ms, took_ms = e.took_ms + excluded.took_ms",
            params![
                subject,
                status,
                place_among_limits(waited),
                place_among_limits(took),
                waited.unwrap_or(0),
                took.unwrap_or(0),
            ],
        )?;
    }
    Ok(())
}

/// Returns the index of the first limit that is not below a time in milliseconds, or the number of limits; -1 without a time.
fn place_among_limits(time: Option<u64>) -> i64 {
    let place = time.map(|time| LIMITS.partition_point(|limit| *limit < time));
    place.map_or(-1, |place| place as i64)
}

/// Returns the text of a failure's position for its column; null if nothing is known.
fn place_text(place: &FailurePosition) -> Option<String> {
    let known = (!place.is_unknown()).then(|| serde_json::to_string(place));
    known.and_then(std::result::Result::ok)
}

/// Returns the error of a run that was cancelled without a report from an engine.
pub(super) fn cancelled() -> FailureRecord {
    FailureRecord::new(code::CANCELLED, "run", "cancelled", None)
}

pub(super) fn finish(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    ending: &Ending,
    now: Timestamp,
) -> driver::Result<bool> {
    let Some(live) = live::claimed(transaction, id, claim)? else {
        return Ok(false);
    };
    let (status, error) = (ending.status, ending.error.as_ref());
    complete(transaction, id, &live, status, error, Some(ending), now)?;
    let message = error.map(|error| error.message.as_str());
    let outcome = (status.as_str(), message);
    attempt::record(
        transaction,
        id,
        &live,
        outcome,
        AttemptUsage::from_ending(ending),
        now,
    )?;
    if let Some(results) = &ending.results {
        results::insert(transaction, id, results)?;
    }
    Ok(true)
}

/// Environments that failed permanently and have queued runs that are not paused. They are few, and each is looked up once. If
/// the configuration is at fault, its runs fail unless another host has the environment or is building it. If only this host
/// cannot build it, they fail when no other host with workers may build it.
pub const FAILED_WITH_RUNS: &str = "SELECT id, coalesce(error_message, 'no reason recorded'), error_hint FROM environments
    WHERE status = 'failed' AND (SELECT 1 FROM queue WHERE environment_id = environments.id AND queue.status = 'queued' LIMIT 1) IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.configuration_id IN ('', environments.configuration_id))
    /*pg AND NOT EXISTS (SELECT 1 FROM workers w LEFT JOIN environments_of_hosts o ON o.id = environments.id AND o.host_id = w.host_id
        WHERE w.kind = 'worker' AND CASE WHEN environments.error_may_pass = 1 THEN coalesce(o.status <> 'failed', TRUE)
            ELSE coalesce(o.status IN ('ready', 'building'), FALSE) END)*/";

impl Store {
    /// Fails at most `limit` queued runs whose environment failed permanently, with the environment's error; the limit keeps
    /// other processes from waiting long. Returns the runs as they are afterwards.
    pub fn fail_runs_of_failed_environments(
        &self,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        self.observed(Call::FailForEnvironments, Some(now), |store| {
            // Workers call this often, and a read needs no write lock.
            if !store.read(|connection| connection.exists(FAILED_WITH_RUNS, []))? {
                return Ok(Vec::new());
            }
            store.write(|transaction| {
                let failed: Vec<(String, String, Option<String>)> =
                    transaction.rows(FAILED_WITH_RUNS, [])?;
                let mut runs = Vec::new();
                for (environment, reason, hint) in failed {
                    let message = format!("{NOT_BUILT}{reason}");
                    let failure =
                        FailureRecord::new(code::ENVIRONMENT_FAILED, "environment", message, hint);
                    for id in due::waiting_in(transaction, &environment, limit - runs.len())? {
                        if let Some(live) = live::queued(transaction, &id)? {
                            let (status, failure) = (RunStatus::Failed, Some(&failure));
                            complete(transaction, &id, &live, status, failure, None, now)?;
                            runs.push(by_id(transaction, &id)?);
                        }
                    }
                }
                Ok(runs)
            })
        })
    }
}

/// Ends a run that was recorded in this transaction, without executing anything.
pub(super) fn skip(transaction: &Transaction<'_>, id: &str, now: Timestamp) -> driver::Result<()> {
    let Some(live) = live::queued(transaction, id)? else {
        return Ok(());
    };
    let status = RunStatus::Succeeded;
    complete(transaction, id, &live, status, None, None, now)?;
    let sql = "UPDATE runs SET summary = ?2 WHERE id = ?1";
    transaction.later(sql, [id, SKIPPED])
}
