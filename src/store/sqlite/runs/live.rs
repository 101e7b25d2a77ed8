//! The queue: reading a run's row in it, and taking it out when the run ends.

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use crate::clock::Timestamp;
use crate::store::Claim;
use crate::store::sqlite::transaction::Transaction;
use crate::store::sqlite::values::{execute, instant_or_none, small};

/// What the queue says of a run.
pub(super) struct Live {
    pub(super) environment_id: Option<String>,
    pub(super) attempt_count: u32,
    pub(super) max_attempts: u32,
    pub(super) started_at: Option<Timestamp>,
    /// These two are set while a worker has the run.
    pub(super) claimed_by: Option<String>,
    pub(super) claimed_at: Option<Timestamp>,
    pub(super) cancel_requested_at: Option<Timestamp>,
}

/// The columns of [`Live`].
const COLUMNS: &str = "run_id, environment_id, attempt_count, max_attempts, started_at, claimed_by, claimed_at, cancel_requested_at";

fn live(row: &Row<'_>) -> rusqlite::Result<(String, Live)> {
    let live = Live {
        environment_id: row.get("environment_id")?,
        attempt_count: small(row, "attempt_count")?,
        max_attempts: small(row, "max_attempts")?,
        started_at: instant_or_none(row, "started_at")?,
        claimed_by: row.get("claimed_by")?,
        claimed_at: instant_or_none(row, "claimed_at")?,
        cancel_requested_at: instant_or_none(row, "cancel_requested_at")?,
    };
    Ok((row.get("run_id")?, live))
}

/// Which runs of the queue are meant, by a condition. It names the status that they must have, and the token where a claim
/// is needed.
pub(super) struct Which {
    condition: &'static str,
    values: Vec<Value>,
}

impl Which {
    fn new(condition: &'static str, values: impl Into<Vec<Value>>) -> Self {
        Self {
            condition,
            values: values.into(),
        }
    }

    /// The run that is under this claim.
    pub(super) fn claimed(id: &str, claim: &Claim) -> Self {
        let values = [id.to_owned().into(), claim.token.clone().into()];
        Self::new(
            "run_id = ?1 AND claim_token = ?2 AND status = 'running'",
            values,
        )
    }

    /// The run with this id, where it waits.
    pub(super) fn queued(id: &str) -> Self {
        Self::new("run_id = ?1 AND status = 'queued'", [id.to_owned().into()])
    }

    /// The run with this id, which the transaction has just read.
    pub(super) fn just_read(id: &str) -> Self {
        Self::new("run_id = ?1", [id.to_owned().into()])
    }

    /// Those whose lease ended before an instant.
    pub(super) fn expired(before: Timestamp) -> Self {
        Self::new(
            "run_id IN (SELECT run_id FROM queue_running WHERE claim_expires_at < ?1)",
            [before.0.into()],
        )
    }

    /// Those that a process holds.
    pub(super) fn held_by(process: &str) -> Self {
        Self::new(
            "run_id IN (SELECT run_id FROM queue_running WHERE claim_process = ?1)",
            [process.to_owned().into()],
        )
    }
}

/// Reads what is meant, with the ids.
pub(super) fn read(
    transaction: &Transaction<'_>,
    which: &Which,
) -> rusqlite::Result<Vec<(String, Live)>> {
    let sql = format!("SELECT {COLUMNS} FROM queue WHERE {}", which.condition);
    transaction
        .prepare_cached(&sql)?
        .query_map(params_from_iter(&which.values), live)?
        .collect()
}

/// Takes one run out of the queue. `None`: it is not as the condition says, and nothing changed.
pub(super) fn take_out(
    transaction: &Transaction<'_>,
    which: &Which,
) -> rusqlite::Result<Option<Live>> {
    // Two statements: for RETURNING, SQLite opens a table of its own. In between nobody else writes.
    let Some((id, live)) = read(transaction, which)?.pop() else {
        return Ok(None);
    };
    execute(transaction, "DELETE FROM queue WHERE run_id = ?1", [id])?;
    Ok(Some(live))
}
