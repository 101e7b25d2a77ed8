//! The queue in numbers: now, and over time.

use serde::Serialize;

use super::Result;
use crate::clock::Timestamp;

/// How full the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// Runs that wait.
    pub queued: u64,
    /// Runs under a lease.
    pub running: u64,
}

/// The queue at a glance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Runs that wait.
    pub queued: u64,
    /// How long the one that has been due longest has waited, in milliseconds.
    pub oldest_wait_ms: Option<u64>,
    /// Runs under a lease.
    pub running: u64,
    /// Environments that wait for a builder.
    pub environments_queued: u64,
    /// Environments under a builder's lease.
    pub environments_building: u64,
    /// Runs that succeeded in the window that was asked for.
    pub succeeded: u64,
    /// Runs that failed in it.
    pub failed: u64,
    /// Runs that were cancelled in it.
    pub cancelled: u64,
}

/// The queue at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct QueueMetrics {
    /// When.
    pub at: Timestamp,
    /// Who looked.
    pub worker: String,
    /// Runs that wait.
    pub queued: u64,
    /// How long the one that has been due longest has waited, in milliseconds.
    pub oldest_wait_ms: Option<u64>,
    /// Runs under a lease.
    pub running: u64,
    /// Runs that succeeded since the last look of this process.
    pub succeeded: u64,
    /// Runs that failed since then.
    pub failed: u64,
    /// Runs that were cancelled since then.
    pub cancelled: u64,
    /// Attempts that went back to the queue.
    pub retried: u64,
    /// Claims made.
    pub claims: u64,
    /// Mean time from due to claimed, in milliseconds.
    pub claim_latency_ms: Option<f64>,
    /// The longest of them.
    pub claim_latency_max_ms: Option<f64>,
}

/// The queue in numbers.
pub trait QueueStatistics {
    /// How many runs are queued and how many running.
    ///
    /// # Errors
    /// The database can't serve.
    fn queue_depth(&self) -> Result<QueueDepth>;

    /// The queue now, and what ended since then.
    ///
    /// # Errors
    /// The database can't serve.
    fn overview(&self, since: Timestamp, now: Timestamp) -> Result<Overview>;

    /// Keeps a look at the queue, and drops those from before `keep_since`.
    ///
    /// # Errors
    /// The database can't serve.
    fn record_metrics(&self, metrics: &QueueMetrics, keep_since: Timestamp) -> Result<()>;

    /// The looks since then, oldest first.
    ///
    /// # Errors
    /// The database can't serve.
    fn metrics(&self, since: Timestamp) -> Result<Vec<QueueMetrics>>;
}
