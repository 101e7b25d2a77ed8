//! Environments' folders that no record names: what interrupted deletions, `ade env build --force` and builders that died left.
//! They are deleted with proof that they are this database's own, and while no live process uses them; all others are kept,
//! for a database that is older than they are, or another one, would not know them either.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::delete::{Locks, delete_folder, remove_key_folder, would_remove};
use super::fate::Fate;
use super::pass::Pass;
use super::report::{Removed, Report, UNKNOWN};
use crate::base::files::name_of;
use crate::environment::provide::in_use;
use crate::settings::paths;
use crate::settings::paths::EnvironmentFolder;
use crate::store::{EnvironmentRecord, StoreError};
use crate::system::machine::FoundKind;
use crate::workspace::Workspace;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let workspace = pass.workspace;
    let files = workspace.files();
    let known = recorded(workspace)?;
    // venvs/<workspace>/<configuration>/<digest>/<environment>
    let configurations = files
        .folders(workspace.paths.venvs())
        .into_iter()
        .flat_map(|workspace| files.folders(&workspace));
    for key in configurations.flat_map(|configuration| files.folders(&configuration)) {
        for folder in files.folders(&key) {
            if pass.is_stopped() {
                return Ok(());
            }
            report.scanned += 1;
            if !known.contains_key(&folder) && pass.is_leftover(&folder) {
                remove(pass, &folder, &known, report)?;
            }
        }
        if !pass.options.dry_run {
            remove_key_folder(&*workspace.machine, &key);
        }
    }
    Ok(())
}

/// The recorded environments by their folders.
type Known = HashMap<PathBuf, EnvironmentRecord>;

fn recorded(workspace: &Workspace) -> Result<Known, StoreError> {
    let all = workspace.store.all_environments()?.into_iter();
    let by_folder = all.map(|environment| (environment.folder.clone(), environment));
    Ok(by_folder.collect())
}

/// Deletes a folder that no record names, where it is this database's own and no process uses it.
fn remove(
    pass: &Pass<'_>,
    folder: &Path,
    known: &Known,
    report: &mut Report,
) -> Result<(), StoreError> {
    let workspace = pass.workspace;
    let files = workspace.files();
    if !is_own(workspace, folder, known) {
        report.skip(UNKNOWN);
        return Ok(());
    }
    let removed = leftover(workspace, folder);
    if pass.options.dry_run {
        would_remove(files, folder, removed, report);
        return Ok(());
    }
    let _locks = match Locks::take(&*workspace.machine, folder) {
        Ok(Some(locks)) => locks,
        Ok(None) => return Ok(()),
        Err(refusal) => {
            refusal.add_to(report);
            return Ok(());
        }
    };
    if recorded(workspace)?.contains_key(folder) {
        report.skip(Fate::InUse.reason());
        return Ok(());
    }
    delete_folder(files, folder, report);
    report.add(removed);
    Ok(())
}

/// Whether a folder was built for this database: it says so, it holds an environment that this database records, in another
/// folder by now, or nothing is left in it but a lock.
fn is_own(workspace: &Workspace, folder: &Path, known: &Known) -> bool {
    let lock = paths::build_lock(folder);
    let names = workspace.files().names(folder).unwrap_or_default();
    let is_lock = |(name, _): &(String, FoundKind)| folder.join(name) == lock;
    if in_use::is_owned(workspace, folder) || names.len() == 1 && names.iter().all(is_lock) {
        return true;
    }
    let record = EnvironmentFolder(folder.to_owned()).record();
    let Ok(text) = workspace.files().read(&record) else {
        return false;
    };
    let record: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let Some(id) = record["environment_id"].as_str() else {
        return false;
    };
    known.values().any(|environment| environment.id == id)
}

pub(super) fn leftover(workspace: &Workspace, folder: &Path) -> Removed {
    Removed {
        kind: "leftover",
        id: folder.display().to_string(),
        name: name_of(folder),
        reason: UNKNOWN,
        bytes: workspace.files().exclusive_bytes(folder),
    }
}
