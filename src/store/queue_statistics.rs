//! Figures of the queue: now, and over time.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Result, RunStatus};
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

/// The upper limits of the classes in which times of runs are counted, in milliseconds; a last class has none.
pub const LIMITS: [u64; 12] = [
    100, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000,
];

/// How many runs of a configuration somebody has in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCount {
    /// The configuration's id.
    pub configuration_id: String,
    /// The submitter's key; empty: an older `ade` did not record it.
    pub submitter: String,
    /// Those that wait.
    pub queued: u64,
    /// Those that are being executed.
    pub running: u64,
}

/// What has ended of a configuration or of a submitter since it has been counted so, with one class of waits and one of durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedCount {
    /// `configuration` and its id, or `submitter` and its key.
    pub subject: String,
    /// How.
    pub status: RunStatus,
    /// The place in [`LIMITS`] of the time from the record to the first claim, or their number. `None`: it was never claimed.
    pub waited: Option<usize>,
    /// The same of how long the last attempt took.
    pub took: Option<usize>,
    /// How many runs.
    pub runs: u64,
    /// The sum of their waits, in milliseconds.
    pub waited_ms: u64,
    /// The sum of how long they took.
    pub took_ms: u64,
}

/// How many bytes of documents somebody has in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBytes {
    /// The workspace.
    pub workspace_id: String,
    /// The submitter's key; empty: an older `ade` did not record it.
    pub submitter: String,
    /// The bytes.
    pub bytes: u64,
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

    /// Returns the queue of all workspaces by configuration and submitter.
    fn live_counts(&self) -> Result<Vec<LiveCount>>;

    /// Returns what has ended by configuration, and by submitter.
    fn ended_counts(&self) -> Result<Vec<EndedCount>>;

    /// Returns what is stored by workspace and submitter.
    fn stored_bytes(&self) -> Result<Vec<StoredBytes>>;
}
