//! The part of the store that workers, collection and operators share: who is alive, who may do what only one may do, what
//! died processes left, and how the queue has been.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{
    CancelOutcome, Claim, Clock, EnvironmentRecord, Heartbeat, QueueMetrics, Result, RunRecord,
    WorkerRecord,
};
use crate::clock::Timestamp;
use crate::settings::Recovery;

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
    /// Ends in the window that was asked for.
    pub succeeded: u64,
    /// See above.
    pub failed: u64,
    /// See above.
    pub cancelled: u64,
}

/// What decides whether a configuration is active.
#[derive(Clone, Debug)]
pub struct ConfigurationActivity {
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// Its folder.
    pub path: PathBuf,
    /// Runs of its workspace use it by default.
    pub active: bool,
    /// When a run of it was recorded last.
    pub last_run_at: Option<Timestamp>,
}

/// See the module. `now` is passed in, so that a test can hold the clock.
pub trait Fleet: Send + Sync {
    /// Makes a process known; its claims carry its id.
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()>;
    /// It lives.
    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()>;
    /// It has ended in order, or was found dead. While it still holds anything, it stays known and is found dead later.
    fn remove_worker(&self, id: &str) -> Result<()>;
    /// All that are known, oldest first.
    fn workers(&self) -> Result<Vec<WorkerRecord>>;
    /// Takes back what a dead process held: its runs as `recovery` says, its builds to the queue. Gives the runs as they are
    /// now.
    fn reclaim(&self, process: &str, recovery: Recovery, now: Timestamp) -> Result<Vec<RunRecord>>;

    /// Takes or renews a lease by name. False: somebody else holds it.
    fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        token: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<bool>;
    /// Gives it up, if it is still this one's.
    fn release_lease(&self, name: &str, token: &str) -> Result<()>;

    /// Asks for a run to be cancelled. A queued one is cancelled at once.
    fn request_cancel(&self, run: &str, now: Timestamp) -> Result<CancelOutcome>;
    /// Looks at a claim without renewing it: whether it still holds, and whether somebody asked to cancel.
    fn watch_run(&self, run: &str, claim: &Claim) -> Result<Heartbeat>;
    /// Ends that were recorded longer than `patience` ago and have not been told in their logs; where the clock went back
    /// since, those that seem to lie ahead.
    fn untold_ends(&self, patience: Duration, now: Timestamp) -> Result<Vec<RunRecord>>;
    /// An end was told.
    fn mark_end_told(&self, run: &str) -> Result<()>;
    /// Queued runs that have no environment.
    fn runs_without_environment(&self, limit: u32) -> Result<Vec<RunRecord>>;
    /// Gives such a run its environment.
    fn set_run_environment(&self, run: &str, environment: &str) -> Result<()>;
    /// The runs that wait for one environment wait for another from now on, and the former's record goes, where nothing is
    /// in it yet: its engine cannot be had here.
    fn move_waiting_runs(&self, from: &str, to: &EnvironmentRecord, now: Timestamp) -> Result<()>;
    /// After a clock has gone back, what waits would wait for what it was before. Whatever is due only after
    /// `longest_wait` is due now, and whatever lease holds for longer than `longest_lease` holds for that. Gives how many.
    fn mend_times(
        &self,
        longest_wait: Duration,
        longest_lease: Duration,
        clock: &Clock<'_>,
    ) -> Result<usize>;

    /// Deletes the record of a run that has ended. False: it has not.
    fn delete_run(&self, run: &str) -> Result<bool>;
    /// Runs that ended before `cutoff` and still have their files.
    fn runs_with_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>>;
    /// The files of such a run are about to go. False: they must stay.
    fn mark_artifacts_deleted(&self, run: &str, cutoff: Timestamp, now: Timestamp) -> Result<bool>;
    /// Whether a run of that id is recorded.
    fn run_exists(&self, run: &str) -> Result<bool>;
    /// The environments of all workspaces.
    fn all_environments(&self) -> Result<Vec<EnvironmentRecord>>;
    /// What decides whether configurations are active.
    fn configuration_activity(&self) -> Result<Vec<ConfigurationActivity>>;
    /// Deletes the record of an environment that is ready or failed, that no queued or running run needs, and that was last
    /// used (or changed) before `cold_since`, where that is given. False: it must stay.
    fn take_environment(&self, id: &str, cold_since: Option<Timestamp>) -> Result<bool>;

    /// Keeps a look at the queue, and drops those from before `keep_since`.
    fn record_metrics(&self, metrics: &QueueMetrics, keep_since: Timestamp) -> Result<()>;
    /// The looks since then, oldest first.
    fn metrics(&self, since: Timestamp) -> Result<Vec<QueueMetrics>>;
    /// The queue now, and what ended since then.
    fn overview(&self, since: Timestamp, now: Timestamp) -> Result<Overview>;
}
