//! Trying a configuration on inputs that were run before, to see what would be another. Nothing is recorded, and no file stays.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;
use utoipa::ToSchema;

use super::engine::{CheckError, Engine, launch, temporary};
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::problem::{Error, Kind, code};
use crate::engine::report::completed;
use crate::engine::sandbox::Limits;
use crate::engine::{EngineReport, EngineTask, Invocation, Message, RunReport};
use crate::environment::needed::prepare::Prepared;
use crate::environment::provide::in_use::InUse;
use crate::run::execution::attempt::{settings_of, variables_of};
use crate::run::execution::names::with_known_names;
use crate::run::execution::verdict::{self, Circumstances, Observation};
use crate::run::results::{fields_of, metrics_of};
use crate::run::views::difference::{self, Change, RowChanges};
use crate::settings::paths::RunFolder;
use crate::store::{
    EnvironmentRecord, Failure, FieldResult, RunMetrics, RunOptions, RunRecord, RunStatus,
};
use crate::workspace::Workspace;

/// An input that is tried.
pub struct TrialInput {
    /// Its name.
    pub name: String,
    /// The stored document that it is.
    pub document_id: Option<String>,
    /// Where it is.
    pub path: PathBuf,
    /// The run that is compared with; its sheets and options are those of the trial.
    pub before: Option<RunRecord>,
}

/// What differs between the workbook of a former run and that of a trial.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrialChanges)]
pub struct Changes {
    /// How many cells have another value, in rows and columns that are in both.
    pub changed_cells: u64,
    /// The first hundred of them.
    pub cells: Vec<ChangedCell>,
    /// Rows that were not there.
    pub added_rows: u64,
    /// Rows that are not there any more.
    pub removed_rows: u64,
    /// The headings of columns that were not there, each once for all sheets.
    pub added_columns: Vec<String>,
    /// Those of columns that are not there any more.
    pub removed_columns: Vec<String>,
}

/// A cell with another value.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedCell {
    /// The sheet of the output.
    pub sheet: String,
    /// Its row now, from 1.
    pub row: u64,
    /// Its column now, from 1.
    pub column: u64,
    /// What was in it, as it is shown; at most 200 characters.
    pub before: String,
    /// What is in it now.
    pub after: String,
}

/// How an input came out, and what is another than it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tried {
    /// Whether a run of it would succeed.
    pub succeeds: bool,
    /// Why it would not.
    pub error: Option<Failure>,
    /// What is found now.
    pub metrics: Option<RunMetrics>,
    /// What the run before found; null: it did not succeed, or there is none.
    pub metrics_before: Option<RunMetrics>,
    /// The fields that columns are found for now.
    pub fields: Vec<String>,
    /// Those of the run before; null: there is none.
    pub fields_before: Option<Vec<String>>,
    /// The rules whose number of issues is another.
    pub issues: Vec<RuleChange>,
    /// What is another in the workbook; null: there are no two to compare, or they are too large.
    pub changes: Option<Changes>,
}

/// How many issues a rule has, and had.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleChange {
    /// The rule.
    pub rule: String,
    /// Its issues in the run before.
    pub before: u64,
    /// Its issues now.
    pub after: u64,
}

/// What the engine made of an input. Its output goes with it.
pub(super) struct Reading {
    /// How the engine ended.
    pub report: EngineReport,
    /// Why a run would not have succeeded.
    pub error: Option<Failure>,
    /// Its workbook.
    pub output: PathBuf,
    _place: TempDir,
}

impl Reading {
    /// What its report says, as a run records it. `None`: it did not come to its end.
    pub fn recorded(&self) -> Option<RunReport> {
        let completed = completed(self.report.completed.as_ref()?);
        let noticed = self.report.noticed.clone();
        Some(RunReport { noticed, completed })
    }
}

/// Tries a prepared configuration on one input. `None`: it had not ended at this time, and was stopped.
///
/// # Errors
/// The engine could not be started, or the flag was raised.
pub fn try_on(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    input: &TrialInput,
    until: Instant,
    cancel: &Cancel,
) -> Result<Option<Tried>, CheckError> {
    let engine = Engine {
        workspace,
        prepared,
        environment,
    };
    let reading = read(engine, input, until, cancel)?;
    let tried = reading.map(|reading| compared(workspace, input, reading));
    tried.transpose()
}

/// Has the engine read an input as a run does. `None`: it had not ended at this time, and was stopped.
///
/// # Errors
/// The engine could not be started, or the flag was raised.
pub(super) fn read(
    engine: Engine<'_>,
    input: &TrialInput,
    until: Instant,
    cancel: &Cancel,
) -> Result<Option<Reading>, CheckError> {
    let (place, []) = temporary([])?;
    let folder = RunFolder::at(place.path());
    let (staged, output) = (folder.staged(&input.name), folder.normalized(&input.name));
    for made in [folder.input(), folder.output(), folder.scratch()] {
        std::fs::create_dir_all(&made).map_err(CheckError::NoTemporaryFolder)?;
    }
    std::fs::copy(&input.path, &staged).map_err(CheckError::NoTemporaryFolder)?;
    let (workspace, prepared) = (engine.workspace, engine.prepared);
    let _in_use = InUse::mark(workspace, &engine.environment.folder);
    let invocation = invocation(engine, input, &folder, until);
    let on_message = &mut |message| match message {
        Message::Event(event) => Some(Value::Object(event)),
        Message::Line(..) => None,
    };
    let report = launch(&invocation, cancel, on_message)?;
    let limits = Limits::of(&workspace.settings);
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
    Ok(Some(Reading {
        report,
        error,
        output,
        _place: place,
    }))
}

/// What is said of an input that had not ended in time.
pub(super) fn took_too_long(what: &str) -> Error {
    let message = format!("{what} took longer than a run may take, and was stopped");
    Error::new(Kind::Limit, code::TIMEOUT, message)
}

fn invocation(
    engine: Engine<'_>,
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
    reading: Reading,
) -> Result<Tried, CheckError> {
    let now = reading.recorded();
    let Reading {
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
    let mut tried = Tried {
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
    tried.issues = differs.into_iter().map(RuleChange::of).collect();
    if tried.succeeds {
        let now = (output.as_path(), &new.noticed);
        // What cannot be compared, such as a workbook that is gone, is not.
        let differs = difference::of_run_and_now(run, &old, now).ok();
        tried.changes = differs.map(|differs| Changes::of(differs.rows));
    }
    Ok(tried)
}

impl Changes {
    fn of(rows: RowChanges) -> Self {
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
    fn of(change: Change<u64>) -> Self {
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
