//! What is to be told of runs that have ended, and what was told. A row is recorded with the end itself, by every process whose
//! settings name whom to tell, and stays for some time after it was told.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::driver::{self, Connection, Record, Row, Transaction, params, record, words};
use super::{Claim, Result, Store, StoreError};
use crate::base::clock::Timestamp;
use crate::settings::Settings;

/// The longest wait before the next attempt, whatever the longest backoff is: what is due later was recorded before the clock was
/// set back.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How the end of a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryKind {
    /// A request to an address.
    Url,
    /// A program that is started.
    Command,
}

impl DeliveryKind {
    /// Those that the settings name somebody for.
    pub fn of(settings: &Settings) -> Vec<Self> {
        let url = settings.on_end_url.as_ref().map(|_| Self::Url);
        let command = settings.on_end_command.as_ref().map(|_| Self::Command);
        url.into_iter().chain(command).collect()
    }
}

words!(DeliveryKind { Url = "url", Command = "command" });

/// What has become of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It is to be told, or told at this moment.
    Waiting,
    /// It was accepted.
    Delivered,
    /// It was given up.
    Failed,
}

words!(DeliveryStatus { Waiting = "waiting", Delivered = "delivered", Failed = "failed" });

/// A delivery as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryRecord {
    /// The id of the run, and how its end is told.
    pub id: String,
    /// The run that ended.
    pub run_id: String,
    /// The workspace of the run.
    pub workspace_id: String,
    /// The file name of the run's input.
    pub input_name: String,
    /// How it is told: to the address of ADE_ON_END_URL, or by the program of ADE_ON_END_COMMAND.
    pub kind: DeliveryKind,
    pub status: DeliveryStatus,
    /// How often it was told since it was to be told.
    pub attempts: u32,
    /// Why it was not accepted, the last time that it was not.
    pub last_error: Option<String>,
    /// When it was to be told: at the end of the run, or when somebody asked for it again.
    pub created_at: Timestamp,
    /// When it is told next, or held to be lost while it is told; null: it waits no more.
    pub available_at: Option<Timestamp>,
    /// When it was accepted.
    pub delivered_at: Option<Timestamp>,
}

/// Returns the run and the kind that the id of a delivery names.
pub fn delivery_of(id: &str) -> Option<(&str, DeliveryKind)> {
    let (run, kind) = id.rsplit_once('-')?;
    Some((run, DeliveryKind::parse(kind)?))
}

/// Which deliveries are wanted.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Of runs of this workspace.
    pub workspace_id: String,
    /// Of this run; `None`: of all.
    pub run_id: Option<String>,
    /// With this status; `None`: any.
    pub status: Option<DeliveryStatus>,
    /// Those behind the one of this id.
    pub behind: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// A delivery that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The run that ended. A run ends once, so its id tells a delivery that is repeated.
    pub run_id: String,
    /// How it is told.
    pub kind: DeliveryKind,
    /// Which attempt this is, from 1.
    pub attempts: u32,
    /// When it was to be told: at the end of the run, or when somebody asked for it again.
    pub created_at: Timestamp,
}

/// What became of a claimed delivery that was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// It is tried again from then on.
    Again(Timestamp),
    /// It is given up.
    GivenUp,
}

/// How many deliveries there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Those that wait or are under way.
    pub waiting: u64,
    /// Of these, those that were refused before.
    pub refused: u64,
    /// Those that were given up.
    pub failed: u64,
    /// Since when the one waits that waits longest.
    pub oldest: Option<Timestamp>,
}

/// What is due of the kinds that are asked for.
const DUE: &str = "SELECT run_id, kind FROM deliveries WHERE status = 'waiting' AND (available_at <= ?1 OR available_at > ?2)
    AND ((kind = 'url' AND ?3) OR (kind = 'command' AND ?4)) ORDER BY available_at LIMIT 1";

const SELECT: &str =
    "SELECT d.*, r.workspace_id, r.input_name FROM deliveries d JOIN runs r ON r.id = d.run_id";

impl Record for DeliveryRecord {
    fn of(row: &Row<'_>) -> driver::Result<Self> {
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

/// Has this connection record a delivery of each kind with every end of a run, in the transaction of the end. All ends are an update
/// of `runs.status` (`runs/end.rs`).
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

/// What a dead process was about to deliver is due.
pub(super) fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    now: Timestamp,
) -> driver::Result<()> {
    let sql = "UPDATE deliveries SET available_at = ?2, claim_token = NULL, claim_process = NULL WHERE claim_process = ?1";
    transaction.execute(sql, params![process, now])
}

impl Store {
    /// Claims the delivery of one of these kinds that has been due longest, until the lease of the claim has passed. `None`: none is
    /// due.
    pub fn claim_delivery(
        &self,
        kinds: &[DeliveryKind],
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Option<Delivery>> {
        let asks = |kind| kinds.contains(&kind);
        let (url, command) = (asks(DeliveryKind::Url), asks(DeliveryKind::Command));
        let asked = params![now, now.plus(LONGEST_WAIT), url, command];
        // Most looks find nothing, and a look that writes nothing shuts nobody out.
        if self.row::<()>(DUE, asked)?.is_none() {
            return Ok(None);
        }
        // One statement: what another process claims at the same time is passed over.
        let take = format!(
            "UPDATE deliveries SET attempts = attempts + 1, available_at = ?5, claim_token = ?6, claim_process = ?7
             WHERE (run_id, kind) = ({DUE} /*pg FOR UPDATE SKIP LOCKED*/) RETURNING *"
        );
        self.write(|transaction| {
            let values = params![
                now,
                now.plus(LONGEST_WAIT),
                url,
                command,
                now.plus(claim.lease),
                claim.token,
                claim.process
            ];
            transaction.row(&take, values)
        })
    }

    /// It was accepted. False: the claim was lost and nothing changed.
    pub fn delivered(&self, delivery: &Delivery, claim: &Claim, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE deliveries SET status = 'delivered', delivered_at = ?4, claim_token = NULL, claim_process = NULL
             WHERE run_id = ?1 AND kind = ?2 AND status = 'waiting' AND claim_token = ?3";
        let values = params![delivery.run_id, delivery.kind, claim.token, now];
        self.changes(sql, values)
    }

    /// It was not accepted. False: the claim was lost and nothing changed.
    pub fn undelivered(
        &self,
        delivery: &Delivery,
        claim: &Claim,
        error: &str,
        outcome: Undelivered,
    ) -> Result<bool> {
        let (status, at) = match outcome {
            Undelivered::Again(at) => ("waiting", Some(at)),
            Undelivered::GivenUp => ("failed", None),
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

    /// Returns those that are wanted, of the newest run first.
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

    /// Has one told again, from the first attempt on; one that waits is due at once, and one that is told at this moment stays as it is.
    ///
    /// # Errors
    /// There is none, or the database cannot be used.
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

    /// Deletes those that wait no more and were to be told before `cutoff`.
    pub fn forget_deliveries(&self, cutoff: Timestamp) -> Result<()> {
        let sql = "DELETE FROM deliveries WHERE status <> 'waiting' AND created_at < ?1";
        self.execute(sql, [cutoff])
    }

    /// Counts them.
    pub fn count_deliveries(&self) -> Result<DeliveryCounts> {
        let sql = "SELECT count(*) FILTER (WHERE status = 'waiting') AS waiting,
             count(*) FILTER (WHERE status = 'waiting' AND last_error IS NOT NULL) AS refused,
             count(*) FILTER (WHERE status = 'failed') AS failed, min(created_at) FILTER (WHERE status = 'waiting') AS oldest FROM deliveries WHERE status <> 'delivered'";
        self.one(sql, [])
    }
}
