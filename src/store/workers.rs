//! Registered processes, and recovery of the claims of a dead one. `src/workspace/fleet.rs` finds out whether one is dead.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{BuildAttempts, Result, RunRecord};
use crate::base::clock::Timestamp;
use crate::settings::Recovery;

/// A process that claims runs or environments: a worker, an `ade run`, or another command that builds.
#[derive(Clone, Debug, Serialize)]
pub struct WorkerRecord {
    /// New with each start, never used again.
    pub id: String,
    /// The machine.
    pub host: String,
    /// Its process number there.
    pub pid: u32,
    /// The worker id of its first slot.
    pub name: String,
    /// `worker`, or `run`: a command that works itself, as `ade run` and `ade env build` do.
    pub kind: String,
    /// How many runs it may execute at the same time.
    pub slots: u32,
    /// The file on which it holds a lock as long as it lives.
    pub lock_path: PathBuf,
    /// How long its leases hold without being renewed. Processes may have different settings; each lease is judged by that of its
    /// holder.
    pub lease: Duration,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last recorded that it was alive.
    pub seen_at: Timestamp,
    /// It works for the same host as the store, so that its lock file is seen from here.
    #[serde(skip)]
    pub is_here: bool,
}

/// The registered processes.
pub trait Workers {
    /// Registers a process, unless it is registered already; its claims name its id.
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()>;

    /// Records that the process was alive at `now`.
    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()>;

    /// Deletes the record of a process that has ended or was found dead. False: it still holds a claim, so the record stays,
    /// and its death is found later.
    fn remove_worker(&self, id: &str) -> Result<bool>;

    /// Returns all of them, oldest first.
    fn workers(&self) -> Result<Vec<WorkerRecord>>;

    /// Ends the claims of a dead process: its runs are requeued or failed by `recovery`, its builds requeued, or failed where
    /// their attempts are spent. Returns the runs as they are now.
    fn reclaim(
        &self,
        process: &str,
        recovery: Recovery,
        builds: &BuildAttempts<'_>,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>>;
}
