//! Deletes one environment, unless a run has come to need it: the folder is renamed first, then the record is deleted, then
//! the folder. Where the record must be kept, the folder gets its name back.

use std::io;
use std::path::{Path, PathBuf};

use super::report::{NotDeleted, Removed, Report, delete};
use super::rule::Verdict;
use crate::clock::Timestamp;
use crate::layout::{self, BUILD_LOCK};
use crate::lock::Lock;
use crate::machine::Machine;
use crate::store::{EnvironmentRecord, StoreError};
use crate::workspace::Workspace;

/// Deletes one environment, unless it has come into use since it was judged. Returns whether it was deleted.
///
/// # Errors
/// The store cannot be used.
pub fn remove_environment(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    reason: &'static str,
    cold_since: Option<Timestamp>,
    dry_run: bool,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let (machine, files) = (&*workspace.machine, workspace.files());
    let folder = &environment.folder;
    let removed = Removed {
        kind: "environment",
        id: environment.id.clone(),
        name: environment.configuration_name.clone(),
        reason,
        bytes: files.exclusive_bytes(folder),
    };
    if dry_run {
        report.add(removed);
        return Ok(true);
    }
    let aside = match set_aside(machine, folder) {
        Ok(aside) => aside,
        Err(error) => {
            report.failed.push(NotDeleted::of(folder, error));
            return Ok(false);
        }
    };
    if !workspace
        .store
        .delete_environment(&environment.id, cold_since)?
    {
        if let Some(aside) = aside {
            let _ = files.rename(&aside, folder);
        }
        *report.skipped.entry(Verdict::InUse.reason()).or_default() += 1;
        return Ok(false);
    }
    if let Some(aside) = aside {
        delete(files, &aside, report);
    }
    // The key's folder is deleted with its last environment; a builder that waits for the lock creates it again.
    if let Some(key) = folder.parent() {
        remove_key_folder(machine, key);
    }
    report.add(removed);
    Ok(true)
}

/// Renames a folder so that no process finds it. `None`: it does not exist.
fn set_aside(machine: &dyn Machine, folder: &Path) -> io::Result<Option<PathBuf>> {
    let aside = layout::trash(folder, &machine.new_token());
    match machine.files().rename(folder, &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes an empty key folder. Its lock file is taken first, so that no builder holds it.
pub(super) fn remove_key_folder(machine: &dyn Machine, key: &Path) {
    let files = machine.files();
    let only_the_lock = files
        .names(key)
        .is_ok_and(|names| names.iter().all(|(name, _)| name == BUILD_LOCK));
    if !only_the_lock {
        return;
    }
    if let Some(_lock) = try_build_lock(machine, key) {
        let _ = files.remove_file(&layout::build_lock(key));
        let _ = files.remove_empty_folder(key);
        if let Some(configuration) = key.parent() {
            let _ = files.remove_empty_folder(configuration);
        }
    }
}

/// Takes the lock of a key's builders. `None`: a process builds in this key, or the lock cannot be examined.
pub(super) fn try_build_lock(machine: &dyn Machine, key: &Path) -> Option<Lock> {
    Lock::try_take(machine, &layout::build_lock(key))
        .ok()
        .flatten()
}
