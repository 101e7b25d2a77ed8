//! Deliveries: notifications about runs that have ended. A row is recorded with the end itself, by every process whose
//! settings name a receiver, and stays for some time after it was delivered.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::driver::{self, Connection, DbRow, FromRow, Transaction, params, record, words};
use super::{Claim, Result, Store, StoreError};
use crate::base::clock::Timestamp;
use crate::settings::Settings;

/// The maximum wait before the next attempt, whatever the maximum backoff: a delivery that is due later was recorded before
/// the clock was set back.
pub const MAX_DELIVERY_WAIT: Duration = Duration::from_secs(3600);

/// The way in which the end of a run is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryKind {
    /// A request to an address.
    Url,
    /// A program that is started.
    Command,
}

impl DeliveryKind {
    /// Returns the kinds for which the settings name a receiver.
    pub fn from_settings(settings: &Settings) -> Vec<Self> {
        let url = settings.on_end_url.as_ref().map(|_| Self::Url);
        let command = settings.on_end_command.as_ref().map(|_| Self::Command);
        url.into_iter().chain(command).collect()
    }
}

words!(DeliveryKind { Url = "url", Command = "command" });

/// The status of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// The delivery is waiting, or is being delivered now.
    Waiting,
    /// The receiver accepted the delivery.
    Delivered,
    /// The delivery was given up.
    Failed,
}

words!(DeliveryStatus { Waiting = "waiting", Delivered = "delivered", Failed = "failed" });

/// A delivery as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryRecord {
    /// The id of the run, followed by the kind of the delivery.
    pub id: String,
    /// The run that ended.
    pub run_id: String,
    /// The workspace of the run.
    pub workspace_id: String,
    /// The file name of the run's input.
    pub input_name: String,
    /// How the end is delivered: to the address of ADE_ON_END_URL, or by the program of ADE_ON_END_COMMAND.
    pub kind: DeliveryKind,
    pub status: DeliveryStatus,
    /// The number of attempts since the delivery was recorded or requested again.
    pub attempts: u32,
    /// The reason of the last rejection.
    pub last_error: Option<String>,
    /// When the delivery was recorded: at the end of the run, or when somebody requested it again.
    pub created_at: Timestamp,
    /// When the next attempt is due, or when the current attempt counts as lost; null: the delivery is no longer waiting.
    pub available_at: Option<Timestamp>,
    /// When the receiver accepted the delivery.
    pub delivered_at: Option<Timestamp>,
}

/// Returns the run and the kind in the id of a delivery.
pub fn delivery_of(id: &str) -> Option<(&str, DeliveryKind)> {
    let (run, kind) = id.rsplit_once('-')?;
    Some((run, DeliveryKind::parse(kind)?))
}

/// The conditions that listed deliveries meet.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// The workspace of the runs.
    pub workspace_id: String,
    /// The run; `None`: all runs.
    pub run_id: Option<String>,
    /// The status; `None`: any status.
    pub status: Option<DeliveryStatus>,
    /// The id of the delivery after which the list continues.
    pub behind: Option<String>,
    /// The maximum number of deliveries to return.
    pub limit: u32,
}

/// A delivery that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The run that ended. A run ends once, so its id identifies a repeated delivery.
    pub run_id: String,
    /// How the end is delivered.
    pub kind: DeliveryKind,
    /// The number of this attempt, from 1.
    pub attempts: u32,
    /// When the delivery was recorded: at the end of the run, or when somebody requested it again.
    pub created_at: Timestamp,
}

/// The outcome of a claimed delivery that was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryFailure {
    /// The delivery is tried again at this time.
    Again(Timestamp),
    /// The delivery is given up.
    GivenUp,
}

/// The numbers of deliveries by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Deliveries that are waiting or under way.
    pub waiting: u64,
    /// Waiting deliveries that were refused before.
    pub refused: u64,
    /// Deliveries that were given up.
    pub failed: u64,
    /// Since when the oldest waiting delivery has been waiting.
    pub oldest: Option<Timestamp>,
}

/// Selects the due delivery of the requested kinds that has been due longest.
const DUE: &str = "SELECT run_id, kind FROM deliveries WHERE status = 'waiting' AND (available_at <= ?1 OR available_at > ?2)
    AND ((kind = 'url' AND ?3) OR (kind = 'command' AND ?4)) ORDER BY available_at LIMIT 1";

const SELECT: &str =
    "SELECT d.*, r.workspace_id, r.input_name FROM deliveries d JOIN runs r ON r.id = d.run_id";

impl FromRow for DeliveryRecord {
    fn from_row(row: &DbRow<'_>) -> driver::Result<Self> {
        let (run_id, kind): (String, DeliveryKind) = (row.get("run_id")?, row.get("kind")?);
        let status: DeliveryStatus = row.get("status")?;
        let waits = status == DeliveryStatus::Waiting;
        Ok(Self {
            id: format!("{run_id}-{}", kind.as_str()),
            run_id,
            workspace_id: row.get("workspace_id")?,
            input_name: row.get("input_name")?,
            kind,
            status,
            attempts: row.get("attempts")?,
            last_error: row.get("last_error")?,
            created_at: row.get("created_at")?,
            available_at: waits.then(|| row.get("available_at")).transpose()?,
            delivered_at: row.get("delivered_at")?,
        })
    }
}

record!(Delivery(row) { run_id, kind, attempts, created_at });

record!(DeliveryCounts(row) { waiting, refused, failed, oldest });

/// Makes this connection record a delivery of each kind with every end of a run, in the transaction of the end. Every end is
/// an update of `runs.status` (`runs/end.rs`).
pub fn record_with_ends(connection: &Connection, kinds: &[DeliveryKind]) -> driver::Result<()> {
    for kind in kinds.iter().map(|kind| kind.as_str()) {
        connection.execute_batch(&format!(
            "CREATE TEMP TRIGGER delivery_by_{kind} AFTER UPDATE OF status ON main.runs WHEN OLD.status IS NULL AND NEW.status IS NOT NULL BEGIN
                INSERT INTO deliveries (run_id, kind, available_at, created_at) VALUES (NEW.id, '{kind}', NEW.completed_at, NEW.completed_at);
            END"
        ))?;
    }
    Ok(())
}

/// Makes the deliveries of a dead process due.
pub(super) fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    now: Timestamp,
) -> driver::Result<()> {
    let sql = "UPDATE deliveries SET available_at = ?2, claim_token = NULL, claim_process = NULL WHERE claim_process = ?1";
    transaction.execute(sql, params![process, now])
}

impl Store {
    /// Claims the delivery of one of these kinds that has been due longest, until the lease of the claim expires. `None`: no
    /// delivery is due.
    pub fn claim_delivery(
        &self,
        kinds: &[DeliveryKind],
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Option<Delivery>> {
        let asks = |kind| kinds.contains(&kind);
        let (url, command) = (asks(DeliveryKind::Url), asks(DeliveryKind::Command));
        let asked = params![now, now.plus(MAX_DELIVERY_WAIT), url, command];
        // Most looks find nothing, and a look that writes nothing blocks no other process.
        if self.row::<()>(DUE, asked)?.is_none() {
            return Ok(None);
        }
        // One statement, so that deliveries that other processes claim at the same time are skipped.
        let take = format!(
            "UPDATE deliveries SET attempts = attempts + 1, available_at = ?5, claim_token = ?6, claim_process = ?7
             WHERE (run_id, kind) = ({DUE} /*pg FOR UPDATE SKIP LOCKED*/) RETURNING *"
        );
        self.write(|transaction| {
            let values = params![
                now,
                now.plus(MAX_DELIVERY_WAIT),
                url,
                command,
                now.plus(claim.lease),
                claim.token,
                claim.process
            ];
            transaction.row(&take, values)
        })
    }

    /// Records that the receiver accepted a delivery. False: the claim was lost and nothing changed.
    pub fn delivered(&self, delivery: &Delivery, claim: &Claim, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE deliveries SET status = 'delivered', delivered_at = ?4, claim_token = NULL, claim_process = NULL
             WHERE run_id = ?1 AND kind = ?2 AND status = 'waiting' AND claim_token = ?3";
        let values = params![delivery.run_id, delivery.kind, claim.token, now];
        self.changes(sql, values)
    }

    /// Records that the receiver did not accept a delivery. False: the claim was lost and nothing changed.
    pub fn undelivered(
        &self,
        delivery: &Delivery,
        claim: &Claim,
        error: &str,
        outcome: DeliveryFailure,
    ) -> Result<bool> {
        let (status, at) = match outcome {
            DeliveryFailure::Again(at) => ("waiting", Some(at)),
            DeliveryFailure::GivenUp => ("failed", None),
        };
        let sql = "UPDATE deliveries SET status = ?4, available_at = coalesce(?5, available_at), last_error = ?6, claim_token = NULL, claim_process = NULL
             WHERE run_id = ?1 AND kind = ?2 AND status = 'waiting' AND claim_token = ?3";
        let values = params![
            delivery.run_id,
            delivery.kind,
            claim.token,
            status,
            at,
            error
        ];
        self.changes(sql, values)
    }

    /// Returns the deliveries that match, those of the newest run first.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRecord>> {
        let sql = format!(
            "{SELECT} WHERE r.workspace_id = ?1 AND (CAST(?2 AS TEXT) IS NULL OR d.run_id = ?2) AND (CAST(?3 AS TEXT) IS NULL OR d.status = ?3)
             AND (CAST(?4 AS TEXT) IS NULL OR (d.run_id, d.kind) < (?4, ?5)) ORDER BY d.run_id DESC, d.kind DESC LIMIT ?6"
        );
        let behind = filter.behind.as_deref().and_then(delivery_of);
        let values = params![
            filter.workspace_id,
            filter.run_id,
            filter.status,
            behind.map(|(run, _)| run),
            behind.map(|(_, kind)| kind),
            filter.limit
        ];
        self.rows(&sql, values)
    }

    /// Requests that an end is delivered again, from the first attempt on; a waiting delivery is due at once, and a delivery
    /// under way stays as it is.
    ///
    /// # Errors
    /// There is no such delivery, or the database cannot be used.
    pub fn redeliver(
        &self,
        run: &str,
        kind: DeliveryKind,
        now: Timestamp,
    ) -> Result<DeliveryRecord> {
        let again = "UPDATE deliveries SET status = 'waiting', attempts = 0, available_at = ?3, created_at = ?3, delivered_at = NULL
             WHERE run_id = ?1 AND kind = ?2 AND claim_token IS NULL";
        let sql = format!("{SELECT} WHERE d.run_id = ?1 AND d.kind = ?2");
        let found = self.write(|transaction| {
            transaction.execute(again, params![run, kind, now])?;
            transaction.row(&sql, params![run, kind])
        })?;
        found.ok_or_else(|| StoreError::not_found("delivery", &format!("{run}-{}", kind.as_str())))
    }

    /// Deletes deliveries that are no longer waiting and were recorded before `cutoff`.
    pub fn forget_deliveries(&self, cutoff: Timestamp) -> Result<()> {
        let sql = "DELETE FROM deliveries WHERE status <> 'waiting' AND created_at < ?1";
        self.execute(sql, [cutoff])
    }

    /// Counts all deliveries by status.
    pub fn count_deliveries(&self) -> Result<DeliveryCounts> {
        let sql = "SELECT count(*) FILTER (WHERE status = 'waiting') AS waiting,
             count(*) FILTER (WHERE status = 'waiting' AND last_error IS NOT NULL) AS refused,
             count(*) FILTER (WHERE status = 'failed') AS failed, min(created_at) FILTER (WHERE status = 'waiting') AS oldest FROM deliveries WHERE status <> 'delivered'";
        self.one(sql, [])
    }
}
