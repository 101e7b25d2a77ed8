//! The cases of a configuration: inputs in `tests/cases/` with the expected tables. `ade test`.
//!
//! - [`run`]: runs the cases in the engine, many in one process.
//! - `judging`: compares the results with the expected tables.
//! - [`fuzz`]: tries layout changes that must not change the result.
//! - [`as_junit`]: writes the report that CI systems read.
//!
//! No run is recorded.

mod fuzzing;
mod judging;
pub(super) mod junit;
mod running;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::fuzzing::{FuzzFailure, FuzzReport, FuzzedCase, KeptCase, fuzz, keep};
pub use self::junit::as_junit;
pub use self::running::run;
use super::engine::CheckError;
use crate::base::digest;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, ErrorFacts, Problem, ProblemKind, become_error, code};
use crate::run::inputs::input::is_supported;
use crate::settings::nearest;
use crate::store::{RunRecord, StoreError};

/// A case: a folder with an input and its expected table.
#[derive(Clone, Debug)]
pub struct Case {
    /// The name of the folder.
    pub name: String,
    /// The path of the folder.
    pub folder: PathBuf,
    /// The input file that is run.
    pub input: PathBuf,
    /// The file with the expected table. `None` if there is none yet.
    pub expected: Option<PathBuf>,
    /// The options in `case.toml`.
    pub options: CaseOptions,
}

/// The content of `case.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaseOptions {
    /// Whether a person has checked the expected table.
    pub checked: bool,
    /// The sender's name for the file, which `[files."…"]` settings and hooks match. `None`: the name of the input in the case.
    pub input_name: Option<String>,
    /// The code of the error that a run of the input must end with.
    pub must_fail: Option<String>,
    /// The sheets to run. Empty: all visible sheets.
    pub input_sheets: Vec<String>,
    /// Whether only the active sheet is run.
    pub active_sheet_only: bool,
    /// Settings of the engine by name.
    pub settings: BTreeMap<String, toml::Value>,
    /// All issues that the run must report. `None`: issues are not compared.
    pub issues: Option<Vec<WantedIssue>>,
}

/// An expected issue. Fields that are not given match anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WantedIssue {
    /// The field that the issue is about.
    pub field: Option<String>,
    /// The row of the input, counted from 1.
    pub row: Option<usize>,
    /// The rule of the issue, such as `email.required`.
    pub rule: Option<String>,
    /// The severity: `error`, `warning` or `info`.
    pub severity: Option<String>,
    /// A part of the message.
    pub message: Option<String>,
}

impl Default for CaseOptions {
    fn default() -> Self {
        Self {
            checked: true,
            input_name: None,
            must_fail: None,
            input_sheets: Vec::new(),
            active_sheet_only: false,
            settings: BTreeMap::new(),
            issues: None,
        }
    }
}

/// The result of running a case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// The name of the case.
    pub name: String,
    /// Whether the result is as expected.
    pub passed: bool,
    /// Whether a person has checked the expected table.
    pub checked: bool,
    /// The reason why there is nothing to compare, if so.
    pub error: Option<String>,
    /// The seconds that the engine took.
    pub seconds: f64,
    /// The differences from the expected tables and issues.
    pub differences: Vec<CaseDifference>,
    /// The result as the text of an `expected.csv`.
    #[serde(skip)]
    pub came_out: Option<String>,
}

impl CaseResult {
    /// Returns whether all differences are in the file that [`update`] writes.
    pub fn is_mended_by_update(&self) -> bool {
        let is_cells = |difference: &CaseDifference| difference.what != DifferenceKind::Issue;
        self.came_out.is_some() && self.differences.iter().all(is_cells)
    }
}

/// A cell, row or issue that differs from the expected one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseDifference {
    /// The kind of the difference.
    pub what: DifferenceKind,
    /// The sheet of the output, if several are expected.
    pub sheet: Option<String>,
    /// The row of the resulting table, from 1; of the expected table if the row is missing. For an issue, the row of the input.
    pub row: Option<usize>,
    /// The field. `None` for a whole row, and for an issue without a field.
    pub field: Option<String>,
    /// The expected value. `None`: no such row or issue was expected.
    pub expected: Option<String>,
    /// The value in the result. `None`: the result has no such row or issue.
    pub got: Option<String>,
}

/// The kind of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// The value of a cell.
    Cell,
    /// A row as a whole.
    Row,
    /// An issue of the run.
    Issue,
}

/// An error that prevents running the cases.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// The configuration has no cases.
    #[error("{} has no cases", .0.display())]
    None(PathBuf),
    /// A file of a case cannot be used.
    #[error("{}: {what}", file.display())]
    Invalid {
        /// The path of the file.
        file: PathBuf,
        /// The reason in words.
        what: String,
    },
    /// The engine failed, or was cancelled.
    #[error(transparent)]
    Engine(#[from] CheckError),
    /// The records of runs cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such case, or a file cannot be read or written.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<FileError> for CasesError {
    fn from(error: FileError) -> Self {
        error.unwritable().into()
    }
}

impl Problem for CasesError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::None(_) => ErrorFacts::new(ProblemKind::Usage, code::NO_INPUT)
                .hint("create a folder tests/cases/NAME with a file input.csv or input.xlsx; `ade test --update` writes its expected result"),
            Self::Invalid { .. } => ErrorFacts::new(ProblemKind::Usage, code::USAGE),
            Self::Engine(error) => error.facts(),
            Self::Store(error) => error.facts(),
            Self::Other(error) => error.facts(),
        }
    }
}

become_error!(CasesError);

/// Returns the cases in a configuration's folder, sorted by name.
///
/// # Errors
/// There are no cases, or the file of a case cannot be read.
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
            options: options(&folder.join("case.toml"), &input)?,
            expected: expected.into_iter().find(|path| path.is_file()),
            input,
            folder,
        });
    }
    found.sort_by(|case, other| case.name.cmp(&other.name));
    if found.is_empty() {
        return Err(none());
    }
    Ok(found)
}

/// Returns the cases with these names, or all, limited to names that contain `words`.
///
/// # Errors
/// No case matches, or a name is unknown.
pub fn choose(
    all: Vec<Case>,
    names: &[String],
    words: Option<&str>,
) -> Result<Vec<Case>, CasesError> {
    let known = || all.iter().map(|case| case.name.as_str());
    let listed = || known().collect::<Vec<_>>().join(", ");
    if let Some(name) = names
        .iter()
        .find(|name| known().all(|known| known != *name))
    {
        let hint = match nearest(name, known()) {
            Some(similar) => format!("did you mean {similar}?"),
            None => format!("there are {}", listed()),
        };
        let error = Error::usage(code::NO_INPUT, format!("there is no case {name}"));
        return Err(error.hint(hint).into());
    }
    let listed = listed();
    let is_meant = |case: &Case| {
        words.is_none_or(|words| case.name.contains(words))
            && (names.is_empty() || names.contains(&case.name))
    };
    let found: Vec<Case> = all.into_iter().filter(is_meant).collect();
    match found.is_empty() {
        true => {
            let error = Error::usage(code::NO_INPUT, "no case matches");
            Err(error.hint(format!("there are {listed}")).into())
        }
        false => Ok(found),
    }
}

fn options(file: &Path, input: &Path) -> Result<CaseOptions, CasesError> {
    let invalid = |what| CasesError::Invalid {
        file: file.to_owned(),
        what,
    };
    match fs::read_to_string(file) {
        Ok(text) => {
            let options: CaseOptions = toml::from_str(&text)
                .map_err(|error| invalid(error.to_string().trim_end().to_owned()))?;
            match &options.input_name {
                Some(name) if !can_be_name_of(input, name) => Err(invalid(format!(
                    "input_name = {name:?} should be the name of a file, without a folder, that ends like {}",
                    files::name_of(input)
                ))),
                _ => Ok(options),
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(CaseOptions::default()),
        Err(error) => Err(FileError::on("read", file)(error).into()),
    }
}

/// Returns whether a sender may have given the input this name: it has no folder and ends as the input does.
fn can_be_name_of(input: &Path, name: &str) -> bool {
    let ending = |path: &Path| path.extension().map(|it| it.to_ascii_lowercase());
    let given = Path::new(name);
    given.file_name().is_some_and(|whole| whole == name) && ending(given) == ending(input)
}

/// Adds `input_name` to the `case.toml` of a case that lacks it: the name under which the first of `runs` read the same bytes.
/// Returns the written file. `None` if the name is given already, or no run has it.
///
/// # Errors
/// The runs, or a file, cannot be read or written.
pub fn name_input(
    case: &mut Case,
    runs: impl Iterator<Item = Result<RunRecord, StoreError>>,
) -> Result<Option<PathBuf>, CasesError> {
    if case.options.input_name.is_some() {
        return Ok(None);
    }
    let (input, own) = (&case.input, files::name_of(&case.input));
    let (digest, _) = digest::of_file(input).map_err(FileError::on("read", input))?;
    let digest = digest.to_string();
    let mut found = None;
    for run in runs {
        let run = run?;
        let name = run.input_name;
        if run.input_sha256 == digest && name != own && can_be_name_of(input, &name) {
            found = Some(name);
            break;
        }
    }
    let Some(name) = found else {
        return Ok(None);
    };
    let file = case.folder.join("case.toml");
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(FileError::on("read", &file))?,
    };
    // The line goes below the comment at the top and above all keys and tables.
    let said = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with('#'));
    let (above, below) = text.split_at(said.map(str::len).sum());
    let line = input_name_line(&name);
    files::write_whole(&file, format!("{above}{line}{below}").as_bytes())?;
    case.options.input_name = Some(name);
    Ok(Some(file))
}

/// Returns the `input_name` line of a `case.toml`.
pub(in crate::checks) fn input_name_line(name: &str) -> String {
    format!("input_name = {}\n", toml::Value::from(name))
}

/// Writes the result as the expected table. Returns the file. `None` if there is no result, or the expected table is a
/// workbook.
///
/// # Errors
/// The file cannot be written.
pub fn update(case: &Case, result: &CaseResult) -> Result<Option<PathBuf>, FileError> {
    let Some(text) = result.came_out.as_ref().filter(|_| !result.passed) else {
        return Ok(None);
    };
    let file = case.folder.join("expected.csv");
    files::write_whole(&file, text.as_bytes())?;
    Ok(Some(file))
}

impl CaseResult {
    /// Returns the reason for the failure in one line: the error, the only difference, or the number of differences.
    pub fn why(&self) -> String {
        match (&self.error, self.differences.as_slice()) {
            (Some(error), _) => error.clone(),
            (None, [difference]) => difference.to_string(),
            (None, all) => format!("{} differences", all.len()),
        }
    }
}

/// Writes the difference in one line of less than 80 columns.
impl fmt::Display for CaseDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<String>, most: usize| match value.as_deref() {
            None | Some("") => "nothing".to_owned(),
            Some(text) => cut(text, most),
        };
        let sheet = self.sheet.as_deref();
        let sheet = sheet.map_or_else(String::new, |sheet| format!("{}  ", cut(sheet, 12)));
        let row = self
            .row
            .map_or_else(String::new, |row| format!("row {row}"));
        let (expected, got) = (&self.expected, &self.got);
        let field = self.field.as_deref();
        let field = field.map_or_else(String::new, |field| cut(field, 18));
        match (self.what, expected) {
            (DifferenceKind::Cell, _) => {
                let (expected, got) = (text(expected, 16), text(got, 16));
                write!(
                    formatter,
                    "{sheet}{row}  {field}  expected {expected}  got {got}"
                )
            }
            (DifferenceKind::Row, Some(_)) => {
                write!(formatter, "{sheet}{row} is missing: {}", text(expected, 45))
            }
            (DifferenceKind::Row, None) => {
                write!(
                    formatter,
                    "{sheet}{row} was not expected: {}",
                    text(got, 40)
                )
            }
            (DifferenceKind::Issue, _) => {
                let place = [row, field].into_iter().filter(|word| !word.is_empty());
                let place = place.collect::<Vec<_>>().join("  ");
                match expected {
                    Some(_) => write!(formatter, "no issue  {place}  {}", text(expected, 35)),
                    None => write!(formatter, "issue  {place}  {}", text(got, 38)),
                }
            }
        }
    }
}

/// Returns a text in one line of at most `most` characters.
fn cut(text: &str, most: usize) -> String {
    let line = text.replace(char::is_control, " ");
    if line.chars().count() <= most {
        line
    } else {
        line.chars().take(most - 1).chain(['…']).collect()
    }
}
