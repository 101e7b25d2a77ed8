//! The record of metrics that a worker writes to its log every `ADE_WORKER_METRICS_INTERVAL`.

use crate::base::clock::Timestamp;
use crate::store::Overview;

/// The queue's metrics, as a worker's log has them.
#[derive(Clone, Debug, serde::Serialize)]
pub struct QueueMetrics {
    /// When it was made.
    pub at: Timestamp,
    /// The worker that made it.
    pub worker: String,
    /// The queue; of the runs that ended, those since the last entry of this process, whichever process executed them.
    #[serde(flatten)]
    pub queue: Overview,
    /// Attempts of this process that went back to the queue.
    pub retried: u64,
    /// Claims made by it.
    pub claims: u64,
    /// Mean time from due to claimed, in milliseconds.
    pub claim_latency_ms: Option<f64>,
    /// The longest of them.
    pub claim_latency_max_ms: Option<f64>,
}
