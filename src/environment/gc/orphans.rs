//! Deletes folders without a record, and leftovers of interrupted deletions.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::remove::{remove_key_folder, try_build_lock};
use super::report::{Options, Removed, Report, delete};
use crate::cancel::Cancel;
use crate::files::name_of;
use crate::layout;
use crate::machine::Machine;
use crate::store::StoreError;
use crate::workspace::Workspace;

/// A folder without a record is kept for this long: a process may be about to record it.
const ORPHAN_AGE: Duration = Duration::from_secs(3600);

pub(super) fn collect(
    workspace: &Workspace,
    options: &Options,
    cancel: &Cancel,
    report: &mut Report,
) -> Result<(), StoreError> {
    collect_environments(workspace, options, cancel, report)?;
    collect_runs(workspace, options, cancel, report)
}

fn collect_environments(
    workspace: &Workspace,
    options: &Options,
    cancel: &Cancel,
    report: &mut Report,
) -> Result<(), StoreError> {
    let (machine, files) = (&*workspace.machine, workspace.files());
    let known: HashSet<PathBuf> = workspace
        .store
        .all_environments()?
        .into_iter()
        .map(|environment| environment.folder)
        .collect();
    // venvs/<workspace>/<configuration>/<digest>/<environment>
    let configurations = files
        .folders(workspace.layout.venvs())
        .into_iter()
        .flat_map(|workspace| files.folders(&workspace));
    for key in configurations.flat_map(|configuration| files.folders(&configuration)) {
        for folder in files.folders(&key) {
            report.scanned += 1;
            let is_trash = layout::is_trash(&folder);
            let is_orphan = !known.contains(&folder) && (is_trash || is_old(machine, &folder));
            if is_orphan && !cancel.is_cancelled() {
                // Not while a builder holds the lock of this key.
                if let Some(_lock) = try_build_lock(machine, &key) {
                    remove(machine, &folder, options, report);
                }
            }
        }
        if !options.dry_run {
            remove_key_folder(machine, &key);
        }
    }
    Ok(())
}

fn collect_runs(
    workspace: &Workspace,
    options: &Options,
    cancel: &Cancel,
    report: &mut Report,
) -> Result<(), StoreError> {
    let machine = &*workspace.machine;
    for run in machine
        .files()
        .folders(&workspace.layout.runs(workspace.id()))
    {
        if cancel.is_cancelled() {
            return Ok(());
        }
        if is_old(machine, &run) && !workspace.store.run_exists(&name_of(&run))? {
            report.scanned += 1;
            remove(machine, &run, options, report);
        }
    }
    Ok(())
}

fn remove(machine: &dyn Machine, folder: &Path, options: &Options, report: &mut Report) {
    let removed = Removed {
        kind: "leftover",
        id: folder.display().to_string(),
        name: name_of(folder),
        reason: "not in the database",
        bytes: machine.files().exclusive_bytes(folder),
    };
    if !options.dry_run {
        delete(machine.files(), folder, report);
    }
    report.add(removed);
}

/// Whether nothing directly in the folder has changed for a while.
fn is_old(machine: &dyn Machine, folder: &Path) -> bool {
    let age = u128::from;
    machine
        .files()
        .find(folder)
        .is_ok_and(|found| age(machine.now().since(found.modified)) >= ORPHAN_AGE.as_millis())
}
