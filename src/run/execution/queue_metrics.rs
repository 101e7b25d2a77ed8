//! The record of metrics that a worker writes to its log every `ADE_WORKER_METRICS_INTERVAL`.

use crate::base::clock::Timestamp;

/// The queue's metrics, as a worker's log has them.
#[derive(Clone, Debug, serde::Serialize)]
pub struct QueueMetrics {
    /// When it was made.
    pub at: Timestamp,
    /// The worker that made it.
    pub worker: String,
    /// Queued runs.
    pub queued: u64,
    /// How long the queued run that has been due longest has waited, in milliseconds.
    pub oldest_wait_ms: Option<u64>,
    /// Running runs.
    pub running: u64,
    /// Runs that succeeded since the last entry of this process.
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
