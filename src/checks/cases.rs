//! The cases of a configuration: inputs in `tests/cases/` with the tables that they must become. `ade test`.
//!
//! All cases run in one process of the engine, confined as a run is. Where one of them ends it, that case has failed, and the others
//! are run in a new one. Nothing is recorded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::check::CheckError;
use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::cells::{Cells, CellsError, Choice, Reading, WindowLimits};
use crate::engine::sandbox::Policy;
use crate::engine::{ChildProcess, EngineTask, Invocation, Launch};
use crate::environment::needed::prepare::Prepared;
use crate::environment::provide::in_use::InUse;
use crate::run::inputs::input::is_supported;
use crate::settings::paths::EnvironmentFolder;
use crate::store::EnvironmentRecord;
use crate::system::process::Exit;
use crate::workspace::Workspace;

/// A case: a folder with an input and the table that it must become.
#[derive(Clone, Debug)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// The file that is run.
    pub input: PathBuf,
    /// The table that it must become; `None`: there is none yet.
    pub expected: Option<PathBuf>,
    /// What `case.toml` says.
    pub options: CaseOptions,
}

/// `case.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaseOptions {
    /// Whether a person has looked at the expected table.
    pub checked: bool,
    /// The code of the error that a run of the input must end with.
    pub must_fail: Option<String>,
    /// Which sheets are run; empty: all visible ones.
    pub input_sheets: Vec<String>,
    /// The active sheet alone.
    pub active_sheet_only: bool,
    /// Settings of the engine, by name.
    pub settings: BTreeMap<String, toml::Value>,
}

impl Default for CaseOptions {
    fn default() -> Self {
        Self {
            checked: true,
            must_fail: None,
            input_sheets: Vec::new(),
            active_sheet_only: false,
            settings: BTreeMap::new(),
        }
    }
}

/// How a case came out.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Whether all is as expected.
    pub passed: bool,
    /// Whether a person has looked at what is expected.
    pub checked: bool,
    /// Why there is nothing to compare.
    pub error: Option<String>,
    /// What is another than expected.
    pub differences: Vec<Difference>,
    /// What came out, as the text of an `expected.csv`.
    #[serde(skip)]
    pub came_out: Option<String>,
}

/// A cell or a row that is another than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The row of the table, from 1: as it came out, or as expected where it is missing.
    pub row: usize,
    /// The field; `None`: the row as a whole.
    pub field: Option<String>,
    /// What was expected; `None`: no such row.
    pub expected: Option<String>,
    /// What came out; `None`: no such row.
    pub got: Option<String>,
}

/// Cases could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// There is none.
    #[error("{} has no cases", .0.display())]
    None(PathBuf),
    /// A file of a case cannot be used.
    #[error("{}: {what}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Why.
        what: String,
    },
    /// The engine.
    #[error(transparent)]
    Engine(#[from] CheckError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for CasesError {
    fn facts(&self) -> Facts {
        match self {
            Self::None(_) => Facts::new(Kind::Usage, code::NO_INPUT)
                .hint("a case is a folder tests/cases/NAME with a file input.csv or input.xlsx; `ade test --update` writes what it becomes"),
            Self::Invalid { .. } => Facts::new(Kind::Usage, code::USAGE),
            Self::Engine(error) => error.facts(),
            Self::File(error) => error.facts().under(Kind::Usage, code::UNWRITABLE),
        }
    }
}

/// The cases of a configuration's folder, in the order of their names.
///
/// # Errors
/// There is none, or the file of a case cannot be read.
pub fn find(configuration: &Path) -> Result<Vec<Case>, CasesError> {
    let none = || CasesError::None(configuration.to_owned());
    let mut found = Vec::new();
    for entry in fs::read_dir(configuration.join("tests/cases")).map_err(|_| none())? {
        let folder = entry.map_err(|_| none())?.path();
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        let mut inputs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        inputs.retain(|path| {
            path.file_stem().is_some_and(|stem| stem == "input") && is_supported(path)
        });
        inputs.sort();
        let Some(input) = inputs.into_iter().next() else {
            continue;
        };
        let expected = ["expected.csv", "expected.xlsx"].map(|name| folder.join(name));
        found.push(Case {
            name: files::name_of(&folder),
            options: options(&folder.join("case.toml"))?,
            expected: expected.into_iter().find(|path| path.is_file()),
            input,
            folder,
        });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    if found.is_empty() {
        return Err(none());
    }
    Ok(found)
}

fn options(file: &Path) -> Result<CaseOptions, CasesError> {
    match fs::read_to_string(file) {
        Ok(text) => toml::from_str(&text).map_err(|error| CasesError::Invalid {
            file: file.to_owned(),
            what: error.to_string().trim_end().to_owned(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(CaseOptions::default()),
        Err(error) => Err(FileError::on("read", file)(error).into()),
    }
}

/// Runs cases in an environment that is ready, and compares what comes out with what is expected.
///
/// # Errors
/// The engine could not be started or was cancelled, or an expected table cannot be read.
pub fn run(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    cases: &[Case],
    cancel: &Cancel,
) -> Result<Vec<CaseResult>, CasesError> {
    let _in_use = InUse::mark(workspace, &environment.folder);
    let place = tempfile::tempdir().map_err(CheckError::NoTemporaryFolder)?;
    let made = place.path().join("made");
    let (asked, scratch) = (place.path().join("asked"), place.path().join("tmp"));
    for folder in [&made, &asked, &scratch] {
        fs::create_dir(folder).map_err(CheckError::NoTemporaryFolder)?;
    }
    let result_of = |number: usize| made.join(format!("{number}.json"));
    let mut crashed: BTreeMap<usize, String> = BTreeMap::new();
    loop {
        let left: Vec<usize> = (0..cases.len())
            .filter(|number| !crashed.contains_key(number) && !result_of(*number).is_file())
            .collect();
        if left.is_empty() {
            break;
        }
        let list = asked.join("list.json");
        let listed: Value = left
            .iter()
            .map(|&number| listed(number, &cases[number]))
            .collect();
        files::write_whole(&list, listed.to_string().as_bytes())?;
        let reads = vec![
            prepared.snapshot.clone(),
            prepared.configuration.root.clone(),
            asked.clone(),
        ];
        let task = EngineTask::Cases {
            list: list.clone(),
            output: made.clone(),
        };
        let exit = launch(
            workspace,
            prepared,
            environment,
            reads,
            (task, &list, &scratch),
            cancel,
        )?;
        let next = left.iter().find(|number| !result_of(**number).is_file());
        if let Some(&number) = next {
            crashed.insert(number, format!("it ended the engine: {exit}"));
        }
    }
    let results = cases
        .iter()
        .enumerate()
        .map(|(number, case)| match crashed.get(&number) {
            Some(why) => Ok(failed(case, why.clone())),
            None => judge(case, &result_of(number)),
        });
    results.collect()
}

fn listed(number: usize, case: &Case) -> Value {
    let text = |value: &toml::Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let settings: BTreeMap<&String, String> = case
        .options
        .settings
        .iter()
        .map(|(name, value)| (name, text(value)))
        .collect();
    let input = case
        .input
        .canonicalize()
        .unwrap_or_else(|_| case.input.clone());
    json!({
        "number": number, "input": input, "input_sheets": case.options.input_sheets,
        "active_sheet_only": case.options.active_sheet_only, "settings": settings,
    })
}

/// Starts the engine once for a task whose `list` lies in a folder of its own. Returns how it ended.
pub(super) fn launch(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    reads: Vec<PathBuf>,
    (task, list, scratch): (EngineTask, &Path, &Path),
    cancel: &Cancel,
) -> Result<Exit, CheckError> {
    let python = EnvironmentFolder(environment.folder.clone()).python();
    let writes = task
        .output_folder()
        .into_iter()
        .chain([scratch.to_owned()])
        .collect();
    let policy = Policy::new(&workspace.settings, &python, reads, writes, false);
    let obstacles = policy.obstacles();
    if !obstacles.is_empty() {
        return Err(CheckError::NotConfined(obstacles));
    }
    let invocation = Invocation {
        policy,
        python: python.clone(),
        snapshot: prepared.package_folder.clone(),
        task,
        folder: list.parent().unwrap_or(list).to_owned(),
        scratch: scratch.to_owned(),
        settings: BTreeMap::new(),
        variables: workspace.settings.variables.clone(),
        debug: false,
        timeout: workspace.settings.run_timeout,
    };
    let report = ChildProcess::default()
        .launch(&invocation, cancel, &mut |_| None)
        .map_err(|error| CheckError::NotStarted(FileError::on("start", &python)(error)))?;
    match report.exit {
        Exit::Cancelled => Err(CheckError::Cancelled),
        exit => Ok(exit),
    }
}

fn failed(case: &Case, error: String) -> CaseResult {
    CaseResult {
        name: case.name.clone(),
        passed: false,
        checked: case.options.checked,
        error: Some(error),
        differences: Vec::new(),
        came_out: None,
    }
}

/// What came out of one case.
#[derive(Deserialize)]
struct CameOut {
    error: Option<EngineError>,
    tables: Vec<Table>,
}

#[derive(Deserialize)]
struct EngineError {
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct Table {
    fields: Vec<Option<String>>,
    headers: Vec<String>,
    rows: Vec<Vec<Value>>,
}

fn judge(case: &Case, result: &Path) -> Result<CaseResult, CasesError> {
    let text = fs::read_to_string(result).map_err(FileError::on("read", result))?;
    let came_out: CameOut = match serde_json::from_str(&text) {
        Ok(came_out) => came_out,
        Err(error) => {
            return Ok(failed(
                case,
                format!("what came out cannot be read: {error}"),
            ));
        }
    };
    match (&came_out.error, &case.options.must_fail) {
        (Some(error), Some(code)) if error.code == *code => {
            return Ok(CaseResult {
                passed: true,
                error: None,
                ..failed(case, String::new())
            });
        }
        (Some(error), _) => return Ok(failed(case, format!("{}: {}", error.code, error.message))),
        (None, Some(code)) => {
            return Ok(failed(
                case,
                format!("a run succeeds, and must fail with {code}"),
            ));
        }
        (None, None) => {}
    }
    let Some(file) = &case.expected else {
        let fields = own_fields(&came_out);
        return Ok(CaseResult {
            came_out: Some(as_csv(&fields, &rows(&came_out, &fields))),
            ..failed(
                case,
                "there is no expected.csv yet; --update writes it".to_owned(),
            )
        });
    };
    let (fields, wanted) = table_of(file).map_err(|error| CasesError::Invalid {
        file: file.clone(),
        what: error.to_string(),
    })?;
    let got = rows(&came_out, &fields);
    let differences = differences(&fields, &wanted, &got);
    Ok(CaseResult {
        passed: differences.is_empty(),
        error: None,
        differences,
        came_out: Some(as_csv(&fields, &got)),
        ..failed(case, String::new())
    })
}

/// The fields that came out in some table, in their order.
fn own_fields(came_out: &CameOut) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for field in came_out
        .tables
        .iter()
        .flat_map(|table| table.fields.iter().flatten())
    {
        if !field.starts_with("__") && !fields.contains(field) {
            fields.push(field.clone());
        }
    }
    fields
}

/// The rows of all tables in these columns, which are fields or headers.
fn rows(came_out: &CameOut, columns: &[String]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for table in &came_out.tables {
        let place = |name: &String| {
            let field = table
                .fields
                .iter()
                .position(|field| field.as_ref() == Some(name));
            field.or_else(|| table.headers.iter().position(|header| header == name))
        };
        let places: Vec<Option<usize>> = columns.iter().map(place).collect();
        for row in &table.rows {
            let text = |place: &Option<usize>| match place.and_then(|place| row.get(place)) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            };
            all.push(places.iter().map(text).collect());
        }
    }
    all
}

/// The header and the rows of the first sheet of a file.
fn table_of(file: &Path) -> Result<(Vec<String>, Vec<Vec<String>>), CellsError> {
    let cells = Cells::new(WindowLimits::default());
    let sheet = cells.whole(file, &Reading::whole(), Choice::At(0))?;
    let (height, width) = sheet.size();
    let row = |row| {
        (1..=width)
            .map(|column| sheet.cell(row, column, usize::MAX).text)
            .collect()
    };
    Ok((row(1), (2..=height).map(row).collect()))
}

/// The text as it is compared: numbers by their value, a moment at midnight as its day.
fn canonical(text: &str) -> String {
    let text = text.strip_suffix(" 00:00:00").unwrap_or(text);
    let is_code = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && !is_code => number.to_string(),
        _ => text.to_owned(),
    }
}

fn differences(fields: &[String], wanted: &[Vec<String>], got: &[Vec<String>]) -> Vec<Difference> {
    let keys = |rows: &[Vec<String>]| -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| row.iter().map(|text| canonical(text)).collect())
            .collect()
    };
    let (old, new) = (keys(wanted), keys(got));
    let mut found = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if matches!(operation, DiffOp::Equal { .. }) {
            continue;
        }
        let (_, was, is) = operation.as_tag_tuple();
        let both = was.len().min(is.len());
        for (was, is) in was.clone().zip(is.clone()) {
            for (at, field) in fields
                .iter()
                .enumerate()
                .filter(|(at, _)| old[was][*at] != new[is][*at])
            {
                found.push(Difference {
                    row: is + 1,
                    field: Some(field.clone()),
                    expected: Some(wanted[was][at].clone()),
                    got: Some(got[is][at].clone()),
                });
            }
        }
        let whole = |row: &[String]| Some(row.join(", "));
        found.extend(was.skip(both).map(|row| Difference {
            row: row + 1,
            field: None,
            expected: whole(&wanted[row]),
            got: None,
        }));
        found.extend(is.skip(both).map(|row| Difference {
            row: row + 1,
            field: None,
            expected: None,
            got: whole(&got[row]),
        }));
    }
    found
}

fn as_csv(fields: &[String], rows: &[Vec<String>]) -> String {
    let quoted = |text: &String| {
        if text.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.clone()
        }
    };
    let line = |row: &[String]| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
    line(fields) + &rows.iter().map(|row| line(row)).collect::<String>()
}

/// Writes what came out as what is expected. Returns the file; `None`: nothing came out, or the expected table is a workbook.
///
/// # Errors
/// The file cannot be written.
pub fn update(case: &Case, result: &CaseResult) -> Result<Option<PathBuf>, FileError> {
    let file = case.folder.join("expected.csv");
    let is_workbook = case
        .expected
        .as_ref()
        .is_some_and(|expected| *expected != file);
    let Some(text) = result
        .came_out
        .as_ref()
        .filter(|_| !is_workbook && !result.passed)
    else {
        return Ok(None);
    };
    files::write_whole(&file, text.as_bytes())?;
    Ok(Some(file))
}
