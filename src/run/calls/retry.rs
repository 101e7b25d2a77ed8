//! Running an ended run again, as a new run with the same input and the same snapshot of the configuration.
//!
//! The new run has its own copy of the input, so that the old run may be removed at any time. A worker executes it, when
//! [`super::enqueue`] has recorded it in the queue; or this process does ([`again`]).

use std::path::PathBuf;

use super::submit::{Refused, accepted};
use super::{enqueue, request};
use crate::base::files::FileError;
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::environment::needed::prepare::{
    PrepareError, Prepared, ask_for_environment_of_run, environment_of_run, prepare_environment,
};
use crate::run::execution::error::{NotEnded, demand_ended};
use crate::run::execution::safe_mode::{demand_acceptance, tell_if_skipped};
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, StoreError, Submission, Submitted, Submitter};
use crate::workspace::Workspace;

/// A run cannot be run again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// It has not ended.
    #[error(transparent)]
    NotEnded(#[from] NotEnded),
    /// Its input or snapshot has been collected.
    #[error("run {id} cannot be retried: {} is gone", path.display())]
    Gone {
        /// The run.
        id: String,
        /// What is missing.
        path: PathBuf,
    },
    /// The queue does not take it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Its environment cannot be built any more.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the new run.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for RetryError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotEnded(error) => error.facts(),
            Self::Gone { .. } => Facts::new(Kind::Usage, code::INPUT_GONE)
                .hint("`ade run` it from its original file"),
            Self::Refused(error) => error.facts(),
            Self::Prepare(error) => error.facts(),
            Self::Store(error) => error.facts(),
            Self::File(error) => error.facts(),
        }
    }
}

/// Queues a new run with the input and the snapshot of the run that `given` names, and wakes a worker. Returns it, and whether it
/// is new: the same request under the same key is answered with the run of the first time.
///
/// # Errors
/// There is no such run, it has not ended, its input or snapshot has been collected, or the queue does not take the new run.
pub fn retry(
    workspace: &Workspace,
    given: &str,
    by: &Submitter,
    asked: &Submission,
) -> Result<(RunRecord, bool), RetryError> {
    let run = repeatable(workspace, given)?;
    let environment = ask_for_environment_of_run(workspace, &run)?;
    let staged = request::repetition(workspace, &run, &environment, by)?;
    let submitted: Result<Submitted, RetryError> = enqueue::submit(workspace, staged, asked);
    let (run, is_new) = accepted(submitted?, asked)?;
    if is_new {
        tell_if_skipped(workspace, &run);
    }
    Ok((run, is_new))
}

/// Returns the run that `given` names, and what is needed to repeat it in this process: for
/// [`Request::again`](super::request::Request::again).
///
/// # Errors
/// There is no such run, it has not ended, or what it needs is gone.
pub fn again(workspace: &Workspace, given: &str) -> Result<(RunRecord, Prepared), RetryError> {
    let run = repeatable(workspace, given)?;
    let environment = environment_of_run(workspace, &run)?;
    let prepared = prepare_environment(workspace, &environment)?;
    Ok((run, prepared))
}

fn repeatable(workspace: &Workspace, given: &str) -> Result<RunRecord, RetryError> {
    let mut run = workspace.run(given)?;
    demand_acceptance(&workspace.settings).map_err(Refused::from)?;
    demand_ended(&run)?;
    // A document may be deleted; what the run staged of it is its own.
    workspace.fetch_file(&run.input_path)?;
    let staged = RunFolder::at(&run.run_dir).staged(&run.input_name);
    if !run.input_path.exists() && staged.is_file() {
        run.input_path = staged;
    }
    demand_files(&run)?;
    Ok(run)
}

fn demand_files(run: &RunRecord) -> Result<(), RetryError> {
    match [&run.input_path, &run.snapshot]
        .into_iter()
        .find(|path| !path.exists())
    {
        None => Ok(()),
        Some(path) => Err(RetryError::Gone {
            id: run.id.clone(),
            path: path.clone(),
        }),
    }
}
