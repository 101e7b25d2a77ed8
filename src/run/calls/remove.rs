//! Removes an ended run: marks its files as deleted in its record, deletes them, then deletes the record. If that is
//! interrupted, collection deletes the files, and the run can be removed again.

use std::io;

use crate::base::clock::Timestamp;
use crate::base::files::{FileError, disk_usage};
use crate::base::problem::Error;
use crate::run::execution::error::demand_ended;
use crate::store::RunRecord;
use crate::workspace::{Workspace, ballast};

/// A run that was removed, or would be.
#[derive(Debug)]
pub struct RemovedRuns {
    /// The record of the run.
    pub run: RunRecord,
    /// The number of bytes that were freed, or would be.
    pub bytes_freed: u64,
}

/// Removes the run that `given` names; with `dry_run`, only determines how much that would free.
///
/// # Errors
/// The run does not exist or has not ended, or its files cannot be deleted.
pub fn remove(workspace: &Workspace, given: &str, dry_run: bool) -> Result<RemovedRuns, Error> {
    let run = workspace.find_run(given)?;
    demand_ended(&run)?;
    if !dry_run {
        ballast::give_up(&workspace.settings, &workspace.paths);
    }
    let bytes_freed = disk_usage(&run.run_dir).map_or(0, |usage| usage.exclusive_bytes);
    if !dry_run {
        delete(workspace, &run)?;
    }
    Ok(RemovedRuns { run, bytes_freed })
}

fn delete(workspace: &Workspace, run: &RunRecord) -> Result<(), Error> {
    let store = &workspace.store;
    let now = workspace.machine.now();
    if run.artifacts_deleted_at.is_none()
        && !store.mark_artifacts_deleted(&run.id, Timestamp(i64::MAX), now)?
    {
        // Its state changed since it was read, or another process removes it.
        demand_ended(&store.run(&run.key.workspace_id, &run.id)?)?;
    }
    match workspace.files().remove_tree(&run.run_dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(FileError::on("delete", &run.run_dir)(error).into());
        }
        _ => {}
    }
    // Another process may have removed it meanwhile.
    store.delete_run(&run.id)?;
    Ok(())
}
