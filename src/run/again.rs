//! Ended runs: repeating and removing them.

use crate::clock::Timestamp;
use crate::environment::disk_usage;
use crate::events::{EventLog, Subject};
use crate::files::FileError;
use crate::files::remove_read_only_tree;
use crate::layout;
use crate::problem::{self, Problem};
use crate::store::{NewRun, RunRecord, StoreError};
use crate::wake;
use crate::workspace::Workspace;

use super::{ends, stage};

/// A run cannot be repeated or removed.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// It has not ended.
    #[error("run {id} is {status}")]
    NotEnded {
        /// The run.
        id: String,
        /// Where it stands.
        status: &'static str,
    },
    /// Its input or snapshot has been collected.
    #[error("run {id} cannot be repeated: {} is gone", path.display())]
    Gone {
        /// The run.
        id: String,
        /// What is missing.
        path: std::path::PathBuf,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of it.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for AgainError {
    fn kind(&self) -> problem::Kind {
        match self {
            Self::Store(error) => error.kind(),
            Self::File(_) => problem::Kind::Refused,
            _ => problem::Kind::Usage,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotEnded { .. } => "run_not_ended",
            Self::Gone { .. } => "input_gone",
            Self::Store(error) => error.code(),
            Self::File(_) => super::code::STORAGE_FAILED,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotEnded { .. } => Some("`ade runs cancel` ends it".to_owned()),
            Self::Gone { .. } => Some("`ade run` it from its original file".to_owned()),
            Self::Store(error) => error.hint(),
            Self::File(error) => error.hint(),
        }
    }
}

fn demand_ended(run: &RunRecord) -> Result<(), AgainError> {
    if run.status.is_terminal() {
        return Ok(());
    }
    Err(AgainError::NotEnded {
        id: run.id.clone(),
        status: run.status.as_str(),
    })
}

/// Queues a run with the same input and the same snapshot, and wakes a worker.
///
/// # Errors
/// It has not ended, or what it needs has been collected.
pub fn retry(workspace: &Workspace, run: &RunRecord) -> Result<RunRecord, AgainError> {
    demand_ended(run)?;
    for path in [&run.input_path, &run.snapshot] {
        if !path.exists() {
            return Err(AgainError::Gone {
                id: run.id.clone(),
                path: path.clone(),
            });
        }
    }
    let id = uuid::Uuid::now_v7().to_string();
    let folder = workspace.layout.run(&run.key.workspace_id, &id);
    // The new run has an input of its own: the old one's files may go at any time.
    let input = folder.staged(&run.input_name);
    stage::restage(&run.input_path, &input, run.input_size_bytes)?;
    let snapshots = workspace
        .layout
        .snapshots(&run.key.workspace_id, &run.key.configuration_id);
    let place = workspace.layout.environment_key(
        &run.key.workspace_id,
        &run.key.configuration_id,
        &run.key.deps_digest,
    );
    let now = Timestamp::now();
    let environment = workspace.store.ensure_environment(
        &run.key,
        &layout::snapshot(&snapshots, &run.source_digest),
        &|id| layout::environment(&place, id),
        now,
    )?;
    let new = NewRun {
        id: id.clone(),
        key: run.key.clone(),
        environment_id: environment.id,
        document_id: run.document_id.clone(),
        source_digest: run.source_digest.clone(),
        snapshot: run.snapshot.clone(),
        input_name: run.input_name.clone(),
        input_path: input,
        input_sha256: run.input_sha256.clone(),
        input_size_bytes: run.input_size_bytes,
        input_sheets: run.input_sheets.clone(),
        options: run.options.clone(),
        max_attempts: workspace.settings.worker.max_attempts,
        run_dir: folder.path().to_owned(),
        retry_of_run_id: Some(run.id.clone()),
    };
    let queued = workspace.store.enqueue_run(&new, now)?;
    let log = EventLog::open(&folder.events(), Subject::Run, &id)?;
    log.write(
        "info",
        "run.queued",
        "Waiting for a worker",
        serde_json::json!({"input": run.input_name, "environment_id": queued.environment_id, "retry_of_run_id": run.id}),
    );
    wake::wake(&workspace.layout.wake());
    Ok(queued)
}

/// Removes an ended run: its record first, then its files. Gives the bytes that this frees.
///
/// # Errors
/// It has not ended, or its files cannot be deleted.
pub fn remove(workspace: &Workspace, run: &RunRecord, dry_run: bool) -> Result<u64, AgainError> {
    demand_ended(run)?;
    let freed = disk_usage(&run.run_dir).map_or(0, |usage| usage.exclusive_bytes);
    if dry_run {
        return Ok(freed);
    }
    ends::tell_once(workspace, run)?;
    if !workspace.store.delete_run(&run.id)? {
        demand_ended(&workspace.store.run(&run.key.workspace_id, &run.id)?)?;
    }
    if run.run_dir.exists() {
        remove_read_only_tree(&run.run_dir).map_err(FileError::on("delete", &run.run_dir))?;
    }
    Ok(freed)
}
