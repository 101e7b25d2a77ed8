//! What the store keeps, as values: configurations, environments, runs and what became of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// Where an environment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentStatus {
    /// Waits for a builder.
    Queued,
    /// A builder holds its lease.
    Building,
    /// Runs can use it.
    Ready,
    /// It could not be provisioned.
    Failed,
}

impl EnvironmentStatus {
    /// The word that the database, the CLI and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Building => "building",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    /// The status of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Queued, Self::Building, Self::Ready, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Why a run or an environment failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable word, listed in docs/errors.md.
    pub code: String,
    /// In which stage: a hook's name, `environment`, `engine`, `unknown`.
    pub stage: Option<String>,
    /// What happened, and where.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// A configuration that the workspace knows.
#[derive(Clone, Debug)]
pub struct ConfigurationRecord {
    /// UUIDv7.
    pub id: String,
    /// The workspace.
    pub workspace_id: String,
    /// Its project's name.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
}

/// What makes an environment the one that a run needs. Unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentKey {
    /// The workspace.
    pub workspace_id: String,
    /// The configuration.
    pub configuration_id: String,
    /// The engine: `embedded`, or what `ADE_ENGINE_SPEC` says.
    pub engine_spec: String,
    /// The digest of all that its contents depend on, 64 hexadecimal digits.
    pub deps_digest: String,
}

/// An environment.
#[derive(Clone, Debug)]
pub struct EnvironmentRecord {
    /// UUIDv7.
    pub id: String,
    /// Its key.
    pub key: EnvironmentKey,
    /// The configuration's name.
    pub configuration_name: String,
    /// The configuration's folder.
    pub configuration_path: PathBuf,
    /// Where it stands.
    pub status: EnvironmentStatus,
    /// Its own folder.
    pub folder: PathBuf,
    /// The configuration's files that it is provisioned from.
    pub snapshot: PathBuf,
    /// Who builds it.
    pub claimed_by: Option<String>,
    /// Until when its builder's lease holds.
    pub claim_expires_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempt_count: u32,
    /// When it may be tried next.
    pub available_at: Timestamp,
    /// Why it failed.
    pub error: Option<Failure>,
    /// What is in it, once ready.
    pub contents: Option<EnvironmentContents>,
    /// When it became known.
    pub created_at: Timestamp,
    /// When anything about it changed.
    pub updated_at: Timestamp,
    /// When it became ready.
    pub ready_at: Option<Timestamp>,
    /// When a run used it last.
    pub last_used_at: Option<Timestamp>,
}

/// What is in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentContents {
    /// `3.11.7`
    pub python_version: String,
    /// The Python that it was made from.
    pub python_path: PathBuf,
    /// The engine's version.
    pub engine_version: String,
    /// What installed it: `uv 0.13.8`, `pip 23.2.1`.
    pub installer: String,
    /// What is installed, by name.
    pub packages: Vec<Package>,
    /// SHA-256 over the packages with their versions.
    pub lock_digest: String,
    /// Its size on disk.
    pub size_bytes: u64,
}

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
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
    /// The process that holds the claim, see [`WorkerRecord`].
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

/// The numbers that a person asks for first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunMetrics {
    /// Sheets processed.
    pub sheets: u64,
    /// Tables found.
    pub tables: u64,
    /// Source data rows.
    pub rows: u64,
    /// Source columns.
    pub columns: u64,
    /// Fields found.
    pub mapped_fields: u64,
    /// Columns that no field claimed.
    pub unmapped_columns: u64,
    /// Validation findings.
    pub issues: u64,
    /// Fields that the configuration defines.
    #[serde(skip)]
    pub expected_fields: u64,
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

/// What a run found, derived from the engine's completed payload.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Columns of `run_metrics` by name.
    pub metrics: Vec<(&'static str, Value)>,
    /// Rows of `run_fields`.
    pub fields: Vec<FieldResult>,
    /// Rows of `run_table_columns`.
    pub columns: Vec<ColumnResult>,
    /// The payload as it came.
    pub payload: String,
}

/// What became of one field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldResult {
    /// Its name.
    pub field: String,
    /// Its label.
    pub label: Option<String>,
    /// Whether a column or a hook supplied it.
    pub detected: bool,
    /// The best score that a column had for it.
    pub best_mapping_score: Option<f64>,
    /// Cells that are filled and without an issue.
    pub valid_cells: Option<u64>,
    /// In how many tables it was found.
    pub occurrences_tables: u64,
    /// In how many columns it was found.
    pub occurrences_columns: u64,
}

/// What became of one source column.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnResult {
    /// Positions, from 0.
    pub workbook_index: u64,
    /// See above.
    pub sheet_index: u64,
    /// See above.
    pub table_index: u64,
    /// See above.
    pub column_index: u64,
    /// The input's name.
    pub workbook_name: String,
    /// The sheet's title.
    pub sheet_name: String,
    /// The header as it stands in the sheet.
    pub header_raw: Option<String>,
    /// The header as a word.
    pub header_normalized: Option<String>,
    /// Cells with a value.
    pub non_empty_cells: u64,
    /// Cells that are filled and without an issue; mapped columns only.
    pub valid_cells: Option<u64>,
    /// `mapped` or `unmapped`.
    pub mapping_status: String,
    /// The field.
    pub mapped_field: Option<String>,
    /// Its score.
    pub mapping_score: Option<f64>,
    /// How it was mapped.
    pub mapping_method: Option<String>,
    /// Why it was not.
    pub unmapped_reason: Option<String>,
}

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
    /// Ends since the last look of this process.
    pub succeeded: u64,
    /// See above.
    pub failed: u64,
    /// See above.
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

/// What becomes of a run whose process died under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Back to the queue at once, or failed when attempts are spent.
    Requeue,
    /// Failed, for an operator to retry.
    Fail,
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
    pub results: Option<Results>,
    /// The most memory that the engine had, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The processor time that the engine took.
    pub cpu_seconds: Option<f64>,
    /// How long its process lived, in seconds.
    pub engine_seconds: Option<f64>,
}
