//! Running an ended run again, as a new run with the same input and the same snapshot of the configuration.
//!
//! The new run has its own copy of the input, so that the old run may be removed at any time. A worker executes it;
//! [`super::enqueue`] records it in the queue.

use std::path::PathBuf;

use super::error::{NotEnded, demand_ended};
use super::{enqueue, stage};
use crate::environment::prepare::environment_of_run;
use crate::files::FileError;
use crate::problem::{Facts, Kind, Problem, code};
use crate::store::{NewRun, RunRecord, StoreError};
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
    let run = workspace.store.run(workspace.id(), given)?;
    demand_ended(&run)?;
    demand_files(&run)?;
    let id = workspace.machine.new_id();
    let folder = workspace.layout.run(&run.key.workspace_id, &id);
    let input_path = folder.staged(&run.input_name);
    stage::restage(
        workspace.files(),
        &run.input_path,
        &input_path,
        run.input_size_bytes,
    )?;
    let new = NewRun {
        environment_id: environment_of_run(workspace, &run)?.id,
        id,
        key: run.key,
        document_id: run.document_id,
        source_digest: run.source_digest,
        snapshot: run.snapshot,
        input_name: run.input_name,
        input_path,
        input_sha256: run.input_sha256,
        input_size_bytes: run.input_size_bytes,
        input_sheets: run.input_sheets,
        options: run.options,
        max_attempts: workspace.settings.worker.max_attempts,
        run_dir: folder.path().to_owned(),
        retry_of_run_id: Some(run.id),
    };
    enqueue::queue(workspace, &new)
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
