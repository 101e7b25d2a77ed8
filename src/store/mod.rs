//! The queue and the records.
//!
//! [`Store`] says what the run and worker modules need; [`SqliteStore`] is it on one machine. Two promises hold whatever
//! backs it:
//!
//! - Every change of state is guarded by the state it starts from. A claim gives a fresh token, and heartbeat,
//!   completion, failure and release all demand that token: who lost a lease finds no row and changes nothing.
//! - A run's end, its attempt, its metrics, fields and columns are recorded in one transaction, replaced and never
//!   appended.

mod error;
mod fleet;
mod records;
mod schema;
mod sqlite;

use std::time::Duration;

pub use error::StoreError;
pub use fleet::{ConfigurationActivity, Fleet, Overview};
pub use records::{
    Attempt, CancelOutcome, ColumnResult, ConfigurationRecord, Ending, EnvironmentContents,
    EnvironmentKey, EnvironmentRecord, EnvironmentStatus, Failure, FieldResult, NewRun, Package,
    QueueMetrics, Recovery, Results, RunMetrics, RunOptions, RunRecord, RunStatus, WorkerRecord,
};
pub use schema::{AppliedMigration, Migrated, Migration, MigrationState, SchemaStatus, migrations};
pub use sqlite::{Opening, SqliteStore};

use crate::clock::Timestamp;

/// The outcome of every operation here.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A lease on a run or an environment.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Who holds it.
    pub worker: String,
    /// What fences it: fresh with each claim.
    pub token: String,
    /// For how long it holds without a heartbeat.
    pub lease: Duration,
    /// The process that makes it, where that is registered ([`WorkerRecord`]).
    pub process: Option<String>,
}

impl Claim {
    /// A claim with a fresh token.
    pub fn new(worker: &str, lease: Duration) -> Self {
        Self {
            worker: worker.to_owned(),
            token: uuid::Uuid::new_v4().to_string(),
            lease,
            process: None,
        }
    }

    /// The same, made by a registered process.
    #[must_use]
    pub fn by(self, process: Option<&str>) -> Self {
        Self {
            process: process.map(str::to_owned),
            ..self
        }
    }
}

/// What a heartbeat found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// The lease was renewed.
    Renewed {
        /// Somebody asked for the run to be cancelled.
        cancel_requested: bool,
    },
    /// The lease is somebody else's, or nobody's: stop, and write nothing.
    Lost,
}

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Of this workspace.
    pub workspace_id: String,
    /// In this state.
    pub status: Option<RunStatus>,
    /// Of the configuration with this id, name or folder.
    pub configuration: Option<String>,
    /// Recorded at or after this time.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
}

/// A look at the clock that the store takes itself, with the database in hand: between it and the judgement that follows
/// nobody can renew a lease, however long the store had to wait before. `None`: the clock cannot be trusted now, and nothing
/// is judged.
pub type Clock<'a> = dyn Fn() -> Option<Timestamp> + 'a;

/// The queue and the records. `now` is passed in, so that a test can hold the clock.
pub trait Store: Fleet + Send + Sync {
    /// The configuration of a folder; recorded on first sight, its name kept current.
    fn ensure_configuration(
        &self,
        workspace: &str,
        name: &str,
        path: &std::path::Path,
        now: Timestamp,
    ) -> Result<ConfigurationRecord>;
    /// The configuration of a folder, if it is known.
    fn configuration_at(
        &self,
        workspace: &str,
        path: &std::path::Path,
    ) -> Result<Option<ConfigurationRecord>>;

    /// The environment of a key; recorded as queued on first sight. `folder` is asked for its place, given its id.
    fn ensure_environment(
        &self,
        key: &EnvironmentKey,
        snapshot: &std::path::Path,
        folder: &dyn Fn(&str) -> std::path::PathBuf,
        now: Timestamp,
    ) -> Result<EnvironmentRecord>;
    /// The environment of a key.
    fn environment_of(&self, key: &EnvironmentKey) -> Result<Option<EnvironmentRecord>>;
    /// The environment of an id or of an unambiguous prefix.
    fn environment(&self, workspace: &str, id: &str) -> Result<EnvironmentRecord>;
    /// All environments of a workspace, last used first.
    fn environments(&self, workspace: &str) -> Result<Vec<EnvironmentRecord>>;
    /// Claims one environment for building. Whoever holds the lock of its builders may `take_over`: a failed one, and one
    /// whose builder is gone though its lease still holds. `None`: it is in no such state (any more).
    fn claim_environment(
        &self,
        id: &str,
        claim: &Claim,
        take_over: bool,
        now: Timestamp,
    ) -> Result<Option<EnvironmentRecord>>;
    /// The environment that has waited longest for a builder and is due.
    fn next_environment(&self, now: Timestamp) -> Result<Option<EnvironmentRecord>>;
    /// Renews a builder's lease.
    fn heartbeat_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat>;
    /// Building → ready. False: the lease was lost and nothing changed.
    fn complete_environment(
        &self,
        id: &str,
        claim: &Claim,
        contents: &EnvironmentContents,
        now: Timestamp,
    ) -> Result<bool>;
    /// Building → failed, or queued again from `retry_at` on. False: the lease was lost and nothing changed.
    fn fail_environment(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool>;
    /// Building → queued, the attempt given back: the build was cancelled.
    fn release_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<bool>;
    /// Ready → queued, to be built in `folder`: its files vanished, or somebody wants it built anew. `seen` is the
    /// environment as that was found out. False: it is no longer so, somebody has built or requeued it since.
    fn requeue_environment(
        &self,
        seen: &EnvironmentRecord,
        folder: &std::path::Path,
        snapshot: &std::path::Path,
        now: Timestamp,
    ) -> Result<bool>;
    /// Expired builders' leases: back to queued. Gives how many.
    fn expire_environment_leases(&self, clock: &Clock<'_>) -> Result<usize>;
    /// Queued and running runs that refer to an environment.
    fn live_runs_of_environment(&self, id: &str) -> Result<u64>;

    /// Records a run as queued.
    fn enqueue_run(&self, run: &NewRun, now: Timestamp) -> Result<RunRecord>;
    /// Records a run as running under a claim, its first attempt begun: what `ade run` does.
    fn insert_claimed_run(&self, run: &NewRun, claim: &Claim, now: Timestamp) -> Result<RunRecord>;
    /// Claims the oldest due run whose environment is ready.
    fn claim_next_run(&self, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>>;
    /// Renews a run's lease.
    fn heartbeat_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat>;
    /// Running → terminal, with all that was found, in one transaction. False: the lease was lost and nothing changed.
    fn finish_run(&self, id: &str, claim: &Claim, ending: &Ending, now: Timestamp) -> Result<bool>;
    /// Running → queued from `retry_at` on, or failed when attempts are spent. `None`: the lease was lost and nothing
    /// changed.
    fn retry_run(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<RunStatus>>;
    /// Running → queued at once, the attempt given back: the worker stops, or the run's environment vanished. Where
    /// somebody asked to cancel it, cancelled. `None`: the lease was lost and nothing changed.
    fn release_run(
        &self,
        id: &str,
        claim: &Claim,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<RunStatus>>;
    /// Expired leases: back to queued, or failed when attempts are spent. Gives the runs as they are now.
    fn expire_run_leases(
        &self,
        backoff: &dyn Fn(u32) -> Duration,
        clock: &Clock<'_>,
    ) -> Result<Vec<RunRecord>>;
    /// Queued runs whose environment failed for good: failed, with its reason. Gives the runs as they are now.
    fn fail_runs_of_failed_environments(&self, now: Timestamp) -> Result<Vec<RunRecord>>;
    /// Whether any run is queued or running, and when the next queued one is due.
    fn queue_depth(&self) -> Result<QueueDepth>;

    /// The run of an id, of an unambiguous prefix, or `latest`.
    fn run(&self, workspace: &str, id: &str) -> Result<RunRecord>;
    /// Runs, newest first.
    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>>;
    /// The attempts at a run, first one first.
    fn attempts(&self, run: &str) -> Result<Vec<Attempt>>;
    /// What a run found of each field, in the configuration's order.
    fn run_fields(&self, run: &str) -> Result<Vec<FieldResult>>;
    /// What became of each source column, in order.
    fn run_columns(&self, run: &str) -> Result<Vec<ColumnResult>>;
    /// The engine's completed payload as it came.
    fn run_payload(&self, run: &str) -> Result<Option<String>>;
}

/// How full the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// Runs that wait.
    pub queued: u64,
    /// Runs under a lease.
    pub running: u64,
}
