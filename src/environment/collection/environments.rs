//! Deletes environments, unless they are needed again by then, and leftovers of others.
//!
//! Deletes first the record and then the folder, under the locks of the environment's builders and users. A run that needs the
//! configuration afterwards gets a new record with a new folder, so it does not wait for the deletion. After an interruption,
//! the marker in the folder, which is deleted last, identifies the owner of the leftover.
//!
//! Folders without a record are left by interrupted deletions, `ade env build --force` and builders that died. They are deleted
//! only with proof that they belong to this database, and while no live process uses them. All others are kept, because they
//! may belong to another database, or this database may be an older one that does not know them.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::pass::{Pass, RemovedItem, Report, UNKNOWN};
use super::rule::CollectionVerdict;
use crate::base::files::{FileError, name_of};
use crate::environment::provide::in_use;
use crate::settings::paths::{self, BUILD_LOCK, EnvironmentFolder};
use crate::store::{Clock, EnvironmentRecord, StoreError};
use crate::system::lock;
use crate::system::machine::{FileSystem, FoundKind, HeldLock};
use crate::workspace::Workspace;

/// Deletes an environment, unless it has come into use since it was judged. Returns whether it was deleted.
pub fn remove_environment(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    reason: &'static str,
    cold_since: Option<&Clock<'_>>,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let (files, folder) = (workspace.files(), &environment.folder);
    let removed = RemovedItem {
        kind: "environment",
        id: environment.id.clone(),
        name: environment.configuration_name.clone(),
        reason,
        bytes: files.exclusive_bytes(folder),
    };
    if report.dry_run {
        return Ok(would_remove(files, folder, removed, report));
    }
    let Some(locks) = or_report(take_locks(files, folder), report) else {
        return Ok(false);
    };
    if !workspace
        .store
        .delete_environment(&environment.id, cold_since)?
    {
        report.skip(CollectionVerdict::InUse.reason());
        return Ok(false);
    }
    // Without locks there was no folder. A folder that exists now belongs to a builder that claimed its record first.
    if locks.is_some() {
        delete_folder(files, folder, report);
    }
    drop(locks);
    // The key's folder is deleted with its last environment; the next builder creates it again.
    if let Some(key) = folder.parent() {
        remove_key_folder(files, key);
    }
    report.add(removed);
    Ok(true)
}

/// Deletes the folder of an environment, and adds a failure to the report. Deletes `.ready` first, so that no run uses a
/// partial folder. Deletes the owner's marker near the end and the builders' lock last, so that no builder can use the folder
/// during the deletion.
fn delete_folder(files: &dyn FileSystem, folder: &Path, report: &mut Report) {
    report.deleted(folder, try_delete_folder(files, folder));
}

fn try_delete_folder(files: &dyn FileSystem, folder: &Path) -> io::Result<()> {
    let of = EnvironmentFolder(folder.to_owned());
    let last = [of.record(), of.owner(), paths::build_lock(folder)];
    if files.exists(&of.ready()) {
        files.remove_file(&of.ready())?;
    }
    for (name, kind) in files.names(folder)? {
        let path = folder.join(name);
        match kind {
            _ if last.contains(&path) => {}
            FoundKind::Folder => files.remove_tree(&path)?,
            _ => files.remove_file(&path)?,
        }
    }
    for path in last.iter().filter(|path| files.exists(path)) {
        files.remove_file(path)?;
    }
    // This fails if a builder has put something into the folder in the meantime.
    let _ = files.remove_empty_folder(folder);
    Ok(())
}

/// The reason why a folder cannot be deleted now.
pub(super) enum DeletionRefusal {
    /// A live process builds or uses it.
    Used,
    /// A lock cannot be taken.
    File(FileError),
}

/// Returns the locked value. Adds a refusal to the report.
pub(super) fn or_report<T>(locked: Result<T, DeletionRefusal>, report: &mut Report) -> Option<T> {
    match locked {
        Ok(locked) => return Some(locked),
        Err(DeletionRefusal::Used) => report.skip(CollectionVerdict::InUse.reason()),
        Err(DeletionRefusal::File(error)) => report.fail(error),
    }
    None
}

/// Takes the locks that keep users and builders out of a folder while it is deleted. A process that opened a lock's file before
/// its deletion notices that the file is gone, and does not take the lock. Returns `None` if there is no such folder.
fn take_locks(
    files: &dyn FileSystem,
    folder: &Path,
) -> Result<Option<[Box<dyn HeldLock>; 2]>, DeletionRefusal> {
    match files.find(folder) {
        Ok(found) if found.kind == FoundKind::Folder => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DeletionRefusal::File(FileError::on("read", folder)(error))),
    }
    let users = take_lock(files, &EnvironmentFolder(folder.to_owned()).owner())?;
    let builder = take_lock(files, &paths::build_lock(folder))?;
    Ok(users.zip(builder).map(|(users, builder)| [users, builder]))
}

/// Takes a lock that proves that no process uses a folder. Returns `None` if the folder is gone.
pub(super) fn take_lock(
    files: &dyn FileSystem,
    path: &Path,
) -> Result<Option<Box<dyn HeldLock>>, DeletionRefusal> {
    match files.try_lock(path) {
        Ok(Some(lock)) => Ok(Some(lock)),
        Ok(None) => Err(DeletionRefusal::Used),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DeletionRefusal::File(FileError::on("lock", path)(error))),
    }
}

/// Reports what a collection would do with a folder that may be deleted. Returns whether it would delete it: no live process
/// builds or uses the environment in it, as far as its locks show.
fn would_remove(
    files: &dyn FileSystem,
    folder: &Path,
    removed: RemovedItem,
    report: &mut Report,
) -> bool {
    let owner = EnvironmentFolder(folder.to_owned()).owner();
    let is_used = [owner, paths::build_lock(folder)]
        .iter()
        .any(|lock| lock::is_held(files, lock));
    if is_used {
        report.skip(CollectionVerdict::InUse.reason());
    } else {
        report.add(removed);
    }
    !is_used
}

/// Removes an empty key folder, and the lock that an older `ade` left in it.
fn remove_key_folder(files: &dyn FileSystem, key: &Path) {
    let only_the_lock = files
        .names(key)
        .is_ok_and(|names| names.iter().all(|(name, _)| name == BUILD_LOCK));
    if !only_the_lock {
        return;
    }
    let lock = paths::build_lock(key);
    if lock::is_held(files, &lock) {
        return;
    }
    let _ = files.remove_file(&lock);
    let _ = files.remove_empty_folder(key);
    if let Some(configuration) = key.parent() {
        let _ = files.remove_empty_folder(configuration);
    }
}

/// Deletes leftovers of environments that no record names.
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
                remove_leftover(pass, &folder, &known, report)?;
            }
        }
        if !pass.options.dry_run {
            remove_key_folder(files, &key);
        }
    }
    Ok(())
}

/// The recorded environments by folder.
type RecordedEnvironments = HashMap<PathBuf, EnvironmentRecord>;

fn recorded(workspace: &Workspace) -> Result<RecordedEnvironments, StoreError> {
    let all = workspace.store.all_environments()?.into_iter();
    let by_folder = all.map(|environment| (environment.folder.clone(), environment));
    Ok(by_folder.collect())
}

/// Deletes a folder without a record, if it belongs to this database and no process uses it.
fn remove_leftover(
    pass: &Pass<'_>,
    folder: &Path,
    known: &RecordedEnvironments,
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
    let Some(Some(_locks)) = or_report(take_locks(files, folder), report) else {
        return Ok(());
    };
    if recorded(workspace)?.contains_key(folder) {
        report.skip(CollectionVerdict::InUse.reason());
        return Ok(());
    }
    delete_folder(files, folder, report);
    report.add(removed);
    Ok(())
}

/// Returns whether a folder was built for this database: its marker says so, or it holds an environment that this database now
/// records in another folder, or only a lock is left in it.
fn is_own(workspace: &Workspace, folder: &Path, known: &RecordedEnvironments) -> bool {
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

pub(super) fn leftover(workspace: &Workspace, folder: &Path) -> RemovedItem {
    RemovedItem {
        kind: "leftover",
        id: folder.display().to_string(),
        name: name_of(folder),
        reason: UNKNOWN,
        bytes: workspace.files().exclusive_bytes(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::cancel::Cancel;
    use crate::system::lock::Lock;
    use crate::system::machine::{Disk, System};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn builders_of_a_folder_exclude_each_other_while_it_is_deleted_again_and_again() {
        let place = tempfile::tempdir().unwrap();
        let key = place.path().join("configuration/deps-1");
        let folder = key.join("environment");
        let (building, built, done) = (AtomicUsize::new(0), AtomicUsize::new(0), Cancel::new());
        std::thread::scope(|scope| {
            let builders: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..300 {
                            let path = paths::build_lock(&folder);
                            let _lock =
                                Lock::acquire(&System, &path, &Cancel::new(), None, &mut |_| {})
                                    .unwrap_or_else(|error| panic!("{error}"));
                            assert_eq!(building.fetch_add(1, Ordering::SeqCst), 0);
                            std::thread::yield_now();
                            assert!(path.exists(), "the folder was taken from its builder");
                            std::fs::create_dir_all(folder.join("bin")).unwrap();
                            building.fetch_sub(1, Ordering::SeqCst);
                            built.fetch_add(1, Ordering::SeqCst);
                        }
                    })
                })
                .collect();
            scope.spawn(|| {
                while !done.is_cancelled() {
                    if let Ok(Some(_locks)) = take_locks(&Disk, &folder) {
                        let mut report = Report::default();
                        delete_folder(&Disk, &folder, &mut report);
                        assert!(report.failed.is_empty(), "{report:?}");
                    }
                    remove_key_folder(&Disk, &key);
                }
            });
            let ends: Vec<_> = builders.into_iter().map(|builder| builder.join()).collect();
            done.cancel();
            assert!(ends.iter().all(Result::is_ok));
        });
        assert_eq!(built.into_inner(), 900);
    }
}
