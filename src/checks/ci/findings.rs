//! What the steps of a call find, and where.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::problem::{Kind, Problem};
use crate::checks::cases::CaseResult;
use crate::run::inputs::input::Input;
use crate::run::results::demands::Nothing;
use crate::store::RunMetrics;

/// A configuration that was looked at.
#[derive(Debug, Serialize)]
pub struct Examined {
    /// Its name; that of its folder where it cannot be opened.
    pub name: String,
    /// Its folder, canonical.
    pub path: PathBuf,
    /// What was done, in its order.
    pub steps: Vec<Step>,
}

/// One thing that was done to a configuration.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Which.
    pub step: StepName,
    /// The input of a run, as it was given or found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<PathBuf>,
    /// How it came out.
    pub state: State,
    /// What is to be said of it, in a line: what was found, or why it was skipped.
    pub message: String,
    /// How long it took.
    pub seconds: f64,
    /// What kind of failure it is, which decides the exit status.
    #[serde(skip)]
    pub failure: Option<Kind>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The cases of a test.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseResult>,
    /// What a run found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepName {
    /// Whether the lock is up to date.
    Lock,
    /// Whether the configuration loads.
    Check,
    /// Its cases.
    Test,
    /// A run of an input.
    Run,
}

impl StepName {
    /// The name of the command that does it alone.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Check => "check",
            Self::Test => "test",
            Self::Run => "run",
        }
    }
}

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should.
    Passed,
    /// Otherwise.
    Failed,
    /// It was not done.
    Skipped,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// What it counted; `None`: it did not get so far.
    pub metrics: Option<RunMetrics>,
    /// What it found none of.
    pub nothing_found: Option<Nothing>,
    /// The errors and warnings of each rule; nothing where the configuration asks for no list of issues.
    pub rules: Vec<OfRule>,
}

/// How many issues are of one rule.
#[derive(Debug, Serialize)]
pub struct OfRule {
    /// The rule.
    pub rule: String,
    /// How much it matters.
    pub severity: &'static str,
    /// How many.
    pub count: u64,
}

/// Something that is wrong.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// The code of the error, if it is one of those that docs/reference/errors.md lists.
    pub code: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The file of the configuration that it is about.
    pub file: Option<PathBuf>,
    /// The line of that file, from 1.
    pub line: Option<u32>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The step failed.
    Error,
    /// It did not.
    Warning,
}

impl Level {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Finding {
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

    /// An error of the library.
    pub(super) fn of(problem: &dyn Problem) -> Self {
        let facts = problem.facts();
        Self {
            code: Some(facts.code.to_owned()),
            hint: facts.hint,
            ..Self::new(Level::Error, problem.to_string())
        }
    }

    /// What is wrong and what to do next, a line each.
    pub(super) fn whole(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}\nhint: {hint}", self.message),
            None => self.message.clone(),
        }
    }

    /// The same, about a file.
    pub(super) fn at(self, file: impl Into<PathBuf>, line: Option<u32>) -> Self {
        Self {
            file: Some(file.into()),
            line,
            ..self
        }
    }
}

impl Step {
    /// Whether it is a run that passed and found nothing.
    pub fn found_nothing(&self) -> bool {
        let found = self.run.as_ref().and_then(|run| run.nothing_found);
        self.state == State::Passed && found.is_some()
    }

    pub(super) fn new(step: StepName, state: State, message: impl Into<String>) -> Self {
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

    pub(super) fn failed(step: StepName, kind: Kind, finding: Finding) -> Self {
        let first = finding.message.lines().next();
        Self {
            failure: Some(kind),
            ..Self::new(step, State::Failed, first.unwrap_or_default())
        }
        .with(finding)
    }

    fn with(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }

    /// The same, of an input.
    pub(super) fn of(self, input: &Input) -> Self {
        Self {
            input: Some(input.path.clone()),
            ..self
        }
    }

    /// The input, as people read it; empty: it has none.
    pub(super) fn input_shown(&self) -> String {
        let input = self.input.as_ref();
        input.map_or_else(String::new, |path| path.display().to_string())
    }

    /// The step as people name it: `check`, `run orders.xlsx`.
    pub fn title(&self) -> String {
        match &self.input {
            Some(input) => format!("{} {}", self.step.word(), input.display()),
            None => self.step.word().to_owned(),
        }
    }
}

impl Examined {
    /// Whether no step failed.
    pub fn is_sound(&self) -> bool {
        self.steps.iter().all(|step| step.failure.is_none())
    }

    /// The file that stands for the whole configuration where a report needs one.
    pub(super) fn manifest(&self) -> PathBuf {
        manifest_of(&self.path)
    }
}

/// Every finding with its configuration and its step, in their order.
pub(super) fn all_findings(all: &[Examined]) -> impl Iterator<Item = (&Examined, &Step, &Finding)> {
    let steps = all.iter().flat_map(|examined| {
        let steps = examined.steps.iter();
        steps.map(move |step| (examined, step))
    });
    steps.flat_map(|(examined, step)| {
        let findings = step.findings.iter();
        findings.map(move |finding| (examined, step, finding))
    })
}

/// The worst failure of all. `None`: nothing failed.
pub fn outcome(all: &[Examined]) -> Option<Kind> {
    let steps = all.iter().flat_map(|one| &one.steps);
    steps.filter_map(|step| step.failure).max()
}

/// The manifest of a configuration, or its folder if there is none.
pub(super) fn manifest_of(folder: &Path) -> PathBuf {
    existing(folder, "pyproject.toml").unwrap_or_else(|| folder.to_owned())
}

/// A path below a folder, if it names a file there.
pub(super) fn existing(folder: &Path, below: &str) -> Option<PathBuf> {
    let file = folder.join(below);
    file.is_file().then_some(file)
}

/// How a line follows its file, at once or somewhere behind it.
const AT_ONCE: [&str; 2] = [", line ", ":"];
const BEHIND: &str = "(at line ";

/// The last file below a folder that a message names, which is the innermost one, and its line, if that is said.
pub(super) fn named(message: &str, folder: &Path) -> Option<(PathBuf, Option<u32>)> {
    let below = format!("{}/", folder.display());
    let found = message.match_indices(&below).filter_map(|(at, _)| {
        let name = &message[at + below.len()..];
        let name = &name[..name.find(['\n', '"', '\'']).unwrap_or(name.len())];
        // Names may have spaces and colons in them, so the longest beginning that is a file is the name.
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
