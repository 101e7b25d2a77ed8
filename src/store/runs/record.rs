//! Runs: queued → running → succeeded | failed | cancelled, under leases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::clock::Timestamp;
use crate::store::driver::words;
use crate::store::{Demands, EnvironmentKey, Failure, Limits, Over, RunMetrics, RunResults};
use crate::system::machine::Machine;

/// The status of a run. A job, which is the same run under an older name, says `success` for `succeeded`, and `error` for `failed` and
/// `cancelled`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Status)]
pub enum RunStatus {
    /// It waits for its environment, for the time when it is due, or for a worker.
    #[default]
    Queued,
    /// It is being executed: a worker holds its lease.
    Running,
    /// It succeeded, with a normalized workbook where one was asked for.
    Succeeded,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

words!(RunStatus {
    Queued = "queued",
    Running = "running",
    Succeeded = "succeeded",
    Failed = "failed",
    Cancelled = "cancelled" | "canceled",
});

impl RunStatus {
    /// The final ones.
    pub const ENDED: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Cancelled];

    /// Whether the status is final.
    pub fn is_terminal(self) -> bool {
        Self::ENDED.contains(&self)
    }
}

/// Which runs are claimed before others.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before all others.
    High,
    /// As usual.
    #[default]
    Normal,
    /// After all others.
    Low,
}

words!(Priority { High = "high", Normal = "normal", Low = "low" });

impl Priority {
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

/// By which way a run was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubmitterKind {
    /// A user of the operating system, by a command.
    User,
    /// A token, over HTTP.
    Token,
}

/// Who submitted a run. Runs are claimed in turns of those who did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Submitter {
    /// A user or a token.
    pub kind: SubmitterKind,
    /// The number of the user, or the id of the token.
    pub id: String,
    /// What it is called.
    pub name: String,
}

impl Submitter {
    /// The user that this process belongs to.
    pub fn of_machine(machine: &dyn Machine) -> Self {
        let (id, name) = machine.user();
        Self {
            kind: SubmitterKind::User,
            id,
            name,
        }
    }

    /// What tells it from all others.
    pub fn key(&self) -> String {
        format!("{} {}", self.word(), self.id)
    }

    fn word(&self) -> &'static str {
        match self.kind {
            SubmitterKind::User => "user",
            SubmitterKind::Token => "token",
        }
    }
}

impl std::fmt::Display for Submitter {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} {}", self.word(), self.name)
    }
}

/// The summary of a run that was submitted in safe mode.
pub const SKIPPED: &str = "Safe mode skip";

/// The options of a run, beside its configuration and input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOptions {
    /// Only the sheet that was active when the workbook was saved.
    pub active_sheet_only: bool,
    /// Load and check the configuration, process nothing.
    pub validate_only: bool,
    /// Record the run, start no engine.
    pub dry_run: bool,
    /// Execute nothing: the operator has switched safe mode on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub safe_mode: bool,
    /// The wall-clock limit in seconds.
    pub timeout_seconds: Option<f64>,
    /// Ask for a network; the operator decides.
    #[serde(
        rename = "runtime_network_access",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub network: bool,
    /// The least severe events that the engine sends; `None`: by the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// What the caller says of single sheets, by their titles.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sheets: BTreeMap<String, SheetChoice>,
    /// The engine's settings that the caller gives, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// The engine's settings in the environment of the process that recorded the run, by the names of the variables. `None`: an
    /// older `ade` recorded it, and those of the process that executes it hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_variables: Option<BTreeMap<String, String>>,
    /// What the caller calls the run by, key by key. It decides nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The published version of the configuration that it uses; `None`: the files of a folder as they were, or an older `ade`
    /// recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_version: Option<u32>,
    /// Whether it is claimed before others.
    #[serde(skip_serializing_if = "Priority::is_normal")]
    pub priority: Priority,
    /// Who submitted it; `None`: an older `ade` did not record it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<Submitter>,
    /// Where the file lay that its input was copied from, with links resolved. `None`: the input is a stored document, or an older
    /// `ade` did not record it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_place: Option<String>,
    /// What is asked of the run beyond that it succeeds; older versions of `ade` did not record it.
    #[serde(skip_serializing_if = "Demands::is_empty")]
    pub demands: Demands,
}

/// What a caller says of one sheet, in the words of the engine's setting `sheets`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SheetChoice {
    /// The rows of its header, from 1; empty where it has none, `None` where the engine is to find them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_rows: Option<Vec<u32>>,
    /// Where its table lies, such as `B3:H90`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
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
    /// The digest of the configuration's files.
    pub source_digest: String,
    /// The read-only copy of them.
    pub snapshot: PathBuf,
    /// The input's file name.
    pub input_name: String,
    /// The path of the input.
    pub input_path: PathBuf,
    /// The input's SHA-256.
    pub input_sha256: String,
    /// The input's size in bytes.
    pub input_size_bytes: u64,
    /// The sheets to process; `None`: all visible ones.
    pub input_sheets: Option<Vec<String>>,
    /// Its options.
    pub options: RunOptions,
    /// The largest number of attempts.
    pub max_attempts: u32,
    /// Its folder.
    pub run_dir: PathBuf,
    /// The run that it retries.
    pub retry_of_run_id: Option<String>,
    /// How many runs of its submitter and of its workspace may wait, this one among them.
    pub limits: Limits,
}

/// A run.
#[derive(Clone, Debug, Default)]
pub struct RunRecord {
    /// UUIDv7.
    pub id: String,
    /// The environment that it needs.
    pub key: EnvironmentKey,
    /// That environment's id. None while it has to be recorded anew; of a run that has ended, it may be deleted since.
    pub environment_id: Option<String>,
    /// The stored input.
    pub document_id: Option<String>,
    /// The run that this one retries.
    pub retry_of_run_id: Option<String>,
    /// The configuration's name.
    pub configuration_name: String,
    /// The configuration's folder.
    pub configuration_path: PathBuf,
    /// The digest of the configuration's files.
    pub source_digest: String,
    /// The read-only copy of them.
    pub snapshot: PathBuf,
    /// The input's file name.
    pub input_name: String,
    /// The path that the input is staged from.
    pub input_path: PathBuf,
    /// The input's SHA-256.
    pub input_sha256: String,
    /// The input's size in bytes.
    pub input_size_bytes: u64,
    /// The sheets to process; `None`: all visible ones.
    pub input_sheets: Option<Vec<String>>,
    /// Its options.
    pub options: RunOptions,
    /// Its status.
    pub status: RunStatus,
    /// Attempts so far.
    pub attempt_count: u32,
    /// The largest number of attempts.
    pub max_attempts: u32,
    /// How often in a row trouble of the machine or the network sent it back to the queue.
    pub trouble_count: u32,
    /// When it may be claimed, while it is queued.
    pub available_at: Timestamp,
    /// The worker that executes it.
    pub claimed_by: Option<String>,
    /// When that worker's lease expires.
    pub claim_expires_at: Option<Timestamp>,
    /// The process that holds the claim, see [`WorkerRecord`](crate::store::workers::WorkerRecord).
    pub claim_process: Option<String>,
    /// When its cancellation was requested.
    pub cancel_requested_at: Option<Timestamp>,
    /// When its files were collected; the record stays.
    pub artifacts_deleted_at: Option<Timestamp>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it was claimed first.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// How long its last attempt took, in milliseconds, once the run has ended.
    pub took_ms: Option<u64>,
    /// The engine's exit code.
    pub exit_code: Option<i32>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// One sentence, if there is more to report than status, error and metrics (`run::summary` makes one of these).
    pub summary: Option<String>,
    /// The normalized workbook.
    pub output_path: Option<PathBuf>,
    /// Its folder.
    pub run_dir: PathBuf,
    /// The token of the claim under which its last attempt ended it; `None`: it has not ended, or ended without one.
    pub ended_token: Option<String>,
    /// The summary of its metrics.
    pub metrics: Option<RunMetrics>,
}

impl RunRecord {
    /// Why it succeeded without having executed anything: `safe_mode`. `None`: it executed something, or did not succeed.
    pub fn skipped_reason(&self) -> Option<&'static str> {
        (self.status == RunStatus::Succeeded && self.options.safe_mode).then_some("safe_mode")
    }

    /// How long the attempt took that ended, in milliseconds: without those before it, and the waits between them.
    pub fn duration_ms(&self) -> Option<u64> {
        self.took_ms
    }
}

/// One attempt at a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attempt {
    /// From 1.
    pub attempt: u32,
    /// The worker that made it. Null with a token for some workspaces.
    pub worker: Option<String>,
    /// When the claim was made.
    pub started_at: Timestamp,
    /// When it ended; null: it goes on.
    pub completed_at: Option<Timestamp>,
    /// `succeeded`, `failed`, `cancelled`; `retried`: another attempt is made; `lost`: its worker was not heard of any more;
    /// `released`: it was given back, and does not count. Null: it goes on.
    pub outcome: Option<String>,
    /// The engine's exit code.
    pub exit_code: Option<i32>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// The engine's peak memory in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The engine's processor time.
    pub cpu_seconds: Option<f64>,
}

/// What an attempt used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    /// The engine's exit code.
    pub exit_code: Option<i32>,
    /// Its peak memory in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Its processor time.
    pub cpu_seconds: Option<f64>,
}

impl Used {
    /// What an attempt used that came to an end.
    pub fn of(ending: &Ending) -> Self {
        Self {
            exit_code: ending.exit_code,
            peak_memory_bytes: ending.peak_memory_bytes,
            cpu_seconds: ending.cpu_seconds,
        }
    }
}

/// How an attempt ended, to be recorded.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// The final status.
    pub status: RunStatus,
    /// The engine's exit code.
    pub exit_code: Option<i32>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// One sentence, where there is more to report than the status.
    pub summary: Option<String>,
    /// The normalized workbook.
    pub output_path: Option<PathBuf>,
    /// The results.
    pub results: Option<RunResults>,
    /// The engine's peak memory in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The engine's processor time.
    pub cpu_seconds: Option<f64>,
    /// How long its process ran, in seconds.
    pub engine_seconds: Option<f64>,
}

impl Ending {
    /// An end with this status, of which nothing more is known.
    pub fn of(status: RunStatus) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }
}

/// The result of a request to cancel.
#[derive(Clone, Debug)]
pub enum CancelOutcome {
    /// It was queued, and is cancelled now.
    Cancelled(Box<RunRecord>),
    /// It is running; its worker will stop it. A second request changes nothing.
    Requested(Box<RunRecord>),
    /// It had ended already.
    Ended(Box<RunRecord>),
}

/// A file, as the input of runs: they are its own that read these bytes, or whose input lay in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputFile {
    /// The SHA-256 of its bytes; `None`: it is not there any more.
    pub sha256: Option<String>,
    /// Where it lies, or lay, with links resolved.
    pub place: String,
}

impl InputFile {
    /// Whether a run read the same bytes.
    pub fn has_bytes_of(&self, run: &RunRecord) -> bool {
        self.sha256.as_deref() == Some(&run.input_sha256)
    }

    /// Whether the input of a run lay in the same place.
    pub fn has_place_of(&self, run: &RunRecord) -> bool {
        run.options.input_place.as_ref() == Some(&self.place)
    }
}

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Those of this workspace.
    pub workspace_id: String,
    /// Those with one of these statuses; empty: with any.
    pub statuses: Vec<RunStatus>,
    /// Those of the configuration with this id, name or folder.
    pub configuration: Option<String>,
    /// Those of the input with this file name.
    pub input: Option<String>,
    /// Those of this one file alone, whose name `input` is.
    pub file: Option<InputFile>,
    /// Those recorded at or after this time.
    pub since: Option<Timestamp>,
    /// Those recorded before this time.
    pub before: Option<Timestamp>,
    /// Those that have this text, in whatever case, in the name of their input or configuration or in a label, or whose id ends
    /// with it.
    pub text: Option<String>,
    /// Those that found issues in their input; or those that looked and found none.
    pub has_issues: Option<bool>,
    /// Those that found no column for some of their fields; or those that looked and found all.
    pub fields_missing: Option<bool>,
    /// Those that have all of these labels.
    pub labels: BTreeMap<String, String>,
    /// None of those with these ids.
    pub without: BTreeSet<String>,
    /// Those that a list shows behind the run with this id: the next page.
    pub behind: Option<String>,
    /// The largest number to return.
    pub limit: u32,
    /// The largest number to look at where text, issues or labels are asked for, which no index knows; `None`: all.
    pub look_at: Option<u32>,
}

/// Runs that were found, newest first.
#[derive(Clone, Debug, Default)]
pub struct FoundRuns {
    /// The runs.
    pub runs: Vec<RunRecord>,
    /// Where so many were looked at as may be, and there are more: the last one that was. A list goes on behind it.
    pub looked_to: Option<String>,
}

/// How many runs there are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunCounts {
    /// Those that wait.
    pub queued: u64,
    /// Those that are being executed.
    pub running: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were cancelled.
    pub cancelled: u64,
    /// Those that found issues in their input, whatever the filter says of that and of missing fields.
    pub with_issues: u64,
    /// Those that found no column for some of their fields, likewise.
    pub fields_missing: u64,
    /// False: there are more than were counted, of a status that says 10000, or, with text, labels or issues asked for, of any.
    pub is_whole: bool,
}

impl RunCounts {
    /// The count of a status.
    pub fn of(&mut self, status: RunStatus) -> &mut u64 {
        match status {
            RunStatus::Queued => &mut self.queued,
            RunStatus::Running => &mut self.running,
            RunStatus::Succeeded => &mut self.succeeded,
            RunStatus::Failed => &mut self.failed,
            RunStatus::Cancelled => &mut self.cancelled,
        }
    }
}

/// What a queued run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitsFor {
    /// A worker with a free slot.
    Slot,
    /// The end of another run of its configuration, submitter or workspace, of which no more may be executed at once.
    Limit,
    /// Its environment.
    Environment,
    /// The time of its next attempt.
    Retry,
    /// The end of a pause.
    Pause,
}

/// The place of a run in the queue. Places are in the order in which runs are claimed: those first that may be claimed now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QueuePlace {
    /// What it waits for.
    pub waits_for: WaitsFor,
    /// Its priority: 0 is high.
    pub priority: i64,
    /// Which one it is of those that its submitter has waiting for a slot; otherwise zero.
    pub round: u64,
    /// The turn of its submitter, likewise.
    pub turn: i64,
    /// When it may be claimed.
    pub available_at: i64,
    /// When it was recorded.
    pub created_at: i64,
    /// Its id.
    pub run_id: String,
}

/// A run that waits.
#[derive(Clone, Debug)]
pub struct WaitingRun {
    /// The run.
    pub run: RunRecord,
    /// Its place.
    pub place: QueuePlace,
    /// Which one it is of all that wait, whatever their workspaces, from 1.
    pub position: u64,
}

/// From when on a run is tried again, and whether its attempt is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The attempt is spent: the run itself may have caused its failure.
    Counted(Timestamp),
    /// The attempt is not spent: the machine or the network is in trouble.
    Free(Timestamp),
}

/// What a client asks of the queue beside its run.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// The largest number of queued runs that came by HTTP with which one more is accepted. `None`: any number.
    pub most_queued: Option<u64>,
    /// The client's key for this request, and the digest of what is asked for: the same key with the same digest is the same
    /// request again.
    pub key: Option<(String, String)>,
}

/// What became of a submission.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// It is in the queue.
    Queued(Box<RunRecord>),
    /// The key was used for the same request before; this is the run of then.
    Repeated(Box<RunRecord>),
    /// The key was used for another request.
    KeyInUse,
    /// This many runs are queued already.
    Full(u64),
    /// Its submitter or its workspace has as many as it may have.
    Over(Over),
    /// Its document, with this id, is deleted.
    DocumentDeleted(String),
}
