//! Deletes the files of runs that ended long ago, and much later their records. Also deletes folders of runs, of all
//! workspaces, if their records allow it: folders whose deletion was interrupted, and inputs that were staged and never
//! recorded. A folder without a record is kept, because it may contain a finished workbook, or belong to a run that a restored
//! backup does not know.

use std::io;
use std::path::{Path, PathBuf};

use super::environments::{leftover, or_report, take_lock};
use super::pass::{Pass, RemovedItem, Report, UNKNOWN, delete};
use crate::base::files::name_of;
use crate::environment::provide::in_use::is_marked;
use crate::settings::paths::RunFolder;
use crate::store::{RunFiles, RunRecord, StoreError};
use crate::workspace::Workspace;

/// The number of runs that are examined at once.
const BATCH: u32 = 500;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let (options, ages) = (pass.options, pass.ages);
    let (store, files) = (&pass.workspace.store, pass.workspace.files());
    if let Some(ttl) = options.run_artifact_ttl {
        let before = ages.cutoff(ttl);
        let find = |most| store.runs_with_artifacts(before, most);
        each(pass, &find, &mut |run| {
            let removed = RemovedItem {
                kind: "run",
                id: run.id,
                name: run.input_name,
                reason: "ended so long ago that its files are no longer kept",
                bytes: files.exclusive_bytes(&run.run_dir),
            };
            report.scanned += 1;
            if options.dry_run {
                report.add(removed);
            } else if store.mark_artifacts_deleted(&removed.id, before, ages.now())? {
                delete(files, &run.run_dir, report);
                report.add(removed);
            }
            Ok(())
        })?;
    }
    if let Some(ttl) = options.run_record_ttl {
        let before = ages.cutoff(ttl);
        if !options.dry_run {
            store.forget_left_out(before)?;
        }
        let find = |most| store.runs_without_artifacts(before, most);
        each(pass, &find, &mut |run| {
            report.scanned += 1;
            if options.dry_run || store.delete_run(&run.id)? {
                report.add(RemovedItem {
                    kind: "record",
                    id: run.id,
                    name: run.input_name,
                    reason: "ended so long ago that its record is no longer kept",
                    bytes: 0,
                });
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Calls `on` with each run that `find` returns, in batches. A run that `on` has handled must not be found again. In a dry run
/// nothing changes, so there is only one batch.
fn each(
    pass: &Pass<'_>,
    find: &dyn Fn(u32) -> Result<Vec<RunRecord>, StoreError>,
    on: &mut dyn FnMut(RunRecord) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let most = if pass.options.dry_run {
        u32::MAX
    } else {
        BATCH
    };
    loop {
        let runs = find(most)?;
        let is_last = runs.len() < most as usize;
        for run in runs {
            if pass.is_stopped() {
                return Ok(());
            }
            on(run)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Deletes the contents of run folders that are to be deleted, or that were never recorded.
pub(super) fn collect_folders(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let workspace = pass.workspace;
    let (files, paths) = (workspace.files(), &workspace.paths);
    for of_workspace in files.folders(paths.runs_of_all()) {
        let runs = paths.runs(&name_of(&of_workspace));
        for batch in files.folders(&runs).chunks(BATCH as usize) {
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
    let workspace = pass.workspace;
    match says {
        Some(RunFiles::Kept(_)) => {}
        Some(RunFiles::Deleted) => {
            report.scanned += 1;
            let removed = RemovedItem {
                kind: "run",
                id: name_of(folder),
                reason: "its files were due for deletion",
                ..leftover(workspace, folder)
            };
            if !report.dry_run {
                delete(workspace.files(), folder, report);
            }
            report.add(removed);
        }
        None if !pass.is_leftover(folder) => {}
        None => {
            report.scanned += 1;
            if is_unrecorded(workspace, folder) {
                return remove_unrecorded(workspace, folder, report);
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
    report: &mut Report,
) -> Result<(), StoreError> {
    let files = workspace.files();
    let Some(Some(_lock)) = or_report(take_lock(files, &mark_of(folder)), report) else {
        return Ok(());
    };
    // Its process may have recorded it, and died, since the records were read.
    if !workspace.store.run_files(&[name_of(folder)])?.is_empty() {
        return Ok(());
    }
    let removed = leftover(workspace, folder);
    if !report.dry_run {
        delete(files, folder, report);
    }
    report.add(removed);
    Ok(())
}

/// Returns whether no process of this database ever recorded the run of a folder: its mark says so, and the folder has no
/// result.
fn is_unrecorded(workspace: &Workspace, folder: &Path) -> bool {
    let has_output = match workspace.files().names(&RunFolder::at(folder).output()) {
        Ok(names) => !names.is_empty(),
        // A folder that cannot be read may contain a result.
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    is_marked(workspace, &mark_of(folder)) && !has_output
}

fn mark_of(folder: &Path) -> PathBuf {
    RunFolder::at(folder).unrecorded()
}
