//! Ends the claims of builds.

use crate::base::clock::Timestamp;
use crate::base::problem::code;
use crate::store::driver::{self, Transaction, params};
use crate::store::{BuildAttempts, BuildFailureOutcome, FailureRecord};

/// Part of every statement that leaves `building`: the schema allows a token only in that state.
pub(super) const UNCLAIM: &str =
    "claimed_by = NULL, claim_token = NULL, claim_expires_at = NULL, claim_process = NULL";

/// Ends the claim of a build that failed.
pub(super) fn leave(
    transaction: &Transaction<'_>,
    id: &str,
    token: &str,
    failure: &FailureRecord,
    after: BuildFailureOutcome,
    now: Timestamp,
) -> driver::Result<bool> {
    let sql = format!(
        "UPDATE environments SET status = ?3, {UNCLAIM}, available_at = ?4, error_code = ?5, error_message = ?6, error_hint = ?7, error_may_pass = ?10, updated_at = ?8,
         attempt_count = CASE WHEN attempt_count > ?9 THEN attempt_count - ?9 ELSE 0 END, trouble_count = CASE WHEN ?9 = 1 THEN trouble_count + 1 ELSE 0 END
         WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
    );
    let (status, due) = match after {
        BuildFailureOutcome::RetryAt(due) | BuildFailureOutcome::WaitUntil(due) => ("queued", due),
        BuildFailureOutcome::Fail | BuildFailureOutcome::FailHere => ("failed", now),
    };
    transaction.changes(
        &sql,
        params![
            id,
            token,
            status,
            due,
            failure.code,
            failure.message,
            failure.hint,
            now,
            matches!(after, BuildFailureOutcome::WaitUntil(_)),
            after == BuildFailureOutcome::FailHere
        ],
    )
}

pub(super) fn expire(
    transaction: &Transaction<'_>,
    attempts: &BuildAttempts<'_>,
    now: Timestamp,
) -> driver::Result<usize> {
    let message = "the process that was building it stopped responding, or its machine is gone";
    let hint = "check that worker and its machine; `ade env build` tries again".to_owned();
    let failure = FailureRecord::new(code::LEASE_EXPIRED, "environment", message, Some(hint));
    end_claims(transaction, EXPIRED, &now, &failure, attempts, now)
}

/// Ends the claims of a dead process's builds.
pub fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    attempts: &BuildAttempts<'_>,
    now: Timestamp,
) -> driver::Result<usize> {
    let message = "the process that was building it died";
    let hint =
        "check whether the machine has too little memory; `ade env build` tries again".to_owned();
    let failure = FailureRecord::new(code::WORKER_DIED, "environment", message, Some(hint));
    end_claims(transaction, HELD_BY, &process, &failure, attempts, now)
}

/// Selects the builds whose leases ended before a time.
const EXPIRED: &str = "SELECT id, claim_token, attempt_count FROM environments WHERE status = 'building' AND claim_expires_at < ?1";

/// Selects the builds of a process, by the index `environments_leased`, which is always small.
pub const HELD_BY: &str = "SELECT id, claim_token, attempt_count FROM environments WHERE status = 'building' AND claim_process = ?1";

/// Ends the claims of builders that did not end them. An installer that kills its process, or prevents it from renewing its
/// lease, would do so each time: so the build is repeated after a while, and not forever.
fn end_claims(
    transaction: &Transaction<'_>,
    builds: &str,
    value: &dyn rusqlite::ToSql,
    failure: &FailureRecord,
    attempts: &BuildAttempts<'_>,
    now: Timestamp,
) -> driver::Result<usize> {
    let left: Vec<(String, String, u32)> = transaction.rows(builds, [value])?;
    for (id, token, count) in &left {
        let after = if *count < attempts.most {
            BuildFailureOutcome::RetryAt(now.plus((attempts.backoff)(*count)))
        } else {
            BuildFailureOutcome::FailHere
        };
        let mut failure = failure.clone();
        if *count > 1 {
            failure.message = format!("{} (attempt {count})", failure.message);
        }
        leave(transaction, id, token, &failure, after, now)?;
    }
    Ok(left.len())
}
