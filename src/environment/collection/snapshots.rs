//! Deletes snapshots of configurations that nothing needs any more: no environment was built from them, and no run names them
//! that has not ended or may be repeated.
//!
//! A process that is about to use a snapshot first touches it, under the lock of processes that make copies
//! ([`crate::configuration`]). Collection checks the age under the same lock, so it keeps a snapshot that was just touched.
//! Before the deletion, it renames the snapshot to an unfinished copy, so that the rest of an interrupted deletion is never
//! taken for a whole snapshot.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::pass::{Pass, RemovedItem, Report, delete};
use crate::base::files::{FileError, is_partial, name_of, partial_in};
use crate::settings::paths;
use crate::store::StoreError;
use crate::system::lock::Lock;

/// The number of runs that are read at once, so that others reach the store in between.
const BATCH: u32 = 5000;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let candidates = candidates(pass)?;
    if candidates.is_empty() {
        return Ok(());
    }
    let needed = needed(pass)?;
    for snapshot in candidates {
        if pass.is_stopped() {
            return Ok(());
        }
        report.scanned += 1;
        if !needed.contains(&snapshot) {
            remove(pass, &snapshot, report);
        }
    }
    Ok(())
}

/// Returns the old snapshots of configurations that this database knows, and old unfinished copies. Snapshots of other
/// configurations may belong to another database.
fn candidates(pass: &Pass<'_>) -> Result<Vec<PathBuf>, StoreError> {
    let workspace = pass.workspace;
    let (files, paths) = (workspace.files(), &workspace.paths);
    let known = workspace.store.configuration_activity()?;
    let mut found: Vec<PathBuf> = known
        .iter()
        .flat_map(|known| files.folders(&paths.snapshots(&known.workspace_id, &known.id)))
        .collect();
    found.retain(|snapshot| pass.is_leftover(snapshot));
    Ok(found)
}

/// Returns the snapshots that environments, runs and published versions name. They may name a folder in a snapshot, so all
/// folders above are included.
pub(super) fn needed(pass: &Pass<'_>) -> Result<HashSet<PathBuf>, StoreError> {
    let store = &pass.workspace.store;
    let mut needed: HashSet<PathBuf> = HashSet::new();
    let mut add = |path: PathBuf| needed.extend(path.ancestors().map(Path::to_owned));
    for environment in store.all_environments()? {
        add(environment.snapshot);
    }
    store.published_snapshots()?.into_iter().for_each(&mut add);
    let mut after = String::new();
    while !pass.is_stopped() {
        let (snapshots, last) = store.snapshots_of_runs(&after, BATCH)?;
        snapshots.into_iter().for_each(&mut add);
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    Ok(needed)
}

fn remove(pass: &Pass<'_>, snapshot: &Path, report: &mut Report) {
    let (machine, files) = (&*pass.workspace.machine, pass.workspace.files());
    let removed = RemovedItem {
        kind: "snapshot",
        id: snapshot.display().to_string(),
        name: name_of(snapshot),
        reason: "no environment and no run needs it",
        bytes: files.exclusive_bytes(snapshot),
    };
    if pass.options.dry_run {
        report.add(removed);
        return;
    }
    let folder = snapshot.parent().unwrap_or(snapshot);
    let _lock = match Lock::try_take(machine, &paths::snapshot_lock(folder)) {
        Ok(Some(lock)) => lock,
        Ok(None) => return,
        Err(error) => {
            report.fail(error);
            return;
        }
    };
    // It may have been touched or deleted since it was examined.
    if !pass.is_leftover(snapshot) {
        return;
    }
    let unfinished = if is_partial(snapshot) {
        snapshot.to_owned()
    } else {
        partial_in(folder, &machine.new_token())
    };
    if let Err(error) = files.rename(snapshot, &unfinished) {
        report.fail(FileError::on("delete", snapshot)(error));
        return;
    }
    delete(files, &unfinished, report);
    report.add(removed);
}
