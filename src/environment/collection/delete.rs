//! Deletes one environment, unless something has come to need it: under the lock of its builders and that of its users the
//! record is deleted, then the folder. A run that needs the configuration afterwards gets a new record with a new folder, so
//! nothing waits for the deletion. Where it is interrupted, the marker in the folder, which goes last, says whose leftover it
//! is ([`super::orphans`]).

use std::io;
use std::path::Path;

use super::fate::Fate;
use super::report::{NotDeleted, Removed, Report};
use crate::base::files::FileError;
use crate::settings::paths;
use crate::settings::paths::{BUILD_LOCK, EnvironmentFolder};
use crate::store::{Clock, EnvironmentRecord, StoreError};
use crate::system::lock;
use crate::system::machine::{Files, FoundKind, HeldLock, Machine};
use crate::workspace::Workspace;

/// Deletes one environment, unless it has come into use since it was judged. Returns whether it was deleted.
pub fn remove_environment(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    reason: &'static str,
    cold_since: Option<&Clock<'_>>,
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
        return Ok(would_remove(files, folder, removed, report));
    }
    let locks = match Locks::take(machine, folder) {
        Ok(locks) => locks,
        Err(refusal) => {
            refusal.add_to(report);
            return Ok(false);
        }
    };
    if !workspace
        .store
        .delete_environment(&environment.id, cold_since)?
    {
        report.skip(Fate::InUse.reason());
        return Ok(false);
    }
    // Without locks there was no folder. One that is there by now is that of a builder, which claimed its record first.
    if locks.is_some() {
        delete_folder(files, folder, report);
    }
    drop(locks);
    // The key's folder is deleted with its last environment; the next builder creates it again.
    if let Some(key) = folder.parent() {
        remove_key_folder(machine, key);
    }
    report.add(removed);
    Ok(true)
}

/// Deletes the folder of an environment; a failure is added to the report. `.ready` goes first, so that no run takes what is
/// left for whole. What says whose the folder is goes last, and the builders' lock behind it, which keeps a builder from making
/// the folder anew while it is being deleted.
pub(super) fn delete_folder(files: &dyn Files, folder: &Path, report: &mut Report) {
    if let Err(error) = try_delete_folder(files, folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        report.failed.push(NotDeleted::of(folder, error));
    }
}

fn try_delete_folder(files: &dyn Files, folder: &Path) -> io::Result<()> {
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
    // A builder that came in between has made it its own.
    let _ = files.remove_empty_folder(folder);
    Ok(())
}

/// What keeps builders and users from a folder while it is deleted. A process that opened a lock's file before it was deleted
/// finds that the file is no longer there, and does not take the lock.
pub(super) struct Locks {
    _users: Box<dyn HeldLock>,
    _builder: Box<dyn HeldLock>,
}

/// A folder cannot be deleted now.
pub(super) enum Refusal {
    /// A live process builds or uses it.
    Used,
    /// A lock cannot be taken.
    File(NotDeleted),
}

impl Refusal {
    pub fn add_to(self, report: &mut Report) {
        match self {
            Self::Used => report.skip(Fate::InUse.reason()),
            Self::File(error) => report.failed.push(error),
        }
    }
}

impl Locks {
    /// Takes both locks of a folder. `None`: there is no such folder.
    pub fn take(machine: &dyn Machine, folder: &Path) -> Result<Option<Self>, Refusal> {
        let files = machine.files();
        match files.find(folder) {
            Ok(found) if found.kind == FoundKind::Folder => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Refusal::File(FileError::on("read", folder)(error).into()));
            }
        }
        let users = take_lock(files, &EnvironmentFolder(folder.to_owned()).owner())?;
        let builder = take_lock(files, &paths::build_lock(folder))?;
        Ok(users.zip(builder).map(|(users, builder)| Self {
            _users: users,
            _builder: builder,
        }))
    }
}

/// Takes a lock without which nothing proves that no process uses a folder. `None`: the folder is gone.
pub(super) fn take_lock(
    files: &dyn Files,
    path: &Path,
) -> Result<Option<Box<dyn HeldLock>>, Refusal> {
    match files.try_lock(path) {
        Ok(Some(lock)) => Ok(Some(lock)),
        Ok(None) => Err(Refusal::Used),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Refusal::File(FileError::on("lock", path)(error).into())),
    }
}

/// Reports what a collection would do with a folder that may be deleted. Returns whether it would delete it.
pub(super) fn would_remove(
    files: &dyn Files,
    folder: &Path,
    removed: Removed,
    report: &mut Report,
) -> bool {
    let is_used = is_used(files, folder);
    if is_used {
        report.skip(Fate::InUse.reason());
    } else {
        report.add(removed);
    }
    !is_used
}

/// Whether a live process builds or uses the environment in a folder, as far as its locks are seen.
fn is_used(files: &dyn Files, folder: &Path) -> bool {
    let owner = EnvironmentFolder(folder.to_owned()).owner();
    [owner, paths::build_lock(folder)]
        .iter()
        .any(|lock| lock::is_held(files, lock))
}

/// Removes an empty key folder, and the lock that an older `ade` left in it.
pub(super) fn remove_key_folder(machine: &dyn Machine, key: &Path) {
    let files = machine.files();
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
                    if let Ok(Some(_locks)) = Locks::take(&System, &folder) {
                        let mut report = Report::default();
                        delete_folder(&Disk, &folder, &mut report);
                        assert!(report.failed.is_empty(), "{report:?}");
                    }
                    remove_key_folder(&System, &key);
                }
            });
            let ends: Vec<_> = builders.into_iter().map(|one| one.join()).collect();
            done.cancel();
            assert!(ends.iter().all(Result::is_ok));
        });
        assert_eq!(built.into_inner(), 900);
    }
}
