//! What is still to be told of runs that have ended. A row is recorded with the end itself, by every process whose settings
//! name whom to tell, and deleted when it was told.

use std::time::Duration;

use super::{Claim, Result};
use crate::base::clock::Timestamp;
use crate::settings::Settings;

/// The longest wait before the next attempt, whatever the longest backoff is: what is due later was recorded before the clock was
/// set back.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How the end of a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// When the run ended.
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

    /// It was accepted: the record goes. False: the claim was lost and nothing changed.
    fn delivered(&self, delivery: &Delivery, claim: &Claim) -> Result<bool>;

    /// It was not accepted. False: the claim was lost and nothing changed.
    fn undelivered(
        &self,
        delivery: &Delivery,
        claim: &Claim,
        error: &str,
        outcome: Undelivered,
    ) -> Result<bool>;

    /// Deletes those that were given up and of runs that ended before `cutoff`.
    fn forget_deliveries(&self, cutoff: Timestamp) -> Result<()>;

    /// Counts them.
    fn count_deliveries(&self) -> Result<DeliveryCounts>;
}
