//! Loads a configuration without running it: `ade check`.
//!
//! The engine of the configuration's environment imports the snapshot, registers everything in it, as at the beginning of a
//! run, and prints what it registered. No run is recorded.

use std::path::Path;

use serde_json::{Map, Value};

use super::engine::{CheckEngine, launch, temporary};
use crate::base::cancel::Cancel;
use crate::base::problem::Error;
use crate::engine::sandbox::Limits;
use crate::engine::{EngineReport, EngineTask, Invocation, Message};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::provide::in_use::EnvironmentUse;
use crate::environment::provide::installers::Installers;
use crate::environment::provide::{ProvideProgress, RebuildPolicy};
use crate::run::execution::names::with_known_names;
use crate::run::execution::provide::provide;
use crate::run::execution::verdict::{self, Circumstances, Observation};
use crate::store::EnvironmentRecord;
use crate::workspace::Workspace;

pub use super::engine::CheckError;

/// A configuration that loads.
#[derive(Debug, Default)]
pub struct CheckedConfiguration {
    /// The kinds of things that it registers and their counts, in the engine's order.
    pub registered: Vec<(String, u64)>,
    /// Warnings, in sentences, about parts of the configuration that have no effect.
    pub warnings: Vec<String>,
}

impl CheckedConfiguration {
    /// Returns how many things of this kind it registers. `None` if the engine does not report it.
    pub fn count(&self, name: &str) -> Option<u64> {
        let found = self.registered.iter().find(|(known, _)| known == name);
        found.map(|(_, count)| *count)
    }
}

/// Loads a configuration in its environment, which is built if needed. With `debug`, the engine explains failures in more
/// detail.
///
/// # Errors
/// The configuration does not load, or its environment could not be provided.
pub fn check(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    debug: bool,
    cancel: &Cancel,
    on: &mut dyn FnMut(ProvideProgress<'_>),
) -> Result<(CheckedConfiguration, EnvironmentRecord), CheckError> {
    let environment = provide(
        workspace,
        &Installers,
        prepared,
        RebuildPolicy::Ready,
        cancel,
        on,
    )
    .map_err(Error::from)?;
    let checked = check_in(workspace, prepared, &environment, debug, cancel)?;
    Ok((checked, environment))
}

/// Loads a configuration in an environment that is ready.
///
/// # Errors
/// The configuration does not load, or the engine could not be started.
pub fn check_in(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    environment: &EnvironmentRecord,
    debug: bool,
    cancel: &Cancel,
) -> Result<CheckedConfiguration, CheckError> {
    // The mark keeps collection from deleting the environment while the engine runs.
    let _in_use = EnvironmentUse::mark(workspace, &environment.folder);
    let engine = CheckEngine {
        workspace,
        prepared,
        environment,
    };
    let (report, warnings) = load(engine, debug, cancel)?;
    let limits = Limits::from_settings(&workspace.settings);
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
        return Ok(CheckedConfiguration {
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

/// Runs the engine. Returns its report with all lines that it printed, and its warnings.
fn load(
    engine: CheckEngine<'_>,
    debug: bool,
    cancel: &Cancel,
) -> Result<(EngineReport, Vec<String>), CheckError> {
    let (_place, [folder, scratch]) = temporary(["check", "tmp"])?;
    let invocation = Invocation {
        debug,
        ..engine.invocation(EngineTask::Validate, (folder, scratch), vec![], vec![])
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
    let mut report = launch(&invocation, cancel, on_message)?;
    report.last_lines = lines;
    Ok((report, warnings))
}

/// Returns the message of an event about a part without effect.
fn warning_in(event: &Map<String, Value>) -> Option<String> {
    event.get("data")?.get("ignored")?;
    event.get("message")?.as_str().map(str::to_owned)
}

/// Parses a line like `- row_detectors: 2`.
fn registered(line: &str) -> Option<(String, u64)> {
    let (name, count) = line.strip_prefix("- ")?.split_once(": ")?;
    Some((name.to_owned(), count.parse().ok()?))
}
