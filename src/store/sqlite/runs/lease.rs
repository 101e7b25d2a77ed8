//! Keeping a claim alive, and looking whether it still is.

use rusqlite::{Connection, OptionalExtension, params};

use crate::base::clock::Timestamp;
use crate::store::sqlite::transaction::Transaction;
use crate::store::{Claim, Heartbeat};

pub(super) fn heartbeat(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<Heartbeat> {
    // RETURNING gives no row where the claim is lost, and else what `ade runs cancel` may have left in it.
    let requested: Option<bool> = transaction
        .prepare_cached(
            "UPDATE queue SET claim_expires_at = ?3 WHERE run_id = ?1 AND claim_token = ?2 AND status = 'running' RETURNING cancel_requested_at IS NOT NULL",
        )?
        .query_row(params![id, claim.token, now.plus(claim.lease).0], |row| row.get(0))
        .optional()?;
    Ok(heard(requested))
}

/// Looks at a claim without renewing it.
pub(super) fn watch(
    connection: &Connection,
    id: &str,
    claim: &Claim,
) -> rusqlite::Result<Heartbeat> {
    let requested: Option<bool> = connection
        .prepare_cached(
            "SELECT cancel_requested_at IS NOT NULL FROM queue WHERE run_id = ?1 AND claim_token = ?2 AND status = 'running'",
        )?
        .query_row([id, &claim.token], |row| row.get(0))
        .optional()?;
    Ok(heard(requested))
}

fn heard(requested: Option<bool>) -> Heartbeat {
    requested.map_or(Heartbeat::Lost, |cancel_requested| Heartbeat::Renewed {
        cancel_requested,
    })
}
