//! Folders of runs, of all workspaces, of which the records say that their files may go: those that were to be deleted when
//! the process died, and inputs that were staged and never recorded. A folder that no record knows is kept: it may hold a
//! finished workbook, or belong to a run that a restored backup does not know.

use std::io;
use std::path::{Path, PathBuf};

use super::delete::take_lock;
use super::orphans::leftover;
use super::pass::Pass;
use super::report::{CollectOptions, Removed, Report, UNKNOWN, delete};
use crate::base::files::name_of;
use crate::settings::paths::RunFolder;
use crate::store::{RunFiles, StoreError};
use crate::workspace::Workspace;

/// So many runs are asked for at once.
const BATCH: usize = 500;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let workspace = pass.workspace;
    let (files, paths) = (workspace.files(), &workspace.paths);
    for of_workspace in files.folders(paths.runs_of_all()) {
        let runs = paths.runs(&name_of(&of_workspace));
        for batch in files.folders(&runs).chunks(BATCH) {
            let names: Vec<String> = batch.iter().map(|folder| name_of(folder)).collect();
            let known = workspace.store.run_files(&names)?;
            for (folder, run) in batch.iter().zip(&names) {
                if pass.is_stopped() {
                    return Ok(());
                }
                examine(pass, folder, known.get(run), report)?;
            }
        }
    }
    Ok(())
}

fn examine(
    pass: &Pass<'_>,
    folder: &Path,
    says: Option<&RunFiles>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let (workspace, options) = (pass.workspace, pass.options);
    match says {
        Some(RunFiles::Kept(_)) => {}
        Some(RunFiles::Deleted) => {
            report.scanned += 1;
            let removed = Removed {
                kind: "run",
                id: name_of(folder),
                reason: "its files were to be deleted",
                ..leftover(workspace, folder)
            };
            if !options.dry_run {
                delete(workspace.files(), folder, report);
            }
            report.add(removed);
        }
        None if !pass.is_leftover(folder) => {}
        None => {
            report.scanned += 1;
            if is_unrecorded(workspace, folder) {
                return remove_unrecorded(workspace, folder, options, report);
            }
            report.skip(UNKNOWN);
        }
    }
    Ok(())
}

/// Deletes the folder of a run that was staged and never recorded, unless a live process is about to record it.
fn remove_unrecorded(
    workspace: &Workspace,
    folder: &Path,
    options: &CollectOptions,
    report: &mut Report,
) -> Result<(), StoreError> {
    let files = workspace.files();
    let _lock = match take_lock(files, &mark_of(folder)) {
        Ok(Some(lock)) => lock,
        Ok(None) => return Ok(()),
        Err(refusal) => {
            refusal.add_to(report);
            return Ok(());
        }
    };
    // Its process may have recorded it, and died, since the records were read.
    if !workspace.store.run_files(&[name_of(folder)])?.is_empty() {
        return Ok(());
    }
    let removed = leftover(workspace, folder);
    if !options.dry_run {
        delete(files, folder, report);
    }
    report.add(removed);
    Ok(())
}

/// Whether a folder is that of a run which no process of this database ever recorded: its mark says so, and it holds no result.
fn is_unrecorded(workspace: &Workspace, folder: &Path) -> bool {
    let files = workspace.files();
    let mark = files.read(&mark_of(folder)).unwrap_or_default();
    let has_output = match files.names(&RunFolder::at(folder).output()) {
        Ok(names) => !names.is_empty(),
        // What cannot be looked into may hold one.
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    !workspace.database_id.is_empty()
        && String::from_utf8_lossy(&mark).trim() == workspace.database_id
        && !has_output
}

fn mark_of(folder: &Path) -> PathBuf {
    RunFolder::at(folder).unrecorded()
}
