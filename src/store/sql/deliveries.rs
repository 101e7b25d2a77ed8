//! What is still to be told of runs that have ended.

use super::SqlStore;
use super::values::{changes, execute, instant, row, small, unsigned};
use crate::base::clock::{Timestamp, milliseconds};
use crate::store::driver::{self, Connection, Transaction, params};
use crate::store::{
    Claim, Deliveries, Delivery, DeliveryCounts, DeliveryKind, LONGEST_WAIT, Result, Undelivered,
};

/// Has this connection record a delivery of each kind with every end of a run, in the transaction of the end. All ends are an update
/// of `runs.status` (`runs/end.rs`).
pub(in crate::store) fn record_with_ends(
    connection: &Connection,
    kinds: &[DeliveryKind],
) -> driver::Result<()> {
    for kind in kinds.iter().map(|kind| kind.as_str()) {
        connection.execute_batch(&format!(
            "CREATE TEMP TRIGGER delivery_by_{kind} AFTER UPDATE OF status ON main.runs WHEN OLD.status IS NULL AND NEW.status IS NOT NULL BEGIN
                INSERT INTO deliveries (run_id, kind, available_at, created_at) VALUES (NEW.id, '{kind}', NEW.completed_at, NEW.completed_at);
            END"
        ))?;
    }
    Ok(())
}

/// What a dead process was about to deliver is due.
pub(super) fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    now: Timestamp,
) -> driver::Result<()> {
    let sql = "UPDATE deliveries SET available_at = ?2, claim_token = NULL, claim_process = NULL WHERE claim_process = ?1";
    execute(transaction, sql, params![process, now.0]).map(drop)
}

impl Deliveries for SqlStore {
    fn claim_delivery(
        &self,
        kinds: &[DeliveryKind],
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Option<Delivery>> {
        let asks = |kind| kinds.contains(&kind);
        let (url, command) = (asks(DeliveryKind::Url), asks(DeliveryKind::Command));
        let due = "SELECT run_id, kind FROM deliveries WHERE status = 'waiting' AND (available_at <= ?1 OR available_at > ?2)
             AND ((kind = 'url' AND ?3) OR (kind = 'command' AND ?4)) ORDER BY available_at LIMIT 1";
        let asked = params![now.0, now.plus(LONGEST_WAIT).0, url, command];
        // Most looks find nothing, and a look that writes nothing shuts nobody out.
        let any = self.read(|connection| row(connection, due, asked, |_| Ok(())))?;
        if any.is_none() {
            return Ok(None);
        }
        self.write(|transaction| {
            let key: Option<(String, String)> = row(transaction, due, asked, |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            let Some((run, kind)) = key else {
                return Ok(None);
            };
            let take = "UPDATE deliveries SET attempts = attempts + 1, available_at = ?3, claim_token = ?4, claim_process = ?5
                 WHERE run_id = ?1 AND kind = ?2 AND status = 'waiting' RETURNING *";
            let until = now.0 + milliseconds(claim.lease);
            let values = params![run, kind, until, claim.token, claim.process];
            row(transaction, take, values, |row| {
                Ok(Delivery {
                    run_id: row.get("run_id")?,
                    kind: match row.get::<_, String>("kind")?.as_str() {
                        "url" => DeliveryKind::Url,
                        _ => DeliveryKind::Command,
                    },
                    attempts: small(row, "attempts")?,
                    created_at: instant(row, "created_at")?,
                })
            })
        })
    }

    fn delivered(&self, delivery: &Delivery, claim: &Claim) -> Result<bool> {
        let sql = "DELETE FROM deliveries WHERE run_id = ?1 AND kind = ?2 AND status = 'waiting' AND claim_token = ?3";
        let values = params![delivery.run_id, delivery.kind.as_str(), claim.token];
        self.write(|transaction| changes(transaction, sql, values))
    }

    fn undelivered(
        &self,
        delivery: &Delivery,
        claim: &Claim,
        error: &str,
        outcome: Undelivered,
    ) -> Result<bool> {
        let (status, at) = match outcome {
            Undelivered::Again(at) => ("waiting", Some(at.0)),
            Undelivered::GivenUp => ("failed", None),
        };
        let sql = "UPDATE deliveries SET status = ?4, available_at = coalesce(?5, available_at), last_error = ?6, claim_token = NULL, claim_process = NULL
             WHERE run_id = ?1 AND kind = ?2 AND status = 'waiting' AND claim_token = ?3";
        let kind = delivery.kind.as_str();
        let values = params![delivery.run_id, kind, claim.token, status, at, error];
        self.write(|transaction| changes(transaction, sql, values))
    }

    fn forget_deliveries(&self, cutoff: Timestamp) -> Result<()> {
        let sql = "DELETE FROM deliveries WHERE status = 'failed' AND created_at < ?1";
        self.write(|transaction| execute(transaction, sql, [cutoff.0]).map(drop))
    }

    fn count_deliveries(&self) -> Result<DeliveryCounts> {
        let sql = "SELECT count(*) FILTER (WHERE status = 'waiting') AS waiting,
             count(*) FILTER (WHERE status = 'waiting' AND last_error IS NOT NULL) AS refused,
             count(*) FILTER (WHERE status = 'failed') AS failed FROM deliveries";
        let counts = self.read(|connection| {
            row(connection, sql, [], |row| {
                Ok(DeliveryCounts {
                    waiting: unsigned(row, "waiting")?,
                    refused: unsigned(row, "refused")?,
                    failed: unsigned(row, "failed")?,
                })
            })
        })?;
        Ok(counts.unwrap_or_default())
    }
}
