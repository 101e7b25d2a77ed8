//! What is to be told of runs that have ended, and what was told. A row is recorded with the end itself, by every process whose
//! settings name whom to tell, and stays for some time after it was told.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Claim, Result};
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

    /// The word that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Command => "command",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Url, Self::Command]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

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

impl DeliveryStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// The word that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

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
    #[schema(required)]
    pub last_error: Option<String>,
    /// When it was to be told: at the end of the run, or when somebody asked for it again.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it is told next, or held to be lost while it is told; null: it waits no more.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub available_at: Option<Timestamp>,
    /// When it was accepted.
    #[schema(required, value_type = Option<String>, format = DateTime)]
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

/// Deliveries.
pub trait Deliveries {
    /// Claims the delivery of one of these kinds that has been due longest, until the lease of the claim has passed. `None`: none is
    /// due.
    fn claim_delivery(
        &self,
        kinds: &[DeliveryKind],
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Option<Delivery>>;

    /// It was accepted. False: the claim was lost and nothing changed.
    fn delivered(&self, delivery: &Delivery, claim: &Claim, now: Timestamp) -> Result<bool>;

    /// It was not accepted. False: the claim was lost and nothing changed.
    fn undelivered(
        &self,
        delivery: &Delivery,
        claim: &Claim,
        error: &str,
        outcome: Undelivered,
    ) -> Result<bool>;

    /// Returns those that are wanted, of the newest run first.
    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRecord>>;

    /// Has one told again, from the first attempt on; one that waits is due at once, and one that is told at this moment stays as it is.
    ///
    /// # Errors
    /// There is none, or the database cannot be used.
    fn redeliver(&self, run: &str, kind: DeliveryKind, now: Timestamp) -> Result<DeliveryRecord>;

    /// Deletes those that wait no more and were to be told before `cutoff`.
    fn forget_deliveries(&self, cutoff: Timestamp) -> Result<()>;

    /// Counts them.
    fn count_deliveries(&self) -> Result<DeliveryCounts>;
}
