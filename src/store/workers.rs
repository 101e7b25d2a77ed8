//! Processes that take claims, and taking back what a dead one held. Whether one is dead is found out elsewhere
//! (`src/fleet`).

use std::path::PathBuf;

use serde::Serialize;

use super::{Result, RunRecord};
use crate::clock::Timestamp;
use crate::settings::Recovery;

/// A process that takes claims: a worker, or an `ade run`.
#[derive(Clone, Debug, Serialize)]
pub struct WorkerRecord {
    /// Fresh with each start, never used again.
    pub id: String,
    /// The machine.
    pub host: String,
    /// Its process number there.
    pub pid: u32,
    /// The worker id of its first slot.
    pub name: String,
    /// `worker` or `run`.
    pub kind: String,
    /// How many runs it may execute side by side.
    pub slots: u32,
    /// The file that it holds a lock on as long as it lives.
    pub lock_path: PathBuf,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last said that it lives.
    pub seen_at: Timestamp,
}

/// The processes that are known.
pub trait Workers {
    /// Makes a process known; its claims carry its id.
    ///
    /// # Errors
    /// The database can't serve.
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()>;

    /// Records that the process was alive at `now`.
    ///
    /// # Errors
    /// The database can't serve.
    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()>;

    /// Forgets a process that has ended in order, or was found dead. While it still holds anything, it stays known and is
    /// found dead later.
    ///
    /// # Errors
    /// The database can't serve.
    fn remove_worker(&self, id: &str) -> Result<()>;

    /// All that are known, oldest first.
    ///
    /// # Errors
    /// The database can't serve.
    fn workers(&self) -> Result<Vec<WorkerRecord>>;

    /// Takes back what a dead process held: its runs as `recovery` says, its builds to the queue. Returns the runs as they
    /// are now.
    ///
    /// # Errors
    /// The database can't serve.
    fn reclaim(&self, process: &str, recovery: Recovery, now: Timestamp) -> Result<Vec<RunRecord>>;
}
