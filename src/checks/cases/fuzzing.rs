//! Changes of a sender's layout that must not change what comes out, tried on the inputs of cases: `ade test --fuzz`.
//!
//! The engine makes them, and makes those smaller that change something. The same seed tries the same changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::judging::{CameOut, as_expected, outcome_differences};
use super::running::{Answers, asked};
use super::{Case, CasesError, Difference};
use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::checks::engine::{Engine, EngineError};
use crate::environment::needed::prepare::Prepared;
use crate::store::EnvironmentRecord;
use crate::workspace::Workspace;

/// How the changes of all cases came out. The changed inputs go with it.
pub struct Fuzzed {
    /// In the order of the cases.
    pub cases: Vec<FuzzedCase>,
    _answers: Answers,
}

/// How the changes of a case came out.
#[derive(Debug, Serialize)]
pub struct FuzzedCase {
    /// Its name.
    pub name: String,
    /// Why nothing was tried.
    pub error: Option<String>,
    /// How many changes of each kind were tried.
    pub tried: BTreeMap<String, u64>,
    /// Kinds of changes that changed what came out, each with its smallest.
    pub broken: Vec<Broken>,
}

/// A change of layout that changes what comes out.
#[derive(Debug, Serialize)]
pub struct Broken {
    /// Its kind.
    pub kind: String,
    /// What was changed.
    pub change: String,
    /// How many changes of this kind did.
    pub times: u64,
    /// Why nothing came out.
    pub error: Option<String>,
    /// What differs.
    pub differences: Vec<Difference>,
    #[serde(skip)]
    input: PathBuf,
    #[serde(skip)]
    expected: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    error: Option<EngineError>,
    tried: BTreeMap<String, u64>,
    broken: Vec<AnswerBroken>,
}

#[derive(Deserialize)]
struct AnswerBroken {
    kind: String,
    words: String,
    times: u64,
    input: PathBuf,
    before: CameOut,
    after: CameOut,
}

/// Tries so many changes of each case.
///
/// # Errors
/// The engine could not be started or was cancelled.
pub fn fuzz(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    cases: &[Case],
    (changes, seed): (u32, u64),
    cancel: &Cancel,
) -> Result<Fuzzed, CasesError> {
    let engine = Engine {
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
        let answer = match answers.of(number) {
            Err(why) => return Ok(none(case, why.to_owned())),
            Ok(file) => fs::read_to_string(&file).map_err(FileError::on("read", &file))?,
        };
        Ok(match serde_json::from_str(&answer) {
            Ok(answer) => told(case, answer),
            Err(error) => none(case, format!("what came out cannot be read: {error}")),
        })
    });
    Ok(Fuzzed {
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

fn told(case: &Case, answer: Answer) -> FuzzedCase {
    let broken = answer.broken.into_iter().map(|one| Broken {
        kind: one.kind,
        change: one.words,
        times: one.times,
        error: one.after.error.as_ref().map(ToString::to_string),
        differences: match one.after.error {
            Some(_) => Vec::new(),
            None => outcome_differences(&one.before, &one.after),
        },
        input: one.input,
        expected: as_expected(&one.before),
    });
    FuzzedCase {
        name: case.name.clone(),
        error: answer.error.as_ref().map(ToString::to_string),
        broken: broken.collect(),
        tried: answer.tried,
    }
}

/// A change that is a case now, or has not become one.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// The folder of the new case.
    New(PathBuf),
    /// A case of this name is there already, and was left as it is.
    IsThere(PathBuf),
}

/// Keeps a change as a case beside the one that it was made of, with its options, and says in `case.toml` what it is.
///
/// # Errors
/// A file cannot be written.
pub fn keep(case: &Case, broken: &Broken) -> Result<Kept, CasesError> {
    let name = format!("{}-{}", case.name, broken.kind);
    let folder = case.folder.with_file_name(&name);
    if folder.exists() {
        return Ok(Kept::IsThere(folder));
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
        "# The case {}, with another layout: {}.\n# What is expected is what comes out of it without this change.\n",
        case.name, broken.change
    );
    let text = told + &fitting(&options, Path::new(ending));
    files::write_whole(&folder.join("case.toml"), text.as_bytes())?;
    Ok(Kept::New(folder))
}

/// The options without the issues, which are told at rows of the input: these are others. The name of the sender's file ends as the
/// changed input does.
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
