//! Tries a configuration on inputs of earlier runs, and reports what would change. Nothing is recorded, and no file is kept.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;
use utoipa::ToSchema;

use super::engine::{CheckEngine, CheckError, launch, temporary};
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::problem::{Error, ProblemKind, code};
use crate::engine::report::completed;
use crate::engine::sandbox::Limits;
use crate::engine::{EngineReport, EngineTask, Invocation, Message, RunReport};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::provide::in_use::EnvironmentUse;
use crate::run::execution::attempt::{settings_of, variables_of};
use crate::run::execution::names::with_known_names;
use crate::run::execution::verdict::{self, Circumstances, Observation};
use crate::run::results::{fields_of, metrics_of};
use crate::run::views::difference::{self, RowChanges, ValueChange};
use crate::settings::paths::RunFolder;
use crate::store::{
    EnvironmentRecord, FailureRecord, FieldResult, RunMetrics, RunOptions, RunRecord, RunStatus,
};
use crate::workspace::Workspace;

/// An input for a trial.
pub struct TrialInput {
    /// The name of the input.
    pub name: String,
    /// The stored document that holds the input, if any.
    pub document_id: Option<String>,
    /// The path of the file.
    pub path: PathBuf,
    /// The earlier run to compare with. The trial uses its sheets and options.
    pub before: Option<RunRecord>,
}

/// The differences between the workbooks of an earlier run and of a trial.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrialChanges)]
pub struct Changes {
    /// The number of cells with another value, in rows and columns that both have.
    pub changed_cells: u64,
    /// The first hundred changed cells.
    pub cells: Vec<ChangedCell>,
    /// The number of rows that are new.
    pub added_rows: u64,
    /// The number of rows that are gone.
    pub removed_rows: u64,
    /// The headings of new columns, each once for all sheets.
    pub added_columns: Vec<String>,
    /// The headings of columns that are gone.
    pub removed_columns: Vec<String>,
}

/// A cell with another value.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedCell {
    /// The sheet of the output.
    pub sheet: String,
    /// The row in the new workbook, from 1.
    pub row: u64,
    /// The column in the new workbook, from 1.
    pub column: u64,
    /// The old value as displayed, at most 200 characters.
    pub before: String,
    /// The new value as displayed.
    pub after: String,
}

/// The result of a trial, and how it differs from the earlier run.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialResult {
    /// Whether a run would succeed.
    pub succeeds: bool,
    /// The reason why a run would fail.
    pub error: Option<FailureRecord>,
    /// The metrics of the trial.
    pub metrics: Option<RunMetrics>,
    /// The metrics of the earlier run; null: it failed, or there is none.
    pub metrics_before: Option<RunMetrics>,
    /// The fields with a detected column in the trial.
    pub fields: Vec<String>,
    /// The fields with a detected column in the earlier run; null: there is none.
    pub fields_before: Option<Vec<String>>,
    /// The rules whose number of issues changed.
    pub issues: Vec<RuleChange>,
    /// The changes in the workbook; null: there are no two workbooks to compare, or they are too large.
    pub changes: Option<Changes>,
}

/// The number of issues of a rule before and now.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleChange {
    /// The name of the rule.
    pub rule: String,
    /// The number of issues in the earlier run.
    pub before: u64,
    /// The number of issues in the trial.
    pub after: u64,
}

/// The engine's result for an input. The output is deleted with it.
pub(super) struct TrialReading {
    /// The report about the engine's process.
    pub report: EngineReport,
    /// The reason why a run would have failed, if so.
    pub error: Option<FailureRecord>,
    /// The path of the workbook.
    pub output: PathBuf,
    _place: TempDir,
}

impl TrialReading {
    /// Returns the engine's report as a run records it. `None` if the engine did not finish.
    pub fn recorded(&self) -> Option<RunReport> {
        let completed = completed(self.report.completed.as_ref()?);
        let noticed = self.report.noticed.clone();
        Some(RunReport { noticed, completed })
    }
}

/// Tries a prepared configuration on one input. `None` if it did not finish by `until` and was stopped.
///
/// # Errors
/// The engine could not be started, or `cancel` was raised.
pub fn try_on(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    environment: &EnvironmentRecord,
    input: &TrialInput,
    until: Instant,
    cancel: &Cancel,
) -> Result<Option<TrialResult>, CheckError> {
    let engine = CheckEngine {
        workspace,
        prepared,
        environment,
    };
    let reading = read(engine, input, until, cancel)?;
    let tried = reading.map(|reading| compared(workspace, input, reading));
    tried.transpose()
}

/// Has the engine read an input as in a run. `None` if it did not finish by `until` and was stopped.
///
/// # Errors
/// The engine could not be started, or `cancel` was raised.
pub(super) fn read(
    engine: CheckEngine<'_>,
    input: &TrialInput,
    until: Instant,
    cancel: &Cancel,
) -> Result<Option<TrialReading>, CheckError> {
    let (place, []) = temporary([])?;
    let folder = RunFolder::at(place.path());
    let (staged, output) = (folder.staged(&input.name), folder.normalized(&input.name));
    for made in [folder.input(), folder.output(), folder.scratch()] {
        std::fs::create_dir_all(&made).map_err(CheckError::NoTemporaryFolder)?;
    }
    std::fs::copy(&input.path, &staged).map_err(CheckError::NoTemporaryFolder)?;
    let (workspace, prepared) = (engine.workspace, engine.prepared);
    let _in_use = EnvironmentUse::mark(workspace, &engine.environment.folder);
    let invocation = invocation(engine, input, &folder, until);
    let on_message = &mut |message| match message {
        Message::Event(event) => Some(Value::Object(event)),
        Message::Line(..) => None,
    };
    let report = launch(&invocation, cancel, on_message)?;
    let limits = Limits::from_settings(&workspace.settings);
    let has_output = || std::fs::symlink_metadata(&output).is_ok_and(|found| found.is_file());
    let seen = verdict::observe(&report, false, &limits, has_output);
    match seen {
        Observation::Cancelled => return Err(CheckError::Cancelled),
        Observation::TimedOut if Instant::now() >= until => return Ok(None),
        _ => {}
    }
    let around = Circumstances {
        output: &output,
        timeout: invocation.timeout,
        limits,
        configuration: &prepared.package_folder,
    };
    let root = prepared.configuration.root.to_string_lossy();
    let known = [
        (prepared.package_folder.as_path(), &*root),
        (&staged, &input.name),
    ];
    let error = verdict::explain(seen, &report, &around).map(|mut failure| {
        failure.message = with_known_names(&failure.message, &known);
        failure
    });
    Ok(Some(TrialReading {
        report,
        error,
        output,
        _place: place,
    }))
}

/// Returns the error for an input that did not finish in time.
pub(super) fn took_too_long(what: &str) -> Error {
    let message = format!("{what} took longer than a run may take, and was stopped");
    Error::new(ProblemKind::Limit, code::TIMEOUT, message)
}

fn invocation(
    engine: CheckEngine<'_>,
    input: &TrialInput,
    folder: &RunFolder,
    until: Instant,
) -> Invocation {
    let (workspace, before) = (engine.workspace, input.before.as_ref());
    let settings = &workspace.settings;
    let options = before.map_or_else(RunOptions::default, |run| run.options.clone());
    let day: Timestamp = before.map_or_else(|| workspace.machine.now(), |run| run.created_at);
    let sheets = before.and_then(|run| run.input_sheets.clone());
    let left = until.saturating_duration_since(Instant::now());
    let task = EngineTask::Process {
        input: folder.staged(&input.name),
        output: folder.normalized(&input.name),
        sheets: sheets.unwrap_or_default(),
        active_sheet_only: options.active_sheet_only,
    };
    let places = (folder.path().to_owned(), folder.scratch());
    let (reads, writes) = (vec![folder.input()], vec![folder.output()]);
    let mut invocation = Invocation {
        settings: settings_of(&options),
        variables: variables_of(settings, &options, day),
        timeout: Some(settings.run_timeout.map_or(left, |limit| limit.min(left))),
        ..engine.invocation(task, places, reads, writes)
    };
    invocation.policy.network_asked = options.network;
    invocation
}

fn compared(
    workspace: &Workspace,
    input: &TrialInput,
    reading: TrialReading,
) -> Result<TrialResult, CheckError> {
    let now = reading.recorded();
    let TrialReading {
        report,
        error,
        output,
        _place,
    } = reading;
    let before = input.before.as_ref();
    let fields = now
        .as_ref()
        .map(|now| fields_of(&now.completed.fields, &report.computed_fields));
    let found = now.as_ref().zip(fields.as_deref());
    let mut tried = TrialResult {
        succeeds: error.is_none(),
        error,
        metrics: found.map(|(now, fields)| metrics_of(&now.completed, fields)),
        metrics_before: before
            .filter(|run| run.status == RunStatus::Succeeded)
            .and_then(|run| run.metrics.clone()),
        fields: fields.as_deref().map_or_else(Vec::new, detected),
        fields_before: None,
        issues: Vec::new(),
        changes: None,
    };
    let Some(run) = before else {
        return Ok(tried);
    };
    let store = &workspace.store;
    let fields = store.run_fields(&run.id).map_err(Error::from)?;
    tried.fields_before = Some(detected(&fields));
    let recorded = store.run_payload(&run.id).map_err(Error::from)?;
    let (Some(old), Some(new)) = (recorded, now) else {
        return Ok(tried);
    };
    let old = RunReport::recorded(&old).noticed;
    let differs = difference::of_rules(&old, &new.noticed);
    tried.issues = differs.into_iter().map(RuleChange::from_change).collect();
    if tried.succeeds {
        let now = (output.as_path(), &new.noticed);
        // Workbooks that cannot be compared, for instance because one is gone, are skipped.
        let differs = difference::of_run_and_now(run, &old, now).ok();
        tried.changes = differs.map(|differs| Changes::from_rows(differs.rows));
    }
    Ok(tried)
}

impl Changes {
    fn from_rows(rows: RowChanges) -> Self {
        let cells = rows.cells.into_iter().map(|cell| {
            let (sheet, row, column) = cell.place;
            ChangedCell {
                sheet: sheet.to_string(),
                row,
                column,
                before: cell.before,
                after: cell.after,
            }
        });
        Self {
            changed_cells: rows.changed_cells,
            cells: cells.collect(),
            added_rows: rows.added,
            removed_rows: rows.gone,
            added_columns: rows.added_columns,
            removed_columns: rows.gone_columns,
        }
    }
}

impl RuleChange {
    fn from_change(change: ValueChange<u64>) -> Self {
        Self {
            rule: change.what,
            before: change.before,
            after: change.after,
        }
    }
}

fn detected(fields: &[FieldResult]) -> Vec<String> {
    let detected = fields.iter().filter(|field| field.detected);
    detected.map(|field| field.field.clone()).collect()
}
