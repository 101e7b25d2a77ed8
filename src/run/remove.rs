//! Removing an ended run: its files are set aside, then its record is deleted, then its files.

use std::io;

use super::error::{NotEnded, demand_ended};
use crate::environment::gc::Aside;
use crate::files::{FileError, disk_usage};
use crate::problem::{Facts, Problem};
use crate::store::{RunRecord, StoreError};
use crate::workspace::Workspace;

/// A run cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// It has not ended.
    #[error(transparent)]
    NotEnded(#[from] NotEnded),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of it.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for RemoveError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotEnded(error) => error.facts(),
            Self::Store(error) => error.facts(),
            Self::File(error) => error.facts(),
        }
    }
}

/// A run that was removed, or would be.
#[derive(Debug)]
pub struct Removed {
    /// As it was recorded.
    pub run: RunRecord,
    /// The bytes that were freed.
    pub bytes_freed: u64,
}

/// Removes the run that `given` names; with `dry_run` it only says what that would free.
///
/// # Errors
/// There is no such run, it has not ended, or its files cannot be deleted.
pub fn remove(workspace: &Workspace, given: &str, dry_run: bool) -> Result<Removed, RemoveError> {
    let run = workspace.store.run(workspace.id(), given)?;
    demand_ended(&run)?;
    let bytes_freed = disk_usage(&run.run_dir).map_or(0, |usage| usage.exclusive_bytes);
    if !dry_run {
        delete(workspace, &run)?;
    }
    Ok(Removed { run, bytes_freed })
}

fn delete(workspace: &Workspace, run: &RunRecord) -> Result<(), RemoveError> {
    let files = workspace.files();
    let aside =
        Aside::set(workspace, &run.run_dir).map_err(FileError::on("delete", &run.run_dir))?;
    if let Err(error) = delete_record(workspace, run) {
        if let Some(aside) = aside {
            // Where this fails, collection does it.
            let _ = aside.put_back(files);
        }
        return Err(error);
    }
    // A collection that came in between may have given it its name back.
    let left = aside.map(|aside| aside.path);
    for folder in left.iter().chain([&run.run_dir]) {
        match files.remove_tree(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(FileError::on("delete", folder)(error).into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn delete_record(workspace: &Workspace, run: &RunRecord) -> Result<(), RemoveError> {
    if !workspace.store.delete_run(&run.id)? {
        // Its state changed since it was read, or another process removed it.
        demand_ended(&workspace.store.run(&run.key.workspace_id, &run.id)?)?;
    }
    Ok(())
}
