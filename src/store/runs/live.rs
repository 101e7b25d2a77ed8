//! Reads a run's row in the queue for a transaction that changes it: no other process writes the row in between.

use super::read::in_order;
use crate::base::clock::Timestamp;
use crate::store::Claim;
use crate::store::driver::{self, Transaction};

/// The row of a run in the queue.
pub(super) struct LiveClaim {
    pub configuration_id: String,
    pub submitter: String,
    pub created_at: Timestamp,
    pub environment_id: Option<String>,
    pub attempt_count: u32,
    pub max_attempts: u32,
    pub started_at: Option<Timestamp>,
    /// These three are set while a worker holds the run.
    pub claimed_by: Option<String>,
    pub claimed_at: Option<Timestamp>,
    pub claim_token: Option<String>,
    claim_expires_at: Option<Timestamp>,
    claim_process: Option<String>,
    pub cancel_requested_at: Option<Timestamp>,
}

/// Selects the columns in the order in which [`LiveClaim`] reads them: finding each by name takes longer than the query itself.
const READ: &str = "SELECT (SELECT configuration_id FROM runs WHERE id = run_id), submitter, created_at, environment_id, attempt_count, max_attempts, started_at,
    claimed_by, claimed_at, claim_token, claim_expires_at, claim_process, cancel_requested_at FROM queue WHERE run_id = ?1 /*pg FOR UPDATE*/";

in_order!(LiveClaim {
    configuration_id,
    submitter,
    created_at,
    environment_id,
    attempt_count,
    max_attempts,
    started_at,
    claimed_by,
    claimed_at,
    claim_token,
    claim_expires_at,
    claim_process,
    cancel_requested_at,
});

fn read(transaction: &Transaction<'_>, id: &str) -> driver::Result<Option<LiveClaim>> {
    transaction.row(READ, [id])
}

/// Returns the run that is under this claim.
pub(super) fn claimed(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
) -> driver::Result<Option<LiveClaim>> {
    let live = read(transaction, id)?;
    Ok(live.filter(|live| live.claim_token.as_ref() == Some(&claim.token)))
}

/// Returns the run with this id if it is waiting.
pub(super) fn queued(transaction: &Transaction<'_>, id: &str) -> driver::Result<Option<LiveClaim>> {
    let live = read(transaction, id)?;
    Ok(live.filter(|live| live.claim_token.is_none()))
}

impl LiveClaim {
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.claim_expires_at.is_some_and(|end| end < now)
    }

    pub fn is_held_by(&self, process: &str) -> bool {
        self.claim_process.as_deref() == Some(process)
    }
}

/// Selects the runs whose leases ended before a time.
pub const EXPIRED: &str = "SELECT run_id FROM queue_running WHERE claim_expires_at < ?1";

/// Selects the runs that a process holds.
pub const HELD_BY: &str = "SELECT run_id FROM queue_running WHERE claim_process = ?1";

/// Reads the runs that [`EXPIRED`] or [`HELD_BY`] finds for this value, with their ids.
pub(super) fn running(
    transaction: &Transaction<'_>,
    sql: &str,
    value: impl rusqlite::ToSql,
    still: impl Fn(&LiveClaim) -> bool,
) -> driver::Result<Vec<(String, LiveClaim)>> {
    let mut ids: Vec<String> = transaction.rows(sql, [value])?;
    // Transactions that lock several runs lock them in the same order.
    ids.sort();
    let mut running = Vec::new();
    for id in ids {
        // Between the list and the lock, another process may have ended or renewed the claim.
        if let Some(live) = read(transaction, &id)?.filter(&still) {
            running.push((id, live));
        }
    }
    Ok(running)
}
