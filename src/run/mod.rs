//! One run, from claim to recorded end.
//!
//! `ade run` and the worker share this code. The order of things:
//!
//! 1. [`crate::environment::prepare`] opens the configuration, keeps a snapshot of it and names the environment that it
//!    needs.
//! 2. [`stage`] copies the input into the run's folder, and [`input`] says which files a call means.
//! 3. The run is recorded: queued ([`enqueue`]), or under a claim of this process ([`inline`]).
//! 4. [`lifecycle`] takes a claimed run to its recorded end: environment, [`attempt`], [`verdict`], record.
//! 5. [`ends`] writes into the run's log how it ended.
//!
//! What a person does to runs: [`list`], [`show`], [`enqueue`] (files), [`submit`] (a stored document), [`cancel`], [`retry`], [`remove`], [`follow`] (a log, until
//! the run ends) and [`watch`] (again when a file changes); [`provide`] has an environment
//! ready for a command that runs nothing. Runs of a process that died come back by [`recover`]; [`waiting`] says why a
//! queued run does not run yet; with [`safe_mode`] none does. [`demands`] is what a caller asks of a run that ended, [`mod@summary`] one sentence about it.
//!
//! Failures that can pass (a lost lease, a killed engine, a hiccup of the installer) may be tried again; a failure of
//! the configuration or of the input is final at once.

mod artifact;
pub mod attempt;
pub mod cancel;
pub mod change;
pub mod demands;
pub mod ends;
pub mod enqueue;
pub mod error;
pub mod follow;
pub mod inline;
pub mod input;
pub mod issues;
pub mod json;
pub mod leftovers;
pub mod lifecycle;
pub mod list;
mod log;
pub mod output;
pub mod provide;
pub mod queue_metrics;
pub mod recover;
pub mod remove;
pub mod request;
mod results;
pub mod retry;
pub mod safe_mode;
pub mod show;
pub mod stage;
pub mod submit;
pub mod summary;
pub mod verdict;
pub mod waiting;
pub mod watch;

use std::path::Path;

pub use request::Tools;
pub use results::Rows;

use crate::problem::{Kind, code};
use crate::store::{RunRecord, RunStatus};

/// What kind of end a run had; it decides the exit status.
pub fn kind_of_end(run: &RunRecord) -> Option<Kind> {
    match run.status {
        RunStatus::Succeeded | RunStatus::Queued | RunStatus::Running => None,
        RunStatus::Cancelled => Some(Kind::Cancelled),
        RunStatus::Failed => Some(match run.error.as_ref().map(|error| error.code.as_str()) {
            Some(code::ENVIRONMENT_FAILED) => Kind::Environment,
            Some(code) if verdict::is_limit(code) => Kind::Limit,
            _ => Kind::Refused,
        }),
    }
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
