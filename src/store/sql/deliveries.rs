//! What is to be told of runs that have ended, and what was told.

use super::SqlStore;
use super::values::{changes, execute, instant, instant_or_none, row, rows, small, unsigned, word};
use crate::base::clock::{Timestamp, milliseconds};
use crate::store::driver::{self, Connection, Row, Transaction, params};
use crate::store::{
    Claim, Deliveries, Delivery, DeliveryCounts, DeliveryFilter, DeliveryKind, DeliveryRecord,
    DeliveryStatus, LONGEST_WAIT, Result, StoreError, Undelivered, delivery_of,
};

/// What is due of the kinds that are asked for.
const DUE: &str = "SELECT run_id, kind FROM deliveries WHERE status = 'waiting' AND (available_at <= ?1 OR available_at > ?2)
    AND ((kind = 'url' AND ?3) OR (kind = 'command' AND ?4)) ORDER BY available_at LIMIT 1";

const SELECT: &str =
    "SELECT d.*, r.workspace_id, r.input_name FROM deliveries d JOIN runs r ON r.id = d.run_id";

fn record(row: &Row<'_>) -> driver::Result<DeliveryRecord> {
    let (run_id, kind): (String, _) = (row.get("run_id")?, word(row, "kind", DeliveryKind::parse)?);
    let status = word(row, "status", DeliveryStatus::parse)?;
    let waits = status == DeliveryStatus::Waiting;
    Ok(DeliveryRecord {
        id: format!("{run_id}-{}", kind.as_str()),
        run_id,
        workspace_id: row.get("workspace_id")?,
        input_name: row.get("input_name")?,
        kind,
        status,
        attempts: small(row, "attempts")?,
        last_error: row.get("last_error")?,
        created_at: instant(row, "created_at")?,
        available_at: waits.then(|| instant(row, "available_at")).transpose()?,
        delivered_at: instant_or_none(row, "delivered_at")?,
    })
}

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
        let asked = params![now.0, now.plus(LONGEST_WAIT).0, url, command];
        // Most looks find nothing, and a look that writes nothing shuts nobody out.
        let any = self.read(|connection| row(connection, DUE, asked, |_| Ok(())))?;
        if any.is_none() {
            return Ok(None);
        }
        // One statement: what another process claims at the same time is passed over.
        let take = format!(
            "UPDATE deliveries SET attempts = attempts + 1, available_at = ?5, claim_token = ?6, claim_process = ?7
             WHERE (run_id, kind) = ({DUE} /*pg FOR UPDATE SKIP LOCKED*/) RETURNING *"
        );
        self.write(|transaction| {
            let until = now.0 + milliseconds(claim.lease);
            let values = params![
                now.0,
                now.plus(LONGEST_WAIT).0,
                url,
                command,
                until,
                claim.token,
                claim.process
            ];
            row(transaction, &take, values, |row| {
                Ok(Delivery {
                    run_id: row.get("run_id")?,
                    kind: word(row, "kind", DeliveryKind::parse)?,
                    attempts: small(row, "attempts")?,
                    created_at: instant(row, "created_at")?,
                })
            })
        })
    }

    fn delivered(&self, delivery: &Delivery, claim: &Claim, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE deliveries SET status = 'delivered', delivered_at = ?4, claim_token = NULL, claim_process = NULL
             WHERE run_id = ?1 AND kind = ?2 AND status = 'waiting' AND claim_token = ?3";
        let kind = delivery.kind.as_str();
        let values = params![delivery.run_id, kind, claim.token, now.0];
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

    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRecord>> {
        let sql = format!(
            "{SELECT} WHERE r.workspace_id = ?1 AND (CAST(?2 AS TEXT) IS NULL OR d.run_id = ?2) AND (CAST(?3 AS TEXT) IS NULL OR d.status = ?3)
             AND (CAST(?4 AS TEXT) IS NULL OR (d.run_id, d.kind) < (?4, ?5)) ORDER BY d.run_id DESC, d.kind DESC LIMIT ?6"
        );
        let behind = filter.behind.as_deref().and_then(delivery_of);
        let values = params![
            filter.workspace_id,
            filter.run_id,
            filter.status.map(DeliveryStatus::as_str),
            behind.map(|(run, _)| run),
            behind.map(|(_, kind)| kind.as_str()),
            i64::from(filter.limit)
        ];
        self.read(|connection| rows(connection, &sql, values, record))
    }

    fn redeliver(&self, run: &str, kind: DeliveryKind, now: Timestamp) -> Result<DeliveryRecord> {
        let again = "UPDATE deliveries SET status = 'waiting', attempts = 0, available_at = ?3, created_at = ?3, delivered_at = NULL
             WHERE run_id = ?1 AND kind = ?2 AND claim_token IS NULL";
        let sql = format!("{SELECT} WHERE d.run_id = ?1 AND d.kind = ?2");
        let found = self.write(|transaction| {
            execute(transaction, again, params![run, kind.as_str(), now.0])?;
            row(transaction, &sql, params![run, kind.as_str()], record)
        })?;
        found.ok_or_else(|| StoreError::not_found("delivery", &format!("{run}-{}", kind.as_str())))
    }

    fn forget_deliveries(&self, cutoff: Timestamp) -> Result<()> {
        let sql = "DELETE FROM deliveries WHERE status <> 'waiting' AND created_at < ?1";
        self.write(|transaction| execute(transaction, sql, [cutoff.0]).map(drop))
    }

    fn count_deliveries(&self) -> Result<DeliveryCounts> {
        let sql = "SELECT count(*) FILTER (WHERE status = 'waiting') AS waiting,
             count(*) FILTER (WHERE status = 'waiting' AND last_error IS NOT NULL) AS refused,
             count(*) FILTER (WHERE status = 'failed') AS failed, min(created_at) FILTER (WHERE status = 'waiting') AS oldest FROM deliveries WHERE status <> 'delivered'";
        let counts = self.read(|connection| {
            row(connection, sql, [], |row| {
                Ok(DeliveryCounts {
                    waiting: unsigned(row, "waiting")?,
                    refused: unsigned(row, "refused")?,
                    failed: unsigned(row, "failed")?,
                    oldest: instant_or_none(row, "oldest")?,
                })
            })
        })?;
        Ok(counts.unwrap_or_default())
    }
}
