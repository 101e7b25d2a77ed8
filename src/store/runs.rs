//! Runs: queued → running → succeeded | failed | cancelled, under leases.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Claim, Clock, EnvironmentKey, Failure, Heartbeat, Result, RunMetrics, RunResults};
use crate::clock::Timestamp;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Waits for its environment, its time or a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Done, with a normalized workbook where one was asked for.
    Succeeded,
    /// Done, without.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

impl RunStatus {
    /// All of them, in the order of a run's life.
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word that the database, the CLI and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of a word; `canceled` is read as `cancelled`.
    pub fn parse(word: &str) -> Option<Self> {
        let word = if word == "canceled" {
            "cancelled"
        } else {
            word
        };
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether nothing more happens to the run.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// How a run is to be done, beside its configuration and input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOptions {
    /// Only the sheet that was active when the workbook was saved.
    pub active_sheet_only: bool,
    /// Load and check the configuration, process nothing.
    pub validate_only: bool,
    /// Record the run, start no engine.
    pub dry_run: bool,
    /// The wall-clock limit in seconds.
    pub timeout_seconds: Option<f64>,
}

/// A run about to be recorded.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// UUIDv7.
    pub id: String,
    /// The environment that it needs.
    pub key: EnvironmentKey,
    /// That environment's id.
    pub environment_id: String,
    /// The stored input; none where `ade run` stages it straight from its place.
    pub document_id: Option<String>,
    /// The configuration's files.
    pub source_digest: String,
    /// The read-only copy of them.
    pub snapshot: PathBuf,
    /// The input's file name.
    pub input_name: String,
    /// Where its bytes are.
    pub input_path: PathBuf,
    /// Their SHA-256.
    pub input_sha256: String,
    /// How many they are.
    pub input_size_bytes: u64,
    /// The sheets to process; `None`: all visible ones.
    pub input_sheets: Option<Vec<String>>,
    /// How to do it.
    pub options: RunOptions,
    /// How often it may be tried.
    pub max_attempts: u32,
    /// Its folder.
    pub run_dir: PathBuf,
    /// The run that it repeats.
    pub retry_of_run_id: Option<String>,
}

/// A run.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// UUIDv7.
    pub id: String,
    /// The environment that it needs.
    pub key: EnvironmentKey,
    /// That environment's id, while it exists.
    pub environment_id: Option<String>,
    /// The stored input.
    pub document_id: Option<String>,
    /// The run that this one repeats.
    pub retry_of_run_id: Option<String>,
    /// The configuration's name.
    pub configuration_name: String,
    /// The configuration's folder.
    pub configuration_path: PathBuf,
    /// The configuration's files.
    pub source_digest: String,
    /// The read-only copy of them.
    pub snapshot: PathBuf,
    /// The input's file name.
    pub input_name: String,
    /// Where its bytes are staged from.
    pub input_path: PathBuf,
    /// Their SHA-256.
    pub input_sha256: String,
    /// How many they are.
    pub input_size_bytes: u64,
    /// The sheets to process; `None`: all visible ones.
    pub input_sheets: Option<Vec<String>>,
    /// How to do it.
    pub options: RunOptions,
    /// Where it stands.
    pub status: RunStatus,
    /// Claims so far.
    pub attempt_count: u32,
    /// Claims at most.
    pub max_attempts: u32,
    /// When it may be claimed.
    pub available_at: Timestamp,
    /// Who runs it.
    pub claimed_by: Option<String>,
    /// Until when that one's lease holds.
    pub claim_expires_at: Option<Timestamp>,
    /// The process that holds the claim, see [`WorkerRecord`](super::WorkerRecord).
    pub claim_process: Option<String>,
    /// When somebody asked for it to be cancelled.
    pub cancel_requested_at: Option<Timestamp>,
    /// When its files were collected; the record stays.
    pub artifacts_deleted_at: Option<Timestamp>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it was claimed first.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// The engine's exit code.
    pub exit_code: Option<i32>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// One sentence where there is more to say than the status.
    pub summary: Option<String>,
    /// The normalized workbook.
    pub output_path: Option<PathBuf>,
    /// Its folder.
    pub run_dir: PathBuf,
    /// The short form of its metrics.
    pub metrics: Option<RunMetrics>,
}

impl RunRecord {
    /// Milliseconds from first claim to end.
    pub fn duration_ms(&self) -> Option<u64> {
        Some(self.completed_at?.since(self.started_at?))
    }
}

/// One attempt at a run.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// From 1.
    pub attempt: u32,
    /// Who tried.
    pub worker: String,
    /// When the claim was made.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// `succeeded`, `failed`, `cancelled`, `retried`, `lost`, `released`.
    pub outcome: Option<String>,
    /// The engine's exit code.
    pub exit_code: Option<i32>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// The most memory that the engine had, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The processor time that the engine took.
    pub cpu_seconds: Option<f64>,
}

/// How an attempt ended, for the record.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Terminal.
    pub status: RunStatus,
    /// The engine's exit code.
    pub exit_code: Option<i32>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// One sentence where there is more to say than the status.
    pub summary: Option<String>,
    /// The normalized workbook.
    pub output_path: Option<PathBuf>,
    /// What was found.
    pub results: Option<RunResults>,
    /// The most memory that the engine had, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The processor time that the engine took.
    pub cpu_seconds: Option<f64>,
    /// How long its process lived, in seconds.
    pub engine_seconds: Option<f64>,
}

/// What became of a request to cancel.
#[derive(Clone, Debug)]
pub enum CancelOutcome {
    /// It waited, and is cancelled now.
    Cancelled(Box<RunRecord>),
    /// It runs; its worker has been asked. Asking twice is asking once.
    Requested(Box<RunRecord>),
    /// It had ended already.
    Ended(Box<RunRecord>),
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

/// The runs: the queue itself, and the records of those that ended.
pub trait Runs {
    /// Records a run as queued.
    ///
    /// # Errors
    /// The database can't serve.
    fn enqueue_run(&self, run: &NewRun, now: Timestamp) -> Result<RunRecord>;

    /// Records a run as running under a claim, its first attempt begun: what `ade run` does.
    ///
    /// # Errors
    /// The database can't serve.
    fn insert_claimed_run(&self, run: &NewRun, claim: &Claim, now: Timestamp) -> Result<RunRecord>;

    /// Claims one run that is queued and due, whatever its environment: whoever claims it provides that. `None`: it is not
    /// (any more).
    ///
    /// # Errors
    /// The database can't serve.
    fn claim_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>>;

    /// Claims the oldest due run whose environment is ready.
    ///
    /// # Errors
    /// The database can't serve.
    fn claim_next_run(&self, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>>;

    /// Renews a run's lease.
    ///
    /// # Errors
    /// The database can't serve.
    fn heartbeat_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat>;

    /// Looks at a claim without renewing it: whether it still holds, and whether somebody asked to cancel.
    ///
    /// # Errors
    /// The database can't serve.
    fn watch_run(&self, run: &str, claim: &Claim) -> Result<Heartbeat>;

    /// Running → terminal, with all that was found, in one transaction. False: the lease was lost and nothing changed.
    ///
    /// # Errors
    /// The database can't serve.
    fn finish_run(&self, id: &str, claim: &Claim, ending: &Ending, now: Timestamp) -> Result<bool>;

    /// Running → queued from `retry_at` on, or failed when attempts are spent. `None`: the lease was lost and nothing
    /// changed.
    ///
    /// # Errors
    /// The database can't serve.
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
    ///
    /// # Errors
    /// The database can't serve.
    fn release_run(
        &self,
        id: &str,
        claim: &Claim,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<RunStatus>>;

    /// Expired leases: back to queued, or failed when attempts are spent. `backoff` is the wait after so many attempts.
    /// Returns the runs as they are now.
    ///
    /// # Errors
    /// The database can't serve.
    fn expire_run_leases(
        &self,
        backoff: &dyn Fn(u32) -> Duration,
        clock: &Clock<'_>,
    ) -> Result<Vec<RunRecord>>;

    /// Asks for a run to be cancelled. A queued one is cancelled at once.
    ///
    /// # Errors
    /// There is no such run, or the database can't serve.
    fn request_cancel(&self, run: &str, now: Timestamp) -> Result<CancelOutcome>;

    /// Queued runs whose environment failed for good: failed, with its reason. Returns the runs as they are now.
    ///
    /// # Errors
    /// The database can't serve.
    fn fail_runs_of_failed_environments(&self, now: Timestamp) -> Result<Vec<RunRecord>>;

    /// Queued runs that have no environment.
    ///
    /// # Errors
    /// The database can't serve.
    fn runs_without_environment(&self, limit: u32) -> Result<Vec<RunRecord>>;

    /// Gives such a run its environment. Where that is gone again, the run stays without.
    ///
    /// # Errors
    /// The database can't serve.
    fn set_run_environment(&self, run: &str, environment: &str) -> Result<()>;

    /// Ends that were recorded longer than `patience` ago and are not reported in their runs' logs yet; where the clock went
    /// back since, those that seem to lie ahead.
    ///
    /// # Errors
    /// The database can't serve.
    fn unreported_ends(&self, patience: Duration, now: Timestamp) -> Result<Vec<RunRecord>>;

    /// An end was reported in its run's log.
    ///
    /// # Errors
    /// The database can't serve.
    fn mark_end_reported(&self, run: &str) -> Result<()>;

    /// The run of an id, of an unambiguous prefix, or `latest`.
    ///
    /// # Errors
    /// There is none, there are several, or the database can't serve.
    fn run(&self, workspace: &str, id: &str) -> Result<RunRecord>;

    /// Runs, newest first.
    ///
    /// # Errors
    /// The database can't serve.
    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>>;

    /// The attempts at a run, first one first.
    ///
    /// # Errors
    /// The database can't serve.
    fn attempts(&self, run: &str) -> Result<Vec<Attempt>>;

    /// Whether a run of that id is recorded.
    ///
    /// # Errors
    /// The database can't serve.
    fn run_exists(&self, run: &str) -> Result<bool>;

    /// Runs that ended before `cutoff` and still have their files, at most `limit`, those that ended first.
    ///
    /// # Errors
    /// The database can't serve.
    fn runs_with_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>>;

    /// The files of such a run are about to be deleted. False: they must stay.
    ///
    /// # Errors
    /// The database can't serve.
    fn mark_artifacts_deleted(&self, run: &str, cutoff: Timestamp, now: Timestamp) -> Result<bool>;

    /// Deletes the record of a run that has ended. False: it has not.
    ///
    /// # Errors
    /// The database can't serve.
    fn delete_run(&self, run: &str) -> Result<bool>;
}
