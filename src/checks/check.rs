//! Loading a configuration without running it: `ade check`.
//!
//! The engine of the configuration's environment imports the snapshot and registers everything in it, as at the
//! beginning of a run, and prints what it registered. No run is recorded.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::base::cancel::Cancel;
use crate::base::files::{FileError, describe};
use crate::base::problem::{Facts, Kind, Problem, become_error, code};
use crate::engine::sandbox::{Limits, Policy};
use crate::engine::{ChildProcess, EngineReport, EngineTask, Invocation, Launch, Message};
use crate::environment::needed::prepare::Prepared;
use crate::environment::provide::in_use::InUse;
use crate::environment::provide::installers::Installers;
use crate::environment::provide::{Progress, ProvideError, Want};
use crate::run::execution::names::with_known_names;
use crate::run::execution::provide::provide;
use crate::run::execution::verdict;
use crate::run::execution::verdict::{Circumstances, Observation, kind_of_code};
use crate::settings::paths::EnvironmentFolder;
use crate::store::{EnvironmentRecord, Failure, StoreError};
use crate::workspace::Workspace;

/// A configuration that loads.
#[derive(Debug, Default)]
pub struct Checked {
    /// What it registers, by name, in the engine's order.
    pub registered: Vec<(String, u64)>,
    /// What stands in the configuration and has no effect, in sentences.
    pub warnings: Vec<String>,
}

impl Checked {
    /// How many of these it registers; `None` where the engine does not say.
    pub fn count(&self, name: &str) -> Option<u64> {
        let found = self.registered.iter().find(|(known, _)| known == name);
        found.map(|(_, count)| *count)
    }
}

/// A configuration does not load, or the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It does not load, uses more than a run may, or ends the engine; with the place in the author's files.
    #[error("{}", .0.message)]
    DoesNotLoad(Box<Failure>),
    /// Its environment.
    #[error(transparent)]
    Provide(Box<ProvideError>),
    /// There is no place for the engine's temporary files.
    #[error("no temporary folder: {}", describe(.0))]
    NoTemporaryFolder(std::io::Error),
    /// The engine could not be started.
    #[error(transparent)]
    NotStarted(FileError),
    /// This machine cannot confine it as the operator wants.
    #[error("ADE_SANDBOX is strict, and this machine cannot confine a check: {}", .0.join("; "))]
    NotConfined(Vec<String>),
    /// What was found before cannot be read.
    #[error(transparent)]
    Store(StoreError),
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl Problem for CheckError {
    fn facts(&self) -> Facts {
        match self {
            Self::DoesNotLoad(failure) => {
                let code = code::known(&failure.code).unwrap_or(code::CONFIG_INVALID);
                Facts::new(kind_of_code(code), code).maybe_hint(failure.hint.clone())
            }
            Self::Provide(error) => error.facts(),
            Self::NoTemporaryFolder(_) => Facts::new(Kind::Usage, code::OUTPUT_UNWRITABLE),
            Self::NotStarted(error) => error.facts(),
            Self::Store(error) => error.facts(),
            Self::NotConfined(_) => Facts::new(Kind::Refused, code::SANDBOX_INCOMPLETE)
                .hint("`ade doctor` shows what is missing"),
            Self::Cancelled => Facts::new(Kind::Cancelled, code::CANCELLED),
        }
    }
}

become_error!(CheckError);

/// Loads a configuration in its environment, which is built where that is needed. With `debug` the engine's message of a
/// failure is more detailed.
///
/// # Errors
/// The configuration does not load, or its environment could not be provided.
pub fn check(
    workspace: &Workspace,
    prepared: &Prepared,
    debug: bool,
    cancel: &Cancel,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<(Checked, EnvironmentRecord), CheckError> {
    let environment = provide(workspace, &Installers, prepared, Want::Ready, cancel, on)
        .map_err(|error| CheckError::Provide(Box::new(error)))?;
    let checked = check_in(workspace, prepared, &environment, debug, cancel)?;
    Ok((checked, environment))
}

/// The same in an environment that is ready.
///
/// # Errors
/// The configuration does not load, or the engine could not be started.
pub fn check_in(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    debug: bool,
    cancel: &Cancel,
) -> Result<Checked, CheckError> {
    // As long as the engine runs, no collection deletes it.
    let _in_use = InUse::mark(workspace, &environment.folder);
    let (report, warnings) = load(workspace, prepared, environment, debug, cancel)?;
    let limits = Limits::of(&workspace.settings);
    let seen = verdict::observe(&report, true, &limits, || true);
    let around = Circumstances {
        output: Path::new(""),
        timeout: workspace.settings.run_timeout,
        limits,
        configuration: &prepared.package_folder,
    };
    let root = prepared.configuration.root.to_string_lossy();
    let known = [(prepared.package_folder.as_path(), &*root)];
    let Some(mut failure) = verdict::explain(seen, &report, &around) else {
        let lines = report.last_lines.iter();
        return Ok(Checked {
            registered: lines.filter_map(|line| registered(line)).collect(),
            warnings: warnings
                .iter()
                .map(|warning| with_known_names(warning, &known))
                .collect(),
        });
    };
    if seen == Observation::Cancelled {
        return Err(CheckError::Cancelled);
    }
    failure.message = match around.timeout {
        Some(limit) if seen == Observation::TimedOut => {
            format!(
                "loading the configuration took longer than {} s, the limit of a run, and was stopped",
                limit.as_secs_f64()
            )
        }
        _ => with_known_names(&failure.message, &known),
    };
    Err(CheckError::DoesNotLoad(Box::new(failure)))
}

/// Runs the engine. Returns how it ended, with all lines that it printed, and its warnings of what has no effect.
fn load(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    debug: bool,
    cancel: &Cancel,
) -> Result<(EngineReport, Vec<String>), CheckError> {
    let place = tempfile::tempdir().map_err(CheckError::NoTemporaryFolder)?;
    // As in a run, the working folder is none that may be written.
    let (folder, scratch) = (place.path().join("check"), place.path().join("tmp"));
    for made in [&folder, &scratch] {
        std::fs::create_dir(made).map_err(CheckError::NoTemporaryFolder)?;
    }
    let python = EnvironmentFolder(environment.folder.clone()).python();
    let policy = Policy::new(
        &workspace.settings,
        &python,
        vec![prepared.snapshot.clone()],
        vec![scratch.clone()],
        false,
    )
    .built_from(&environment.snapshot, &environment.configuration_path);
    let obstacles = policy.obstacles();
    if !obstacles.is_empty() {
        return Err(CheckError::NotConfined(obstacles));
    }
    let invocation = Invocation {
        policy,
        python: python.clone(),
        snapshot: prepared.package_folder.clone(),
        task: EngineTask::Validate,
        folder,
        scratch,
        settings: BTreeMap::new(),
        variables: workspace.settings.variables.clone(),
        debug,
        timeout: workspace.settings.run_timeout,
    };
    let mut lines = Vec::new();
    let mut warnings = Vec::new();
    let on_message = &mut |message| {
        match message {
            Message::Line(_, text) => lines.push(text),
            Message::Event(event) => warnings.extend(warning_in(&event)),
        }
        None
    };
    let mut report = ChildProcess::default()
        .launch(&invocation, cancel, on_message)
        .map_err(|error| CheckError::NotStarted(FileError::on("start", &python)(error)))?;
    report.last_lines = lines;
    Ok((report, warnings))
}

/// The sentence of an event about something without effect.
fn warning_in(event: &Map<String, Value>) -> Option<String> {
    event.get("data")?.get("ignored")?;
    event.get("message")?.as_str().map(str::to_owned)
}

/// Parses a line like `- row_detectors: 2`.
fn registered(line: &str) -> Option<(String, u64)> {
    let (name, count) = line.strip_prefix("- ")?.split_once(": ")?;
    Some((name.to_owned(), count.parse().ok()?))
}
