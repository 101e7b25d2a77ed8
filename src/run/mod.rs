//! One run, from claim to recorded result.
//!
//! `ade run` and the worker share this code. The order of things:
//!
//! 1. [`prepare`] opens the configuration, keeps a snapshot of it and names the environment that it needs.
//! 2. [`stage`] copies the input into the run's folder, and [`input`] says which files a call means.
//! 3. The run is recorded under a claim; a [`lease::Lease`] renews that claim for as long as the work goes on.
//! 4. [`provide`] gives the environment, building it where nobody has.
//! 5. [`execute`] starts the engine, keeps its events, checks its output and records the end.
//!
//! What a person does to runs: [`enqueue`], [`cancel`], [`retry`], [`remove`], [`follow`] (a log, until the run ends) and
//! [`watch`] (again when a file changes). Runs of a process that died come back by [`recover`]; [`waiting`] says why a
//! queued run does not run yet.
//!
//! Failures that can pass (a lost lease, a killed engine, a hiccup of the installer) may be tried again; a failure of
//! the configuration or of the input is final at once.

mod artifact;
pub mod cancel;
pub mod ends;
pub mod enqueue;
pub mod execute;
pub mod follow;
pub mod inline;
pub mod input;
pub mod issues;
pub mod lease;
pub mod leftovers;
pub mod prepare;
pub mod provide;
pub mod recover;
pub mod remove;
mod results;
pub mod retry;
pub mod stage;
pub mod waiting;
pub mod watch;

use std::path::Path;
use std::time::Duration;

use crate::problem::{self, Facts, Kind, Problem};
use crate::store::{RunRecord, RunStatus};

/// Codes of failed runs that ADE itself sets; docs/engine.md has those of the engine.
pub mod code {
    /// The environment could not be provisioned.
    pub const ENVIRONMENT_FAILED: &str = "environment_failed";
    /// The wall-clock limit was hit.
    pub const TIMEOUT: &str = "timeout";
    /// The engine ended without saying how the run went.
    pub const ENGINE_CRASHED: &str = "engine_crashed";
    /// The engine refused the call.
    pub const ENGINE_USAGE: &str = "engine_usage";
    /// The engine could not be started.
    pub const ENGINE_NOT_STARTED: &str = "engine_not_started";
    /// The engine reported success, but there is no workbook.
    pub const OUTPUT_MISSING: &str = "output_missing";
    /// The configuration did not load.
    pub const CONFIG_INVALID: &str = "config_invalid";
    /// A file of the run could not be written or read.
    pub const STORAGE_FAILED: &str = "storage_failed";
    /// Somebody cancelled.
    pub const CANCELLED: &str = "cancelled";
}

/// What kind of end a run had; it decides the exit status.
pub fn kind_of_end(run: &RunRecord) -> Option<Kind> {
    match run.status {
        RunStatus::Succeeded | RunStatus::Queued | RunStatus::Running => None,
        RunStatus::Cancelled => Some(Kind::Cancelled),
        RunStatus::Failed => Some(match run.error.as_ref().map(|error| error.code.as_str()) {
            Some(code::ENVIRONMENT_FAILED) => Kind::Environment,
            Some(code::TIMEOUT) => Kind::Limit,
            _ => Kind::Refused,
        }),
    }
}

/// A run is waiting or running, and what was asked for needs one that has ended.
#[derive(Debug, thiserror::Error)]
#[error("run {id} is {status}")]
pub struct NotEnded {
    /// The run.
    pub id: String,
    /// Where it stands.
    pub status: &'static str,
}

impl Problem for NotEnded {
    fn facts(&self) -> Facts {
        Facts::new(Kind::Usage, problem::code::RUN_NOT_ENDED).hint("`ade runs cancel` ends it")
    }
}

fn demand_ended(run: &RunRecord) -> Result<(), NotEnded> {
    if run.status.is_terminal() {
        return Ok(());
    }
    Err(NotEnded {
        id: run.id.clone(),
        status: run.status.as_str(),
    })
}

/// What the engine says, with the files named as the people who read it know them: the author's own file instead of the
/// snapshot's, the input's name instead of the staged copy's path.
pub fn with_known_names(message: &str, names: &[(&Path, &str)]) -> String {
    let mut text = message.to_owned();
    for (path, name) in names {
        if let Some(path) = path.to_str().filter(|path| !path.is_empty()) {
            text = text.replace(path, name);
        }
    }
    text
}

/// The wall-clock limit of a run: its own, else the setting.
fn timeout(run: &RunRecord, setting: Option<Duration>) -> Option<Duration> {
    run.options
        .timeout_seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .or(setting)
}
