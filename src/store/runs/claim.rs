//! Claims queued runs, and records when environments and configurations were used.

use super::due;
use super::read::by_id;
use crate::base::clock::{Timestamp, milliseconds};
use crate::store::driver::{self, Transaction, params};
use crate::store::observed_time::observe;
use crate::store::{Call, Claim, LAST_USE_KNOWN_TO, Result, RunRecord, Store};

/// Records that an environment was used. Collection depends on this: an environment counts as used when a run that needs it is
/// claimed. A use in the future was recorded before the clock was set back.
pub(super) fn touch_environment(
    transaction: &Transaction<'_>,
    id: &str,
    now: Timestamp,
) -> driver::Result<()> {
    let sql = "UPDATE environments SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR abs(?2 - last_used_at) >= ?3)";
    touch(transaction, sql, id, now)
}

/// The same for a configuration, whose runs keep its environments.
pub(super) fn touch_configuration(
    transaction: &Transaction<'_>,
    id: &str,
    now: Timestamp,
) -> driver::Result<()> {
    let sql = "UPDATE configurations SET last_run_at = ?2 WHERE id = ?1 AND (last_run_at IS NULL OR abs(?2 - last_run_at) >= ?3)";
    touch(transaction, sql, id, now)
}

/// Returns whether a use was recorded so recently that this use need not be recorded.
pub(super) fn is_known(last: Option<i64>, now: Timestamp) -> bool {
    last.is_some_and(|at| (now.0 - at).abs() < milliseconds(LAST_USE_KNOWN_TO))
}

fn touch(transaction: &Transaction<'_>, sql: &str, id: &str, now: Timestamp) -> driver::Result<()> {
    let mut known_to = milliseconds(LAST_USE_KNOWN_TO);
    if transaction.is_server() {
        // The noted time may be this old, and is then relied on for as long again.
        known_to /= 2;
        let noted = transaction.noted(id);
        if noted.is_some_and(|at| (now.0 - at).abs() < known_to) {
            return Ok(());
        }
        transaction.note(id, now.0);
    }
    match transaction.changed(sql, params![id, now, known_to])? {
        0 => Ok(()),
        _ => observe(transaction, now),
    }
}

impl Store {
    /// Claims a queued and due run, whatever the status of its environment, which the caller then provides. `None`: the run is
    /// not queued, not due, or paused.
    pub fn claim_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>> {
        self.observed(Call::ClaimRun(id, claim), Some(now), |store| {
            store.demand_in_place()?;
            store.write(|transaction| match transaction.exists(IS_PAUSED, [id])? {
                true => Ok(None),
                false => take(transaction, id, claim, true, now),
            })
        })
    }
}

/// Claims the next run in the queue.
pub(super) fn next(
    transaction: &Transaction<'_>,
    claim: &Claim,
    now: Timestamp,
) -> driver::Result<Option<RunRecord>> {
    let Some(next) = due::next(transaction, claim, now)? else {
        return Ok(None);
    };
    let touch = !is_known(next.last_used_at, now);
    let run = take(transaction, &next.run, claim, touch, now)?;
    due::served(transaction, &next)?;
    Ok(run)
}

/// Finds a row if a run is paused.
const IS_PAUSED: &str = "SELECT 1 FROM pauses WHERE configuration_id IN ('', (SELECT configuration_id FROM runs WHERE id = ?1))";

/// Claims a run if it is queued and due. With `touch`, also records that its environment was used.
fn take(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    touch: bool,
    now: Timestamp,
) -> driver::Result<Option<RunRecord>> {
    // `started_at` keeps the time of the first claim. RETURNING is avoided because SQLite opens an extra table for it.
    let claimed = transaction.changes(
        "UPDATE queue SET status = 'running', claimed_by = ?3, claim_token = ?4, claim_expires_at = ?5, claim_process = ?6, claimed_at = ?2,
             started_at = coalesce(started_at, ?2), attempt_count = attempt_count + 1, last_error = NULL
             WHERE run_id = ?1 AND status = 'queued' AND available_at <= ?2 AND attempt_count < max_attempts",
        params![id, now, claim.worker, claim.token, now.plus(claim.lease), claim.process],
    )?;
    if !claimed {
        return Ok(None);
    }
    let run = by_id(transaction, id)?;
    if let Some(environment) = run.environment_id.as_ref().filter(|_| touch) {
        touch_environment(transaction, environment, now)?;
    }
    Ok(Some(run))
}
