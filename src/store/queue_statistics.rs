//! Figures of the queue: now, and over time.

use serde::Serialize;
use utoipa::ToSchema;

use super::Result;
use crate::base::clock::Timestamp;

/// An overview of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WorkspaceCounts)]
pub struct Overview {
    /// Queued runs.
    pub queued: u64,
    /// How long the queued run that has been due longest has waited, in milliseconds, without those that are paused.
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

/// What has happened since the database was made. Deleting runs takes nothing from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs that succeeded.
    pub succeeded: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Runs that were cancelled.
    pub cancelled: u64,
    /// Attempts whose process died, or whose lease expired.
    pub lost_attempts: u64,
}

/// Figures of the queue: the one reading of them.
pub trait QueueStatistics {
    /// Returns the queue of a workspace, or of all (`None`), at one moment, and the counts of runs that ended since `since`, without
    /// those whose files were collected. A run that is queued in an environment that waits for the end of trouble, or was sent
    /// back by trouble itself, is in trouble: it waits, and no attempt is spent.
    fn overview(
        &self,
        workspace: Option<&str>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Overview>;

    /// Returns how long runs of a configuration take, in milliseconds: the median of the last ones that succeeded. `None`: none has.
    fn usual_duration(&self, configuration: &str) -> Result<Option<u64>>;

    /// Returns what has happened in all workspaces.
    fn totals(&self) -> Result<Totals>;
}
