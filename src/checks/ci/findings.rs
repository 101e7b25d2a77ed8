//! The findings of the steps of a call, and their positions.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::problem::{Problem, ProblemKind};
use crate::checks::cases::CaseResult;
use crate::run::inputs::input::Input;
use crate::run::results::demands::NothingFound;
use crate::store::RunMetrics;

/// A configuration with the results of its steps.
#[derive(Debug, Serialize)]
pub struct ExaminedConfiguration {
    /// The configuration's name, or its folder's name if it cannot be opened.
    pub name: String,
    /// The folder of the configuration, canonical.
    pub path: PathBuf,
    /// The steps in the order in which they ran.
    pub steps: Vec<CiStep>,
}

/// The result of one step for a configuration.
#[derive(Debug, Serialize)]
pub struct CiStep {
    /// The kind of the step.
    pub step: StepName,
    /// The input of a run, as it was given or found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<PathBuf>,
    /// The state after the step.
    pub state: StepState,
    /// The result in one line, or the reason why the step was skipped.
    pub message: String,
    /// The seconds that the step took.
    pub seconds: f64,
    /// The kind of failure, which decides the exit status.
    #[serde(skip)]
    pub failure: Option<ProblemKind>,
    /// The problems that the step found.
    pub findings: Vec<CiFinding>,
    /// The results of the cases, for a test step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseResult>,
    /// The figures of the run, for a run step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// The kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepName {
    /// Checks whether the lock is up to date.
    Lock,
    /// Checks whether the configuration loads.
    Check,
    /// Runs the cases of the configuration.
    Test,
    /// Runs one input file.
    Run,
}

impl StepName {
    /// Returns the name of the command that does this step alone.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Check => "check",
            Self::Test => "test",
            Self::Run => "run",
        }
    }
}

/// The state after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// The step found no error.
    Passed,
    /// The step found an error.
    Failed,
    /// The step was not done.
    Skipped,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Run {
    /// The id of the run.
    pub id: String,
    /// The counts of the run. `None` if it did not get so far.
    pub metrics: Option<RunMetrics>,
    /// The kind of content that the run found none of: tables, fields or rows.
    pub nothing_found: Option<NothingFound>,
    /// The errors and warnings of each rule. Empty if the configuration asks for no list of issues.
    pub rules: Vec<CiRuleCount>,
}

/// The number of issues of one rule.
#[derive(Debug, Serialize)]
pub struct CiRuleCount {
    /// The name of the rule.
    pub rule: String,
    /// The severity of the issues.
    pub severity: &'static str,
    /// The number of issues.
    pub count: u64,
}

/// A problem that a step found.
#[derive(Debug, Serialize)]
pub struct CiFinding {
    /// The level of the finding.
    pub level: Level,
    /// The error code, if it is one that docs/reference/errors.md lists.
    pub code: Option<String>,
    /// The message about the problem.
    pub message: String,
    /// A hint what to do next.
    pub hint: Option<String>,
    /// The file of the configuration that the finding is about.
    pub file: Option<PathBuf>,
    /// The line of that file, counted from 1.
    pub line: Option<u32>,
}

/// The level of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The problem makes the step fail.
    Error,
    /// The step passes in spite of it.
    Warning,
}

impl Level {
    /// Returns the level as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl CiFinding {
    pub(super) fn new(level: Level, message: impl Into<String>) -> Self {
        Self {
            level,
            code: None,
            message: message.into(),
            hint: None,
            file: None,
            line: None,
        }
    }

    /// Makes a finding of an error of the library.
    pub(super) fn from_problem(problem: &dyn Problem) -> Self {
        let facts = problem.facts();
        Self {
            code: Some(facts.code.to_owned()),
            hint: facts.hint,
            ..Self::new(Level::Error, problem.to_string())
        }
    }

    /// Returns the message and the hint, a line each.
    pub(super) fn whole(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}\nhint: {hint}", self.message),
            None => self.message.clone(),
        }
    }

    /// Returns the finding with the position that it is about.
    pub(super) fn at(self, file: impl Into<PathBuf>, line: Option<u32>) -> Self {
        Self {
            file: Some(file.into()),
            line,
            ..self
        }
    }
}

impl CiStep {
    /// Returns whether this is a run that passed and found nothing.
    pub fn found_nothing(&self) -> bool {
        let found = self.run.as_ref().and_then(|run| run.nothing_found);
        self.state == StepState::Passed && found.is_some()
    }

    pub(super) fn new(step: StepName, state: StepState, message: impl Into<String>) -> Self {
        Self {
            step,
            input: None,
            state,
            message: message.into(),
            seconds: 0.0,
            failure: None,
            findings: Vec::new(),
            cases: Vec::new(),
            run: None,
        }
    }

    pub(super) fn failed(step: StepName, kind: ProblemKind, finding: CiFinding) -> Self {
        let first = finding.message.lines().next();
        Self {
            failure: Some(kind),
            ..Self::new(step, StepState::Failed, first.unwrap_or_default())
        }
        .with(finding)
    }

    fn with(mut self, finding: CiFinding) -> Self {
        self.findings.push(finding);
        self
    }

    /// Returns the step with the input that it ran.
    pub(super) fn with_input(self, input: &Input) -> Self {
        Self {
            input: Some(input.path.clone()),
            ..self
        }
    }

    /// Returns the input for display. Empty if there is none.
    pub(super) fn input_shown(&self) -> String {
        let input = self.input.as_ref();
        input.map_or_else(String::new, |path| path.display().to_string())
    }

    /// Returns the step's title: `check`, `run orders.xlsx`.
    pub fn title(&self) -> String {
        match &self.input {
            Some(input) => format!("{} {}", self.step.word(), input.display()),
            None => self.step.word().to_owned(),
        }
    }
}

impl ExaminedConfiguration {
    /// Returns whether no step failed.
    pub fn is_sound(&self) -> bool {
        self.steps.iter().all(|step| step.failure.is_none())
    }

    /// Returns the file at which reports place findings about the whole configuration.
    pub(super) fn manifest(&self) -> PathBuf {
        manifest_of(&self.path)
    }
}

/// Returns every finding with its configuration and step, in their order.
pub(super) fn all_findings(
    all: &[ExaminedConfiguration],
) -> impl Iterator<Item = (&ExaminedConfiguration, &CiStep, &CiFinding)> {
    let steps = all.iter().flat_map(|examined| {
        let steps = examined.steps.iter();
        steps.map(move |step| (examined, step))
    });
    steps.flat_map(|(examined, step)| {
        let findings = step.findings.iter();
        findings.map(move |finding| (examined, step, finding))
    })
}

/// Returns the worst failure of all. `None` if nothing failed.
pub fn outcome(all: &[ExaminedConfiguration]) -> Option<ProblemKind> {
    let steps = all.iter().flat_map(|examined| &examined.steps);
    steps.filter_map(|step| step.failure).max()
}

/// Returns the manifest of a configuration, or its folder if there is none.
pub(super) fn manifest_of(folder: &Path) -> PathBuf {
    existing(folder, "pyproject.toml").unwrap_or_else(|| folder.to_owned())
}

/// Returns a path below a folder if it is a file.
pub(super) fn existing(folder: &Path, below: &str) -> Option<PathBuf> {
    let file = folder.join(below);
    file.is_file().then_some(file)
}

/// The texts between a file and its line number in messages: directly behind the file, or somewhere later.
const AT_ONCE: [&str; 2] = [", line ", ":"];
const BEHIND: &str = "(at line ";

/// Returns the last file below a folder that a message names, which is the innermost, and its line if it is given.
pub(super) fn named(message: &str, folder: &Path) -> Option<(PathBuf, Option<u32>)> {
    let below = format!("{}/", folder.display());
    let found = message.match_indices(&below).filter_map(|(at, _)| {
        let name = &message[at + below.len()..];
        let name = &name[..name.find(['\n', '"', '\'']).unwrap_or(name.len())];
        // Names may contain spaces and colons, so the longest prefix that is a file is the name.
        let ends = name
            .char_indices()
            .map(|(end, letter)| end + letter.len_utf8());
        let length = ends
            .rev()
            .find(|&end| folder.join(&name[..end]).is_file())?;
        let (name, rest) = name.split_at(length);
        let at_once = AT_ONCE.iter().find_map(|words| rest.strip_prefix(words));
        let behind = || rest.split_once(BEHIND).map(|(_, rest)| rest);
        Some((
            folder.join(name),
            at_once.or_else(behind).and_then(leading_number),
        ))
    });
    found.last()
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    text[..end.unwrap_or(text.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    #[test]
    fn files_are_found_in_messages_however_they_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("my crew");
        for name in ["settings.toml", "src/a b/x.py", "pyproject.toml"] {
            write_files(&root, &[(name, "")]);
        }
        for (words, wanted) in [
            ("^/settings.toml, line 3: no", "settings.toml Some(3)"),
            (
                "^/settings.toml is not valid TOML: x (at line 6, column 1)",
                "settings.toml Some(6)",
            ),
            ("^/pyproject.toml:12:4: x", "pyproject.toml Some(12)"),
            (
                "^/settings.toml, line 1; f (^/src/a b/x.py, line 9)",
                "src/a b/x.py Some(9)",
            ),
            ("^/src/a b/x.py registers nothing: it", "src/a b/x.py None"),
            ("^/src/gone.py, line 2", ""),
            ("/elsewhere/settings.toml, line 3", ""),
            ("ünï ^/", ""),
        ] {
            let message = words.replace('^', root.to_str().unwrap());
            let found = named(&message, &root).map(|(file, line)| {
                let file = file.strip_prefix(&root).unwrap();
                format!("{} {line:?}", file.display())
            });
            assert_eq!(found.unwrap_or_default(), wanted, "{words}");
        }
    }
}
