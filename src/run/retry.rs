//! Running an ended run again, as a new run with the same input and the same snapshot of the configuration.
//!
//! The new run has its own copy of the input, so that the old run may be removed at any time. A worker executes it, when
//! [`super::enqueue`] has recorded it in the queue; or this process does ([`again`]).

use std::path::PathBuf;

use super::error::{NotEnded, demand_ended};
use super::{enqueue, request};
use crate::environment::prepare::{
    PrepareError, Prepared, ask_for_environment_of_run, environment_of_run, prepare_environment,
};
use crate::files::FileError;
use crate::problem::{Facts, Kind, Problem, code};
use crate::store::{RunRecord, StoreError};
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
            Self::Prepare(error) => error.facts(),
            Self::Store(error) => error.facts(),
            Self::File(error) => error.facts(),
        }
    }
}

/// Queues a new run with the input and the snapshot of the run that `given` names, and wakes a worker.
///
/// # Errors
/// There is no such run, it has not ended, or its input or snapshot has been collected.
pub fn retry(workspace: &Workspace, given: &str) -> Result<RunRecord, RetryError> {
    let run = repeatable(workspace, given)?;
    let environment = ask_for_environment_of_run(workspace, &run)?;
    let staged = request::repetition(workspace, &run, &environment)?;
    let queued: Result<Vec<RunRecord>, RetryError> = enqueue::queue(workspace, vec![staged]);
    Ok(queued?.remove(0))
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
    let run = workspace.store.run(workspace.id(), given)?;
    demand_ended(&run)?;
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
