//! The record of metrics that a worker writes to its log every `ADE_WORKER_METRICS_INTERVAL`.

use crate::base::clock::Timestamp;
use crate::store::Overview;

/// The metrics of the queue, in the form of a worker's log.
#[derive(Clone, Debug, serde::Serialize)]
pub struct QueueMetrics {
    /// The time of the record.
    pub at: Timestamp,
    /// The worker that made the record.
    pub worker: String,
    /// The queue. It counts the runs that ended since the last record of this process, whichever process executed them.
    #[serde(flatten)]
    pub queue: Overview,
    /// The number of this process's attempts that went back to the queue.
    pub retried: u64,
    /// The number of claims that this process made.
    pub claims: u64,
    /// The mean time from due to claimed, in milliseconds.
    pub claim_latency_ms: Option<f64>,
    /// The longest time from due to claimed, in milliseconds.
    pub claim_latency_max_ms: Option<f64>,
}
