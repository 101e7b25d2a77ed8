//! Ends claims without a result: for a retry, on release, after the lease expired, or after the process died.
//!
//! All four use [`leave`]: the run returns to the queue, or ends if its attempts are used up or its cancellation was
//! requested.

use std::time::Duration;

use super::attempt;
use super::end::{cancelled, complete};
use super::live::{self, LiveClaim};
use super::read::by_id;
use crate::base::clock::Timestamp;
use crate::base::problem::code;
use crate::settings::Recovery;
use crate::store::driver::{self, Transaction, params};
use crate::store::{
    AttemptUsage, Call, Claim, Clock, FailureRecord, Result, Retry, RunRecord, RunStatus, Store,
};

/// The way in which a claim ends without a result.
struct ClaimExit<'a> {
    failure: &'a FailureRecord,
    /// The outcome in the attempt's record if the run returns to the queue.
    outcome: &'a str,
    available_at: Timestamp,
    /// Whether the run ends with this attempt, even if attempts are left.
    last: bool,
    /// Whether the attempt does not count.
    release: bool,
    /// Whether the machine or the network was in trouble.
    trouble: bool,
    /// The resources that the attempt used, as far as known.
    used: AttemptUsage,
}

impl<'a> ClaimExit<'a> {
    /// Returns the end of a claim whose attempt counts and of which nothing else is known.
    fn lost(failure: &'a FailureRecord, available_at: Timestamp) -> Self {
        Self {
            failure,
            outcome: "lost",
            available_at,
            last: false,
            release: false,
            trouble: false,
            used: AttemptUsage::default(),
        }
    }
}

/// Ends a claim that the transaction has just read: the run returns to the queue, or ends if its attempts are used up or its
/// cancellation was requested. Returns the run as it is then.
fn leave(
    transaction: &Transaction<'_>,
    id: &str,
    live: &LiveClaim,
    leaving: &ClaimExit<'_>,
    now: Timestamp,
) -> driver::Result<RunRecord> {
    let status = if live.cancel_requested_at.is_some() {
        RunStatus::Cancelled
    } else if leaving.last || (!leaving.release && live.attempt_count >= live.max_attempts) {
        RunStatus::Failed
    } else {
        RunStatus::Queued
    };
    let cancelled = cancelled();
    let (error, outcome) = match status {
        RunStatus::Cancelled => (&cancelled, "cancelled"),
        RunStatus::Failed if leaving.outcome == "retried" => (leaving.failure, "failed"),
        _ => (leaving.failure, leaving.outcome),
    };
    // No token is needed: the transaction has read the claim and holds the write lock.
    if status.is_terminal() {
        complete(transaction, id, live, status, Some(error), None, now)?;
    } else {
        let released = leaving.release && live.attempt_count > 0;
        transaction.wake();
        transaction.later(
            "UPDATE queue SET status = 'queued', claimed_by = NULL, claim_token = NULL, claim_expires_at = NULL, claim_process = NULL, claimed_at = NULL,
             attempt_count = attempt_count - ?2, trouble_count = CASE WHEN ?5 THEN trouble_count + 1 ELSE 0 END, available_at = ?3, last_error = ?4 WHERE run_id = ?1 AND status = 'running'",
            params![
                id,
                u32::from(released),
                leaving.available_at,
                serde_json::to_string(error).ok(),
                leaving.trouble
            ],
        )?;
    }
    let outcome = (outcome, Some(error.message.as_str()));
    attempt::record(transaction, id, live, outcome, leaving.used, now)?;
    by_id(transaction, id)
}

/// Ends the claim of a run if the claim still holds.
fn leave_claimed(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    leaving: &ClaimExit<'_>,
    now: Timestamp,
) -> driver::Result<Option<RunRecord>> {
    let held = live::claimed(transaction, id, claim)?;
    held.map(|live| leave(transaction, id, &live, leaving, now))
        .transpose()
}

impl Store {
    /// Moves a running run back to the queue, or fails it if its attempts are used up and this attempt counts. Records the
    /// attempt with the resources that it used. If its cancellation was requested, the run is cancelled instead. Returns the
    /// run as it is then; `None`: the lease was lost and nothing changed.
    pub fn retry_run(
        &self,
        id: &str,
        claim: &Claim,
        failure: &FailureRecord,
        used: &AttemptUsage,
        retry: Retry,
        now: Timestamp,
    ) -> Result<Option<RunRecord>> {
        self.observed(Call::Retry(id, claim, retry), Some(now), |store| {
            let (available_at, is_free) = match retry {
                Retry::Counted(at) => (at, false),
                Retry::Free(at) => (at, true),
            };
            let leaving = ClaimExit {
                outcome: if is_free { "released" } else { "retried" },
                release: is_free,
                trouble: is_free,
                used: *used,
                ..ClaimExit::lost(failure, available_at)
            };
            store.write(|transaction| leave_claimed(transaction, id, claim, &leaving, now))
        })
    }

    /// Moves a running run back to the queue at once, without counting the attempt: the worker stops, or the run's environment
    /// vanished. If its cancellation was requested, the run is cancelled instead. Returns the run as it is then; `None`: the
    /// lease was lost and nothing changed.
    pub fn release_run(
        &self,
        id: &str,
        claim: &Claim,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<RunRecord>> {
        self.observed(Call::Release(id, claim), Some(now), |store| {
            let failure = FailureRecord::new(code::RELEASED, "worker", reason, None);
            let leaving = ClaimExit {
                outcome: "released",
                release: true,
                ..ClaimExit::lost(&failure, now)
            };
            store.write(|transaction| leave_claimed(transaction, id, claim, &leaving, now))
        })
    }

    /// Returns runs with an expired lease to the queue, or fails them if their attempts are used up. `backoff` returns the
    /// wait after an attempt. Returns the runs as they are afterwards.
    pub fn expire_run_leases(
        &self,
        backoff: &dyn Fn(u32) -> Duration,
        clock: &Clock<'_>,
    ) -> Result<Vec<RunRecord>> {
        self.observed(Call::ExpireRuns, None, |store| {
            let failure = FailureRecord::new(code::LEASE_EXPIRED, "worker", "lease expired", None);
            store.write(|transaction| {
                let Some(now) = clock() else {
                    return Ok(Vec::new());
                };
                let is_expired = |live: &LiveClaim| live.is_expired(now);
                let expired = live::running(transaction, live::EXPIRED, now, is_expired)?;
                leave_all(transaction, &expired, now, |live| {
                    ClaimExit::lost(&failure, now.plus(backoff(live.attempt_count)))
                })
            })
        })
    }
}

/// Ends the claims of a dead process.
pub fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    recovery: Recovery,
    now: Timestamp,
) -> driver::Result<Vec<RunRecord>> {
    let message = "the process that executed the run died";
    let hint = (recovery == Recovery::Fail).then(|| "`ade runs retry` runs it again".to_owned());
    let failure = FailureRecord::new(code::WORKER_DIED, "worker", message, hint);
    let orphans = live::running(transaction, live::HELD_BY, process, |live| {
        live.is_held_by(process)
    })?;
    leave_all(transaction, &orphans, now, |_| ClaimExit {
        last: recovery == Recovery::Fail,
        ..ClaimExit::lost(&failure, now)
    })
}

/// Ends claims that the transaction has just read. Returns the runs as they are then.
fn leave_all<'a>(
    transaction: &Transaction<'_>,
    held: &[(String, LiveClaim)],
    now: Timestamp,
    leaving: impl Fn(&LiveClaim) -> ClaimExit<'a>,
) -> driver::Result<Vec<RunRecord>> {
    held.iter()
        .map(|(id, live)| leave(transaction, id, live, &leaving(live), now))
        .collect()
}
