//! Tries layout changes that must not change the result on the inputs of cases: `ade test --fuzz`.
//!
//! The engine makes the changes, and shrinks those that change the result. The same seed tries the same changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::judging::{CaseOutput, as_expected, outcome_differences};
use super::running::{CaseAnswers, asked};
use super::{Case, CaseDifference, CasesError};
use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::checks::engine::{CheckEngine, EngineError};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::store::EnvironmentRecord;
use crate::workspace::Workspace;

/// The result of fuzzing all cases. The changed inputs are deleted with it.
pub struct FuzzReport {
    /// The results in the order of the cases.
    pub cases: Vec<FuzzedCase>,
    _answers: CaseAnswers,
}

/// The result of fuzzing one case.
#[derive(Debug, Serialize)]
pub struct FuzzedCase {
    /// The name of the case.
    pub name: String,
    /// The reason why nothing was tried, if so.
    pub error: Option<String>,
    /// The number of changes tried, by kind of change.
    pub tried: BTreeMap<String, u64>,
    /// The kinds of changes that changed the result, each with its smallest change.
    pub broken: Vec<FuzzFailure>,
}

/// A layout change that changes the result.
#[derive(Debug, Serialize)]
pub struct FuzzFailure {
    /// The kind of the change.
    pub kind: String,
    /// The change, described in words.
    pub change: String,
    /// The number of changes of this kind that changed the result.
    pub times: u64,
    /// The error, if the changed input gave no result.
    pub error: Option<String>,
    /// The differences from the result without the change.
    pub differences: Vec<CaseDifference>,
    #[serde(skip)]
    input: PathBuf,
    #[serde(skip)]
    expected: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FuzzAnswer {
    error: Option<EngineError>,
    tried: BTreeMap<String, u64>,
    broken: Vec<FuzzFailureAnswer>,
}

#[derive(Deserialize)]
struct FuzzFailureAnswer {
    kind: String,
    words: String,
    times: u64,
    input: PathBuf,
    before: CaseOutput,
    after: CaseOutput,
}

/// Tries `changes` layout changes on each case.
///
/// # Errors
/// The engine could not be started or was cancelled.
pub fn fuzz(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    environment: &EnvironmentRecord,
    cases: &[Case],
    (changes, seed): (u32, u64),
    cancel: &Cancel,
) -> Result<FuzzReport, CasesError> {
    let engine = CheckEngine {
        workspace,
        prepared,
        environment,
    };
    let all = cases.iter().map(|case| {
        let mut asked = asked(case);
        asked["changes"] = json!(changes);
        asked["seed"] = json!(seed);
        asked
    });
    let answers = engine.ask(all.collect(), changes as usize, cancel)?;
    let fuzzed = cases.iter().enumerate().map(|(number, case)| {
        let answer = match answers.file(number) {
            Err(why) => return Ok(none(case, why.to_owned())),
            Ok(file) => fs::read_to_string(&file).map_err(FileError::on("read", &file))?,
        };
        Ok(match serde_json::from_str(&answer) {
            Ok(answer) => told(case, answer),
            Err(error) => none(case, format!("the result cannot be read: {error}")),
        })
    });
    Ok(FuzzReport {
        cases: fuzzed.collect::<Result<_, CasesError>>()?,
        _answers: answers,
    })
}

fn none(case: &Case, error: String) -> FuzzedCase {
    FuzzedCase {
        name: case.name.clone(),
        error: Some(error),
        tried: BTreeMap::new(),
        broken: Vec::new(),
    }
}

fn told(case: &Case, answer: FuzzAnswer) -> FuzzedCase {
    let broken = answer.broken.into_iter().map(|failure| FuzzFailure {
        kind: failure.kind,
        change: failure.words,
        times: failure.times,
        error: failure.after.error.as_ref().map(ToString::to_string),
        differences: match failure.after.error {
            Some(_) => Vec::new(),
            None => outcome_differences(&failure.before, &failure.after),
        },
        input: failure.input,
        expected: as_expected(&failure.before),
    });
    FuzzedCase {
        name: case.name.clone(),
        error: answer.error.as_ref().map(ToString::to_string),
        broken: broken.collect(),
        tried: answer.tried,
    }
}

/// The outcome of [`keep`].
#[derive(Debug, PartialEq, Eq)]
pub enum KeptCase {
    /// The folder of the new case.
    New(PathBuf),
    /// A case of this name exists already and was left as it is.
    IsThere(PathBuf),
}

/// Saves a change as a new case beside the original, with the options of the original and a comment in `case.toml` that
/// describes it.
///
/// # Errors
/// A file cannot be written.
pub fn keep(case: &Case, broken: &FuzzFailure) -> Result<KeptCase, CasesError> {
    let name = format!("{}-{}", case.name, broken.kind);
    let folder = case.folder.with_file_name(&name);
    if folder.exists() {
        return Ok(KeptCase::IsThere(folder));
    }
    files::create_folder(&folder)?;
    let read = |file: &Path| fs::read(file).map_err(FileError::on("read", file));
    let ending = broken.input.extension().unwrap_or_default();
    let input = folder.join("input").with_extension(ending);
    files::write_whole(&input, &read(&broken.input)?)?;
    files::write_whole(&folder.join("expected.csv"), broken.expected.as_bytes())?;
    let options = case.folder.join("case.toml");
    let options = if options.is_file() {
        String::from_utf8_lossy(&read(&options)?).into_owned()
    } else {
        String::new()
    };
    let told = format!(
        "# The case {}, with another layout: {}.\n# The expected result is that of the case without this change.\n",
        case.name, broken.change
    );
    let text = told + &fitting(&options, Path::new(ending));
    files::write_whole(&folder.join("case.toml"), text.as_bytes())?;
    Ok(KeptCase::New(folder))
}

/// Returns the options without the issues, because these name rows of the original input. `input_name` gets the extension of
/// the changed input.
fn fitting(options: &str, ending: &Path) -> String {
    let Ok(mut table) = options.parse::<toml::Table>() else {
        return options.to_owned();
    };
    let had_issues = table.remove("issues").is_some();
    let name = table.get("input_name").and_then(toml::Value::as_str);
    let renamed = name.map(|name| Path::new(name).with_extension(ending));
    let renamed = renamed.map(|name| name.to_string_lossy().into_owned());
    let is_other = renamed.as_deref() != name;
    if let Some(name) = renamed {
        table.insert("input_name".to_owned(), name.into());
    }
    if had_issues || is_other {
        table.to_string()
    } else {
        options.to_owned()
    }
}
