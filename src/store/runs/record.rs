//! The records of runs: queued → running → succeeded | failed | cancelled, under leases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::clock::Timestamp;
use crate::store::driver::words;
use crate::store::{
    Demands, EnvironmentKey, FailureRecord, LimitExceeded, Limits, RunMetrics, RunResults,
};
use crate::system::machine::Machine;

/// The status of a run. A job, the older name of a run, has `success` for `succeeded` and `error` for `failed` and
/// `cancelled`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Status)]
pub enum RunStatus {
    /// The run waits for its environment, its due time, or a worker.
    #[default]
    Queued,
    /// A worker holds the run's lease and executes it.
    Running,
    /// The run succeeded, with a normalized workbook if one was requested.
    Succeeded,
    /// The run failed; its error gives the reason.
    Failed,
    /// The run was cancelled before it ended.
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
    /// The final statuses of a run.
    pub const ENDED: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Cancelled];

    /// Returns whether the status is final.
    pub fn is_terminal(self) -> bool {
        Self::ENDED.contains(&self)
    }
}

/// The order in which runs are claimed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before all other runs.
    High,
    /// The default: after high and before low.
    #[default]
    Normal,
    /// After all other runs.
    Low,
}

words!(Priority { High = "high", Normal = "normal", Low = "low" });

impl Priority {
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

/// How a run was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubmitterKind {
    /// A user of the operating system, by a command.
    User,
    /// A token, over HTTP.
    Token,
}

/// The user or token that submitted a run. Submitters take turns when runs are claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Submitter {
    /// Either a user or a token.
    pub kind: SubmitterKind,
    /// The number of the user, or the id of the token.
    pub id: String,
    /// The name of the user or token.
    pub name: String,
}

impl Submitter {
    /// Returns the user that this process belongs to.
    pub fn of_machine(machine: &dyn Machine) -> Self {
        let (id, name) = machine.user();
        Self {
            kind: SubmitterKind::User,
            id,
            name,
        }
    }

    /// Returns a key that identifies this submitter among all others.
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

/// The options of a run, besides its configuration and input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOptions {
    /// Process only the sheet that was active when the workbook was saved.
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
    /// Request network access; the operator decides.
    #[serde(
        rename = "runtime_network_access",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub network: bool,
    /// The minimum severity of the events that the engine sends; `None`: by the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// The caller's choices for single sheets, by sheet title.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sheets: BTreeMap<String, SheetChoice>,
    /// The engine settings that the caller sets, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// The engine settings in the environment of the process that recorded the run, by variable name. If `None`, an older
    /// `ade` recorded the run, and the settings of the process that executes it apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_variables: Option<BTreeMap<String, String>>,
    /// The caller's labels for the run. They have no effect on the run.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The published version of the configuration that the run uses. If `None`, it uses the files of a folder as they were, or
    /// an older `ade` recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_version: Option<u32>,
    /// The priority with which the run is claimed.
    #[serde(skip_serializing_if = "Priority::is_normal")]
    pub priority: Priority,
    /// The submitter of the run. If `None`, an older `ade` did not record it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<Submitter>,
    /// The path of the file that the input was copied from, with links resolved. If `None`, the input is a stored document, or
    /// an older `ade` did not record the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_place: Option<String>,
    /// The run's requirements beyond success; older versions of `ade` did not record them.
    #[serde(skip_serializing_if = "Demands::is_empty")]
    pub demands: Demands,
}

/// The caller's choice for one sheet, in the terms of the engine's setting `sheets`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SheetChoice {
    /// The header rows, from 1. Empty: the table has none. `None`: the engine finds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_rows: Option<Vec<u32>>,
    /// The cell range of the table, such as `B3:H90`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
}

/// A run about to be recorded.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The run's id, a UUIDv7.
    pub id: String,
    /// The environment that it needs.
    pub key: EnvironmentKey,
    /// The id of that environment.
    pub environment_id: String,
    /// The stored input; `None` if `ade run` stages the input directly from its path.
    pub document_id: Option<String>,
    /// The digest of the configuration's files.
    pub source_digest: String,
    /// The read-only copy of the configuration's files.
    pub snapshot: PathBuf,
    /// The file name of the input.
    pub input_name: String,
    /// The path of the input.
    pub input_path: PathBuf,
    /// The SHA-256 of the input.
    pub input_sha256: String,
    /// The size of the input in bytes.
    pub input_size_bytes: u64,
    /// The sheets to process; `None`: all visible sheets.
    pub input_sheets: Option<Vec<String>>,
    /// The options of the run.
    pub options: RunOptions,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// The folder of the run.
    pub run_dir: PathBuf,
    /// The run that this run retries.
    pub retry_of_run_id: Option<String>,
    /// How many runs of its submitter and of its workspace may be queued, including this run.
    pub limits: Limits,
}

/// A recorded run, with its state in the queue.
#[derive(Clone, Debug, Default)]
pub struct RunRecord {
    /// The run's id, a UUIDv7.
    pub id: String,
    /// The environment that it needs.
    pub key: EnvironmentKey,
    /// The id of that environment. `None` while the environment has to be recorded again. The environment of an ended run may
    /// have been deleted since.
    pub environment_id: Option<String>,
    /// The id of the stored input.
    pub document_id: Option<String>,
    /// The run that this one retries.
    pub retry_of_run_id: Option<String>,
    /// The name of its configuration.
    pub configuration_name: String,
    /// The folder of its configuration.
    pub configuration_path: PathBuf,
    /// The digest of the configuration's files.
    pub source_digest: String,
    /// The read-only copy of the configuration's files.
    pub snapshot: PathBuf,
    /// The file name of the input.
    pub input_name: String,
    /// The path that the input is staged from.
    pub input_path: PathBuf,
    /// The SHA-256 of the input.
    pub input_sha256: String,
    /// The input's size in bytes.
    pub input_size_bytes: u64,
    /// The sheets to process; `None`: all visible sheets.
    pub input_sheets: Option<Vec<String>>,
    /// The options of the run.
    pub options: RunOptions,
    /// The status of the run.
    pub status: RunStatus,
    /// The number of attempts so far.
    pub attempt_count: u32,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// How often in a row trouble of the machine or the network sent the run back to the queue.
    pub trouble_count: u32,
    /// When the run may be claimed, while it is queued.
    pub available_at: Timestamp,
    /// The worker that executes the run.
    pub claimed_by: Option<String>,
    /// When the lease of that worker expires.
    pub claim_expires_at: Option<Timestamp>,
    /// The process that holds the claim; see [`WorkerRecord`](crate::store::workers::WorkerRecord).
    pub claim_process: Option<String>,
    /// When the run's cancellation was requested.
    pub cancel_requested_at: Option<Timestamp>,
    /// When the run's files were collected; the record stays.
    pub artifacts_deleted_at: Option<Timestamp>,
    /// When the run was recorded.
    pub created_at: Timestamp,
    /// When the run was first claimed.
    pub started_at: Option<Timestamp>,
    /// When the run ended.
    pub completed_at: Option<Timestamp>,
    /// The duration of the last attempt in milliseconds, once the run has ended.
    pub took_ms: Option<u64>,
    /// The exit code of the engine.
    pub exit_code: Option<i32>,
    /// The reason of the failure, if the run failed.
    pub error: Option<FailureRecord>,
    /// One sentence, if there is more to report than status, error and metrics (`run::summary` makes such sentences).
    pub summary: Option<String>,
    /// The path of the normalized workbook.
    pub output_path: Option<PathBuf>,
    /// The folder of the run.
    pub run_dir: PathBuf,
    /// The token of the claim under which the last attempt ended the run. `None`: the run has not ended, or ended without a
    /// claim.
    pub ended_token: Option<String>,
    /// The summary of its metrics.
    pub metrics: Option<RunMetrics>,
}

impl RunRecord {
    /// The reason why the run succeeded without executing anything: `safe_mode`. `None`: it executed something, or did not
    /// succeed.
    pub fn skipped_reason(&self) -> Option<&'static str> {
        (self.status == RunStatus::Succeeded && self.options.safe_mode).then_some("safe_mode")
    }

    /// Returns the duration of the attempt that ended the run, in milliseconds, without earlier attempts and the waits between
    /// them.
    pub fn duration_ms(&self) -> Option<u64> {
        self.took_ms
    }
}

/// One attempt at a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attempt {
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The worker that made the attempt. Null for tokens that are limited to some workspaces.
    pub worker: Option<String>,
    /// When the claim was made.
    pub started_at: Timestamp,
    /// When the attempt ended; null while it is running.
    pub completed_at: Option<Timestamp>,
    /// `succeeded`, `failed` or `cancelled`; `retried`: another attempt follows; `lost`: the worker stopped responding;
    /// `released`: the worker gave the run back, and the attempt does not count. Null while the attempt is running.
    pub outcome: Option<String>,
    /// The exit code of the engine.
    pub exit_code: Option<i32>,
    /// The reason why the attempt did not succeed.
    pub error: Option<String>,
    /// The engine's peak memory in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The processor time of the engine in seconds.
    pub cpu_seconds: Option<f64>,
}

/// The resources that an attempt used, and its exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AttemptUsage {
    /// The exit code of the engine.
    pub exit_code: Option<i32>,
    /// The peak memory of the engine in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The processor time of the engine in seconds.
    pub cpu_seconds: Option<f64>,
}

impl AttemptUsage {
    /// Takes the figures of an attempt that ended.
    pub fn from_ending(ending: &Ending) -> Self {
        Self {
            exit_code: ending.exit_code,
            peak_memory_bytes: ending.peak_memory_bytes,
            cpu_seconds: ending.cpu_seconds,
        }
    }
}

/// The end of an attempt, to be recorded.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// The final status of the run.
    pub status: RunStatus,
    /// The exit code of the engine.
    pub exit_code: Option<i32>,
    /// The reason of the failure, if the run failed.
    pub error: Option<FailureRecord>,
    /// One sentence, if there is more to report than the status.
    pub summary: Option<String>,
    /// The path of the normalized workbook.
    pub output_path: Option<PathBuf>,
    /// The results of the run.
    pub results: Option<RunResults>,
    /// The engine's peak memory in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The processor time of the engine in seconds.
    pub cpu_seconds: Option<f64>,
    /// The runtime of the engine's process in seconds.
    pub engine_seconds: Option<f64>,
}

impl Ending {
    /// Returns an end with this status and no further details.
    pub fn new(status: RunStatus) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }
}

/// The result of a request to cancel.
#[derive(Clone, Debug)]
pub enum CancelOutcome {
    /// The run was queued and is now cancelled.
    Cancelled(Box<RunRecord>),
    /// The run is running; its worker will stop it. A second request changes nothing.
    Requested(Box<RunRecord>),
    /// The run had already ended.
    Ended(Box<RunRecord>),
}

/// A file as the input of runs. A run belongs to the file if it read these bytes, or if its input was at this path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputFile {
    /// The SHA-256 of the file's bytes; `None`: the file no longer exists.
    pub sha256: Option<String>,
    /// The path of the file, now or formerly, with links resolved.
    pub place: String,
}

impl InputFile {
    /// Returns whether a run read the same bytes.
    pub fn has_bytes_of(&self, run: &RunRecord) -> bool {
        self.sha256.as_deref() == Some(&run.input_sha256)
    }

    /// Returns whether the input of a run was at the same path.
    pub fn has_place_of(&self, run: &RunRecord) -> bool {
        run.options.input_place.as_ref() == Some(&self.place)
    }
}

/// The conditions that listed runs meet.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// The workspace of the runs.
    pub workspace_id: String,
    /// The allowed statuses; empty: any status.
    pub statuses: Vec<RunStatus>,
    /// The id, name or folder of the configuration.
    pub configuration: Option<String>,
    /// The file name of the input.
    pub input: Option<String>,
    /// The input file; `input` is then the name of this file.
    pub file: Option<InputFile>,
    /// The earliest time when runs were recorded, inclusive.
    pub since: Option<Timestamp>,
    /// The latest time when runs were recorded, exclusive.
    pub before: Option<Timestamp>,
    /// A text, in upper or lower case, that is part of the name of the input or configuration or of a label, or that ends the
    /// id.
    pub text: Option<String>,
    /// True: only runs that found issues in their input; false: only runs that looked for issues and found none.
    pub has_issues: Option<bool>,
    /// True: only runs that found no column for some of their fields; false: only runs that looked and found all fields.
    pub fields_missing: Option<bool>,
    /// The labels that the runs must all have.
    pub labels: BTreeMap<String, String>,
    /// The ids of runs to leave out.
    pub without: BTreeSet<String>,
    /// The id of the run after which the list continues: the next page.
    pub behind: Option<String>,
    /// The maximum number of runs to return.
    pub limit: u32,
    /// The maximum number of runs to examine if text, issues or labels are given, for which there is no index; `None`: all.
    pub look_at: Option<u32>,
}

/// The runs that were found, newest first.
#[derive(Clone, Debug, Default)]
pub struct FoundRuns {
    /// The matching runs, newest first.
    pub runs: Vec<RunRecord>,
    /// The last run that was examined, if the maximum was reached and there are more. The list continues after it.
    pub looked_to: Option<String>,
}

/// The number of runs with each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunCounts {
    /// Runs that are waiting.
    pub queued: u64,
    /// Runs that are being executed.
    pub running: u64,
    /// Runs that ended with success.
    pub succeeded: u64,
    /// Runs that ended with a failure.
    pub failed: u64,
    /// Runs that were cancelled.
    pub cancelled: u64,
    /// Runs that found issues in their input, whatever the filter says about issues and missing fields.
    pub with_issues: u64,
    /// Runs that found no column for some of their fields, likewise.
    pub fields_missing: u64,
    /// False if more runs exist than were counted: of a status with the count 10000, or, if text, labels or issues are given,
    /// of any status.
    pub is_whole: bool,
}

impl RunCounts {
    /// Returns the count of a status.
    pub fn count_mut(&mut self, status: RunStatus) -> &mut u64 {
        match status {
            RunStatus::Queued => &mut self.queued,
            RunStatus::Running => &mut self.running,
            RunStatus::Succeeded => &mut self.succeeded,
            RunStatus::Failed => &mut self.failed,
            RunStatus::Cancelled => &mut self.cancelled,
        }
    }
}

/// The reason why a queued run is waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitReason {
    /// It needs a worker with a free slot.
    Slot,
    /// Its configuration, submitter or workspace has as many running runs as allowed.
    Limit,
    /// Its environment is not ready.
    Environment,
    /// The time of its next attempt has not come.
    Retry,
    /// The queue or its configuration is paused.
    Pause,
}

/// The position of a run in the queue. Positions sort in the order in which runs are claimed: runs that may be claimed now
/// come first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QueuePlace {
    /// The reason why the run is waiting.
    pub waits_for: WaitReason,
    /// Its priority: 0 is high.
    pub priority: i64,
    /// The number of the run among the runs of its submitter that wait for a slot, from 0; otherwise zero.
    pub round: u64,
    /// The turn of its submitter if the run waits for a slot; otherwise zero.
    pub turn: i64,
    /// When the run may be claimed.
    pub available_at: i64,
    /// When the run was recorded.
    pub created_at: i64,
    /// The id of the run.
    pub run_id: String,
}

/// A waiting run with its position.
#[derive(Clone, Debug)]
pub struct WaitingRun {
    /// The run that is waiting.
    pub run: RunRecord,
    /// Its position in claim order.
    pub place: QueuePlace,
    /// Its number among all waiting runs of all workspaces, from 1.
    pub position: u64,
}

/// When a run is tried again, and whether its attempt counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The attempt counts: the run itself may have caused its failure.
    Counted(Timestamp),
    /// The attempt does not count: the machine or the network is in trouble.
    Free(Timestamp),
}

/// The conditions of a client's request to submit a run.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// The maximum number of queued runs submitted over HTTP with which another run is accepted. `None`: any number.
    pub most_queued: Option<u64>,
    /// The client's key for this request, and the digest of the requested run: the same key with the same digest is a
    /// repetition of the same request.
    pub key: Option<(String, String)>,
}

/// The outcome of a submission.
#[derive(Clone, Debug)]
pub enum SubmissionOutcome {
    /// The run is in the queue.
    Queued(Box<RunRecord>),
    /// The key was used before for the same request; this is the run from then.
    Repeated(Box<RunRecord>),
    /// The key was used before for another request.
    KeyInUse,
    /// The queue is full: it already has this many runs.
    Full(u64),
    /// Its submitter or its workspace has reached a limit.
    Over(LimitExceeded),
    /// Its document, with this id, was deleted.
    DocumentDeleted(String),
}
