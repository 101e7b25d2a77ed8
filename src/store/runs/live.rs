//! Reads what the queue says of a run, for the transaction that changes it: no other process writes it in between.

use crate::base::clock::Timestamp;
use crate::store::Claim;
use crate::store::driver::{self, Row, ToValue, Transaction};
use crate::store::values::{row, rows};

/// What the queue says of a run.
pub(super) struct Live {
    pub(super) configuration_id: String,
    pub(super) submitter: String,
    pub(super) created_at: Timestamp,
    pub(super) environment_id: Option<String>,
    pub(super) attempt_count: u32,
    pub(super) max_attempts: u32,
    pub(super) started_at: Option<Timestamp>,
    /// These three are set while a worker has the run.
    pub(super) claimed_by: Option<String>,
    pub(super) claimed_at: Option<Timestamp>,
    pub(super) claim_token: Option<String>,
    claim_expires_at: Option<Timestamp>,
    claim_process: Option<String>,
    pub(super) cancel_requested_at: Option<Timestamp>,
}

/// The columns in the order in which [`live`] reads them: to find each by its name takes longer than the query itself.
const READ: &str = "SELECT (SELECT configuration_id FROM runs WHERE id = run_id), submitter, created_at, environment_id, attempt_count, max_attempts, started_at,
    claimed_by, claimed_at, claim_token, claim_expires_at, claim_process, cancel_requested_at FROM queue WHERE run_id = ?1 /*pg FOR UPDATE*/";

fn live(row: &Row<'_>) -> driver::Result<Live> {
    let instant =
        |column| Ok::<_, driver::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp));
    Ok(Live {
        configuration_id: row.get(0)?,
        submitter: row.get(1)?,
        created_at: Timestamp(row.get(2)?),
        environment_id: row.get(3)?,
        attempt_count: row.get(4)?,
        max_attempts: row.get(5)?,
        started_at: instant(6)?,
        claimed_by: row.get(7)?,
        claimed_at: instant(8)?,
        claim_token: row.get(9)?,
        claim_expires_at: instant(10)?,
        claim_process: row.get(11)?,
        cancel_requested_at: instant(12)?,
    })
}

fn read(transaction: &Transaction<'_>, id: &str) -> driver::Result<Option<Live>> {
    row(transaction, READ, [id], live)
}

/// The run that is under this claim.
pub(super) fn claimed(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
) -> driver::Result<Option<Live>> {
    let live = read(transaction, id)?;
    Ok(live.filter(|live| live.claim_token.as_ref() == Some(&claim.token)))
}

/// The run with this id, where it waits.
pub(super) fn queued(transaction: &Transaction<'_>, id: &str) -> driver::Result<Option<Live>> {
    let live = read(transaction, id)?;
    Ok(live.filter(|live| live.claim_token.is_none()))
}

impl Live {
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.claim_expires_at.is_some_and(|end| end < now)
    }

    pub(super) fn is_held_by(&self, process: &str) -> bool {
        self.claim_process.as_deref() == Some(process)
    }
}

/// The runs whose leases ended before an instant.
pub(in crate::store) const EXPIRED: &str =
    "SELECT run_id FROM queue_running WHERE claim_expires_at < ?1";

/// The runs that a process holds.
pub(in crate::store) const HELD_BY: &str =
    "SELECT run_id FROM queue_running WHERE claim_process = ?1";

/// Reads the runs that [`EXPIRED`] or [`HELD_BY`] finds with this value, with their ids.
pub(super) fn running(
    transaction: &Transaction<'_>,
    sql: &str,
    value: impl ToValue,
    still: impl Fn(&Live) -> bool,
) -> driver::Result<Vec<(String, Live)>> {
    let mut ids: Vec<String> = rows(transaction, sql, [value], |row| row.get(0))?;
    // Whoever locks several locks them in one order.
    ids.sort();
    let mut running = Vec::new();
    for id in ids {
        // Between the list and the lock another process may have ended or renewed the claim.
        if let Some(live) = read(transaction, &id)?.filter(&still) {
            running.push((id, live));
        }
    }
    Ok(running)
}
