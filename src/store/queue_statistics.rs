//! Figures of the queue: now, and over time.

use serde::Serialize;
use utoipa::ToSchema;

use super::Result;
use crate::base::clock::Timestamp;

/// How many runs are queued and running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// Queued runs.
    pub queued: u64,
    /// Running runs.
    pub running: u64,
}

/// An overview of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WorkspaceCounts)]
pub struct Overview {
    /// Queued runs.
    pub queued: u64,
    /// How long the queued run that has been due longest has waited, in milliseconds.
    #[schema(required)]
    pub oldest_wait_ms: Option<u64>,
    /// Queued runs that wait because the machine or the network is in trouble.
    pub in_trouble: u64,
    /// Running runs.
    pub running: u64,
    /// Queued environments.
    pub environments_queued: u64,
    /// Environments that are being built.
    pub environments_building: u64,
    /// Runs that succeeded in the window that was asked for.
    pub succeeded: u64,
    /// Runs that failed in it.
    pub failed: u64,
    /// Runs that were cancelled in it.
    pub cancelled: u64,
}

/// Figures of the queue.
pub trait QueueStatistics {
    /// Returns how many runs are queued and how many running.
    fn queue_depth(&self) -> Result<QueueDepth>;

    /// Counts the queued runs that were sent back, or whose environment was, by trouble of the machine or the network: they wait, and
    /// no attempt is spent.
    fn runs_in_trouble(&self) -> Result<u64>;

    /// Returns the queue now, and the counts of runs that ended since `since`, without those whose files were collected.
    fn overview(&self, since: Timestamp, now: Timestamp) -> Result<Overview>;
}
