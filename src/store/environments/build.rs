//! Claims environments for building, and records how a build ended.

use std::path::Path;

use super::read::by_id;
use crate::base::clock::Timestamp;
use crate::base::problem::code;
use crate::store::driver::{self, ToValue, Transaction, params};
use crate::store::values::{changes, path_text, rows, signed};
use crate::store::{
    AfterFailure, BuildAttempts, Claim, Claimable, EnvironmentContents, EnvironmentRecord, Failure,
};

pub(super) fn claim(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    claimable: Claimable,
    elsewhere: &Path,
    now: Timestamp,
) -> driver::Result<Option<EnvironmentRecord>> {
    let (state, left_at) = match claimable {
        Claimable::Due => ("due", None),
        Claimable::Left(at) => ("left", Some(at.0)),
    };
    // The attempt is counted here and not when it fails, so that a build that kills its process counts too. A lease that was
    // renewed since, or another builder's, ends at another time.
    let claimed = changes(
        transaction,
        "UPDATE environments SET status = 'building', claimed_by = ?2, claim_token = ?3, claim_expires_at = ?4, claim_process = ?6,
         attempt_count = attempt_count + 1,
         folder = CASE WHEN status = 'building' OR error_code = ?8 THEN relative(?9) ELSE folder END,
         error_code = NULL, error_message = NULL, error_hint = NULL, updated_at = ?5
         WHERE id = ?1 AND CASE ?10
             WHEN 'due' THEN status = 'queued' AND available_at <= ?5
             WHEN 'left' THEN status = 'building' AND claim_expires_at = ?7
         END AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = ?6 AND w.quieted_at IS NOT NULL)",
        params![
            id,
            claim.worker,
            claim.token,
            now.plus(claim.lease).0,
            now.0,
            claim.process,
            left_at,
            code::LEASE_EXPIRED,
            path_text(elsewhere),
            state,
        ],
    )?;
    if claimed {
        by_id(transaction, id)
    } else {
        Ok(None)
    }
}

/// Part of every statement that leaves `building`: the schema allows a token in that state only.
pub(super) const UNCLAIM: &str =
    "claimed_by = NULL, claim_token = NULL, claim_expires_at = NULL, claim_process = NULL";

pub(super) fn complete(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    contents: &EnvironmentContents,
    now: Timestamp,
) -> driver::Result<bool> {
    let packages = serde_json::to_string(&contents.packages).unwrap_or_default();
    // The count of attempts begins anew, for the case that its files vanish and it is built again.
    let sql = format!(
        "UPDATE environments SET status = 'ready', {UNCLAIM}, python_version = ?3, python_path = ?4, engine_version = ?5, installer = ?6, packages = ?7,
         lock_digest = ?8, size_bytes = ?9, ready_at = ?10, updated_at = ?10, attempt_count = 0, trouble_count = 0 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
    );
    changes(
        transaction,
        &sql,
        params![
            id,
            claim.token,
            contents.python_version,
            path_text(&contents.python_path),
            contents.engine_version,
            contents.installer,
            packages,
            contents.lock_digest,
            signed(contents.size_bytes),
            now.0
        ],
    )
}

/// Ends the claim of a build that failed.
pub(super) fn leave(
    transaction: &Transaction<'_>,
    id: &str,
    token: &str,
    failure: &Failure,
    after: AfterFailure,
    now: Timestamp,
) -> driver::Result<bool> {
    let sql = format!(
        "UPDATE environments SET status = ?3, {UNCLAIM}, available_at = ?4, error_code = ?5, error_message = ?6, error_hint = ?7, error_may_pass = ?10, updated_at = ?8,
         attempt_count = CASE WHEN attempt_count > ?9 THEN attempt_count - ?9 ELSE 0 END, trouble_count = CASE WHEN ?9 = 1 THEN trouble_count + 1 ELSE 0 END
         WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
    );
    let (status, due) = match after {
        AfterFailure::RetryAt(due) | AfterFailure::WaitUntil(due) => ("queued", due),
        AfterFailure::Fail | AfterFailure::FailHere => ("failed", now),
    };
    changes(
        transaction,
        &sql,
        params![
            id,
            token,
            status,
            due.0,
            failure.code,
            failure.message,
            failure.hint,
            now.0,
            matches!(after, AfterFailure::WaitUntil(_)),
            after == AfterFailure::FailHere
        ],
    )
}

pub(super) fn expire(
    transaction: &Transaction<'_>,
    attempts: &BuildAttempts<'_>,
    now: Timestamp,
) -> driver::Result<usize> {
    let message = "the process that built it stood still, or its machine is gone";
    let hint = "see how that worker and its machine are; `ade env build` tries again".to_owned();
    let failure = Failure::new(code::LEASE_EXPIRED, "environment", message, Some(hint));
    end_claims(transaction, EXPIRED, &now.0, &failure, attempts, now)
}

/// Reclaims the builds of a dead process.
pub(in crate::store) fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    attempts: &BuildAttempts<'_>,
    now: Timestamp,
) -> driver::Result<usize> {
    let message = "the process that built it died";
    let hint = "is memory short? `ade env build` tries again".to_owned();
    let failure = Failure::new(code::WORKER_DIED, "environment", message, Some(hint));
    end_claims(transaction, HELD_BY, &process, &failure, attempts, now)
}

/// The builds whose leases ended before an instant.
const EXPIRED: &str = "SELECT id, claim_token, attempt_count FROM environments WHERE status = 'building' AND claim_expires_at < ?1";

/// The builds of a process. They are found by the index `environments_leased`, which is always small.
pub(in crate::store) const HELD_BY: &str = "SELECT id, claim_token, attempt_count FROM environments WHERE status = 'building' AND claim_process = ?1";

/// Ends the claims of builders that did not end them. An installer that kills its process, or keeps it from renewing its
/// lease, would do so each time: so it is tried again after a while, and not for ever.
fn end_claims(
    transaction: &Transaction<'_>,
    builds: &str,
    value: &dyn ToValue,
    failure: &Failure,
    attempts: &BuildAttempts<'_>,
    now: Timestamp,
) -> driver::Result<usize> {
    let left: Vec<(String, String, u32)> = rows(transaction, builds, [value], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    for (id, token, count) in &left {
        let after = if *count < attempts.most {
            AfterFailure::RetryAt(now.plus((attempts.backoff)(*count)))
        } else {
            AfterFailure::FailHere
        };
        let mut failure = failure.clone();
        if *count > 1 {
            failure.message = format!("{} (attempt {count})", failure.message);
        }
        leave(transaction, id, token, &failure, after, now)?;
    }
    Ok(left.len())
}
