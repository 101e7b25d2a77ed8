//! The shapes of answers that the library makes as JSON (`run::json` and its like), which a test compares with them. Answers that are made
//! of a type are described where that type is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::state::statistics::Spread;
use crate::cells::{NotWritten, RowMap, SheetInfo};
use crate::environment::json::BuildStep;
use crate::issues::{CellIssue, Issue};
use crate::store::{
    EnvironmentStatus, Failure, Package, Priority, RunCounts, RunMetrics, RunStatus, Submitter,
};
use crate::workspace::configurations::{ConfigurationObject, VersionObject};

/// The server lives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// The version of `ade`.
    pub version: String,
}

/// Whether a server is ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `ok`.
    pub status: String,
    /// The version of `ade`.
    pub version: String,
    /// Whether everything is paused: runs are accepted and wait.
    pub paused: bool,
    /// How many configurations are paused by themselves.
    pub paused_configurations: u64,
}

/// What a run does now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Queued,
    Environment,
    Configuration,
    Detecting,
    Writing,
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// UUIDv7.
    pub id: String,
    pub workspace_id: String,
    pub configuration_id: String,
    pub configuration_name: String,
    /// The published version of the configuration that it uses; null: the files of a folder, as they were.
    #[schema(required)]
    pub configuration_version: Option<u32>,
    /// The configuration's folder.
    pub configuration_path: String,
    /// The digest of the configuration's files.
    pub source_digest: String,
    #[schema(required)]
    pub environment_id: Option<String>,
    /// The digest of what its environment depends on.
    pub deps_digest: String,
    pub engine_spec: String,
    /// The document that it was made from; null if its file was given on a command line.
    #[schema(required)]
    pub document_id: Option<String>,
    /// The run that this one repeats, as it was or with the configuration as it is now.
    #[schema(required)]
    pub retry_of_run_id: Option<String>,
    pub input: RunInput,
    /// What its sender calls it by, key by key.
    pub labels: BTreeMap<String, String>,
    /// Whether it is claimed before others.
    pub priority: Priority,
    /// Who submitted it; null: an older `ade` did not record it.
    #[schema(required)]
    pub submitted_by: Option<Submitter>,
    pub status: RunStatus,
    /// What it does now: it waits in the queue, or for its environment; it loads the configuration, looks for tables and columns, or
    /// writes. Null: it has ended, or its log does not say.
    #[schema(required)]
    pub stage: Option<Stage>,
    /// The rows that it read; while it is running, those of its sheet that are done. Null: not known.
    #[schema(required)]
    pub rows: Option<u64>,
    pub attempt_count: u32,
    pub max_attempts: u32,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(required, format = DateTime)]
    pub started_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub completed_at: Option<String>,
    /// How long its last attempt took, once the run has ended.
    #[schema(required)]
    pub duration_ms: Option<u64>,
    /// Where the normalized workbook is on the server.
    #[schema(required)]
    pub output_path: Option<String>,
    /// Where `ade run -o` put a copy of it.
    #[schema(required)]
    pub output_copy: Option<String>,
    pub run_dir: String,
    #[schema(required)]
    pub exit_code: Option<i32>,
    /// One sentence about the end, if there is more to say than the status.
    #[schema(required)]
    pub summary: Option<String>,
    /// `safe_mode`: it succeeded without having executed anything.
    #[schema(required)]
    pub skipped_reason: Option<String>,
    /// In what it falls short of what `ade run` asked of it (`--max-errors`, `--deny` and others); empty: it was not refused.
    pub refused: Vec<Refusal>,
    #[schema(required, format = DateTime)]
    pub cancel_requested_at: Option<String>,
    /// When its files were collected.
    #[schema(required, format = DateTime)]
    pub artifacts_deleted_at: Option<String>,
    /// Why it failed.
    #[schema(required)]
    pub error: Option<Failure>,
    #[schema(required)]
    pub metrics: Option<RunMetrics>,
}

/// Why a run that succeeded was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refusal {
    /// Such as `too_many_errors`.
    pub code: String,
    pub message: String,
}

/// The input of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunInput {
    /// Its file name.
    pub name: String,
    pub sha256: String,
    pub size_bytes: u64,
    /// The sheets to process; null: all visible ones.
    #[schema(required)]
    pub sheets: Option<Vec<String>>,
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunPage {
    pub items: Vec<Run>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// False: of very many runs so many were looked at that the page ends before its limit. The next one goes on there.
    pub is_whole: bool,
    /// How many runs there are of each status, where that was asked for.
    #[schema(nullable = false)]
    pub counts: Option<RunCounts>,
}

/// A page of a run's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogPage {
    pub run_id: String,
    pub entries: Vec<LogEntry>,
    /// The `after_id` to go on with: the number of the last line of this page, or, without any, that which was asked for.
    pub next_after_id: u64,
    /// False: this page reached the end of the log, as it is now.
    pub has_more: bool,
}

/// A line of a log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogEntry {
    /// The number of the line, from 1.
    pub id: u64,
    #[schema(format = DateTime)]
    pub created: String,
    pub level: String,
    /// `run.start`, `engine.table.mapped`, …
    pub event: String,
    pub message: String,
    /// What belongs to the event.
    #[schema(value_type = Object)]
    pub data: BTreeMap<String, Value>,
}

/// A stored input.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// UUIDv7.
    pub id: String,
    pub workspace_id: String,
    /// Its file name.
    pub name: String,
    pub sha256: String,
    pub size_bytes: u64,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its bytes were deleted; null: they are there.
    #[schema(required, format = DateTime)]
    pub deleted_at: Option<String>,
}

/// A page of documents, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentPage {
    pub items: Vec<Document>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// The name that a person chose.
    pub id: String,
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Workspaces, by id.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceList {
    pub items: Vec<Workspace>,
}

/// A page of configurations, the default first, then by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfigurationPage {
    pub items: Vec<ConfigurationObject>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// The published versions of a configuration, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionList {
    pub items: Vec<VersionObject>,
}

/// The sheets of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct SheetList {
    pub sheets: Vec<SheetInfo>,
}

/// A window of cells.
#[derive(Debug, Serialize, ToSchema)]
pub struct CellWindow {
    pub sheet: String,
    pub sheet_index: u64,
    /// The rows of the whole sheet.
    pub total_rows: u64,
    pub total_columns: u64,
    /// The first row of the window, from 1.
    pub first_row: u64,
    pub first_column: u64,
    /// Rows of cells: null, a boolean, a number or text. Dates and times are ISO 8601, errors as `#N/A`.
    pub rows: Vec<Vec<Value>>,
    /// The cells, as row and column, whose text is cut.
    #[schema(value_type = Vec<Vec<u64>>)]
    pub cut: Vec<(u64, u64)>,
    /// The rows of the other side that the window's rows belong to; null if the run does not tell, or no table is on the sheet.
    #[schema(required)]
    pub row_map: Option<RowMap>,
    /// Of an input, the rows of the window that were not written; null if the run does not tell, and of an output.
    #[schema(required)]
    pub row_reasons: Option<Vec<NotWritten>>,
    /// With `with=issues`: the issues of the window; null if the run has no list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issues: Option<WindowIssues>,
}

/// The issues of a window.
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowIssues {
    pub listed: Vec<CellIssue>,
    /// How many more there are than are listed here.
    pub more: u64,
}

/// Cells that have a text in them.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundCells {
    pub cells: Vec<FoundCell>,
    /// Where to go on: the `from` of the next search; null: the whole sheet was searched.
    #[schema(required)]
    pub next: Option<String>,
}

/// A cell.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundCell {
    pub row: u64,
    pub column: u64,
}

/// A page of issues.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuePage {
    /// In the order of the sheets, their rows and columns.
    pub issues: Vec<Issue>,
    /// Of all issues that the filters take; null on the pages behind the first.
    #[schema(required)]
    pub counts: Option<IssueCounts>,
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// How many issues there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssueCounts {
    /// Of this severity, that the filters take.
    pub error: u64,
    pub warning: u64,
    pub info: u64,
    /// All that are in the run's list, whatever the filters.
    pub listed: u64,
    /// Those of the run that its list has no room for.
    pub unlisted: u64,
}

/// The environment of a configuration; a build is the same while it is made. What is in it is null until it is ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct Environment {
    /// UUIDv7.
    pub id: String,
    pub workspace_id: String,
    pub configuration_id: String,
    pub configuration_name: String,
    /// The configuration's folder.
    pub configuration_path: String,
    pub engine_spec: String,
    /// The digest of what it depends on.
    pub deps_digest: String,
    pub status: EnvironmentStatus,
    pub folder: String,
    #[schema(required)]
    pub python_version: Option<String>,
    /// The Python that it was made from.
    #[schema(required)]
    pub python_path: Option<String>,
    #[schema(required)]
    pub engine_version: Option<String>,
    /// What installed it.
    #[schema(required)]
    pub installer: Option<String>,
    /// The digest of its packages with their versions.
    #[schema(required)]
    pub lock_digest: Option<String>,
    #[schema(required)]
    pub size_bytes: Option<u64>,
    pub attempt_count: u32,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(required, format = DateTime)]
    pub ready_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub last_used_at: Option<String>,
    /// Why it could not be built.
    #[schema(required)]
    pub error: Option<Failure>,
}

/// An environment with what is installed in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvironmentDetails {
    #[serde(flatten)]
    pub environment: Environment,
    /// The steps of its build, as far as they have come.
    pub steps: Vec<BuildStep>,
    /// The runs that wait for it, the next one first; 50 at most.
    pub waiting_runs: Vec<String>,
    /// What is installed, by name.
    #[schema(required)]
    pub packages: Option<Vec<Package>>,
    /// Queued and running runs that need it.
    pub live_runs: u64,
}

/// A page of environments, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvironmentPage {
    pub items: Vec<Environment>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A page of a build's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct BuildLogPage {
    pub build_id: String,
    pub entries: Vec<LogEntry>,
    /// The `after_id` to go on with: the number of the last line of this page, or, without any, that which was asked for.
    pub next_after_id: u64,
    /// False: this page reached the end of the log, as it is now.
    pub has_more: bool,
}

/// The status of a job. A run, which is the same, says `succeeded` for `success`, and `failed` or `cancelled` for `error`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// It waits.
    Queued,
    /// It is being done.
    Running,
    /// It succeeded.
    Success,
    /// It failed, or was cancelled; the error says which.
    Error,
}

/// A job: a run under another name, with the same id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// UUIDv7.
    pub id: String,
    pub status: JobStatus,
    #[schema(required)]
    pub document_id: Option<String>,
    pub config_id: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(required, format = DateTime)]
    pub started_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub completed_at: Option<String>,
    #[schema(required)]
    pub error: Option<JobError>,
}

/// Why a job ended in error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobError {
    /// A stable word, explained in docs/reference/errors.md.
    pub code: String,
    pub message: String,
    #[schema(required)]
    pub hint: Option<String>,
}

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The environment variable.
    pub name: String,
    /// The key in ade.toml.
    pub key: String,
    /// Other names of the variable.
    pub aliases: Vec<String>,
    /// Its value as text.
    #[schema(required)]
    pub value: Option<String>,
    #[schema(required)]
    pub default: Option<String>,
    /// What the default is, where that is no fixed value.
    #[schema(required)]
    pub default_note: Option<String>,
    /// Where the value came from.
    pub source: String,
    pub meaning: String,
}

/// Every setting.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingList {
    pub items: Vec<Setting>,
}

/// How the work of a workspace goes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stats {
    pub workspace_id: String,
    /// The moment of the look.
    #[schema(format = DateTime)]
    pub at: String,
    /// The seconds before that moment for which ended runs are counted.
    pub window_seconds: u64,
    pub queue: QueueNow,
    pub environments: EnvironmentsNow,
    pub ended: EndedRuns,
    /// How long runs waited, from recorded to started first, of the runs that are counted in `ended` and were ever started; null
    /// without any.
    #[schema(required)]
    pub waits: Option<Spread>,
    /// How long they took, from started first to ended, of the same runs.
    #[schema(required)]
    pub durations: Option<Spread>,
    pub slots: Slots,
    /// The workers that live, without those of the server's machine that are known to be dead.
    pub workers: Vec<Worker>,
}

/// The workspace's part of the queue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueNow {
    pub queued: u64,
    pub running: u64,
    /// How long the queued run that has been due longest has waited; null if none is due.
    #[schema(required)]
    pub oldest_wait_ms: Option<u64>,
    /// With so many queued runs, of all workspaces, further ones are refused.
    pub size: u64,
}

/// Environments that are not ready yet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentsNow {
    pub queued: u64,
    pub building: u64,
}

/// Runs that ended within the window, without those whose files were collected or that were deleted.
///
/// Of all workspaces, the 50000 runs that ended last are looked at. Where the window holds more, all figures are of those alone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndedRuns {
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// Ended runs for each minute of the time that is counted.
    pub per_minute: f64,
    /// Since when runs are counted: the begin of the window, unless that holds more than are looked at.
    #[schema(format = DateTime)]
    pub counted_since: String,
    /// Whether the whole window is counted.
    pub is_whole: bool,
    /// The window in 60 parts of the same length, the earliest first.
    pub parts: Vec<WindowPart>,
}

/// What ended in a part of the window.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowPart {
    /// Where it begins.
    #[schema(format = DateTime)]
    pub from: String,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
}

/// The slots of all workers. They work for all workspaces.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slots {
    pub all: u64,
    /// Those that execute a run.
    pub busy: u64,
}

/// A worker.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// New with each start.
    pub id: String,
    /// Null with a token for some workspaces.
    #[schema(required)]
    pub name: Option<String>,
    /// Its machine. Null with a token for some workspaces.
    #[schema(required)]
    pub host: Option<String>,
    /// Its process number there. Null with a token for some workspaces.
    #[schema(required)]
    pub pid: Option<u32>,
    pub slots: u32,
    /// Slots that execute a run of the token's workspaces.
    pub busy: u64,
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When it was last known to live.
    #[schema(format = DateTime)]
    pub seen_at: String,
}
