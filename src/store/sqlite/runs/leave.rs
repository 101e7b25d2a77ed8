//! Ends claims without a result: for a retry, on release, when the lease expired, or when the process died.
//!
//! All four use [`leave`]: the run goes back to the queue, or ends where attempts are spent or its cancellation was requested.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::attempt::end_attempt;
use super::end::UNCLAIM;
use super::read::by_id;
use crate::clock::Timestamp;
use crate::problem::code;
use crate::settings::Recovery;
use crate::store::{Claim, Failure, RunRecord, RunStatus};

/// The columns of a running run that decide how its claim ends.
struct Held {
    id: String,
    attempts: u32,
    most: u32,
    cancel_requested: bool,
}

/// Selects running runs. Each use adds the condition by which one of the partial indexes of running runs finds them: an id with
/// its token, `runs_leased` by when leases expire, `runs_of_process` by who holds them.
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

/// How a claim ends without a result.
struct Leaving<'a> {
    failure: &'a Failure,
    /// The outcome in the attempt's record where the run goes back to the queue.
    outcome: &'a str,
    available_at: Timestamp,
    /// Whether the run ends with this attempt, however many are left.
    last: bool,
    /// Whether the attempt does not count.
    give_back: bool,
}

/// Ends a claim that the transaction has just read: the run goes back to the queue, or ends where attempts are spent or its
/// cancellation was requested.
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
        code: code::CANCELLED.to_owned(),
        stage: Some("run".to_owned()),
        message: "cancelled".to_owned(),
        hint: None,
    };
    let (error, outcome) = match status {
        RunStatus::Cancelled => (&cancelled, "cancelled"),
        RunStatus::Failed if leaving.outcome == "retried" => (leaving.failure, "failed"),
        _ => (leaving.failure, leaving.outcome),
    };
    // No token is needed: the transaction has read the claim and holds the write lock. The end of a run that ends must still be
    // reported; for one that goes back to the queue there is none to report (`end_told`, ?10).
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
        code: code::RELEASED.to_owned(),
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
        code: code::LEASE_EXPIRED.to_owned(),
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

/// Ends the claims of a dead process.
pub(in crate::store::sqlite) fn reclaim(
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
        code: code::WORKER_DIED.to_owned(),
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
