//! Implements files and locks with the operating system.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::files::{FileSystem, FoundKind, HeldLock, OpenLog, PathFacts};
use crate::base::clock::{Timestamp, milliseconds};
use crate::base::digest;
use crate::base::digest::CopyError;
use crate::base::files;

/// The files of the operating system, with their locks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// An open file with a lock, which is released when the file is closed.
struct LockedFile(File);

impl HeldLock for LockedFile {
    fn name_holder(&mut self, holder: &str) {
        let mut write = || -> io::Result<()> {
            self.0.set_len(0)?;
            self.0.rewind()?;
            writeln!(self.0, "{holder}")
        };
        let _ = write();
    }
}

impl OpenLog for File {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.seek(SeekFrom::Start(0))?;
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

fn held(locked: Result<(), TryLockError>) -> io::Result<bool> {
    match locked {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn io_error(error: files::FileError) -> io::Error {
    error.source
}

fn open_lock(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    match opened {
        // Another user's file can be locked all the same, but the holder's name cannot be written into it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            File::open(path).map_err(|_| error)
        }
        opened => opened,
    }
}

/// Returns whether an open file is still the one at its path. If a file was deleted between opening and locking it, its lock
/// does not exclude processes that come later.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(opened), Ok(found)) => (opened.dev(), opened.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

/// Opens the file at a path and locks it, and tries again if it was deleted in between. Returns `None` if another process has
/// it.
fn locked(
    path: &Path,
    open: impl Fn(&Path) -> io::Result<File>,
    lock: impl Fn(&File) -> io::Result<bool>,
) -> io::Result<Option<Box<dyn HeldLock>>> {
    loop {
        let file = open(path)?;
        if !lock(&file)? {
            return Ok(None);
        }
        if is_at(&file, path) {
            return Ok(Some(Box::new(LockedFile(file))));
        }
    }
}

impl Disk {
    /// Locks the file at a path, creating it if it is missing, and waits as long as another process has locked it.
    ///
    /// # Errors
    /// It cannot be opened, or the file system has no locks.
    pub fn lock(&self, path: &Path) -> io::Result<Box<dyn HeldLock>> {
        let wait = |file: &File| file.lock().map(|()| true);
        locked(path, open_lock, wait)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }
}

impl FileSystem for Disk {
    fn find(&self, path: &Path) -> io::Result<PathFacts> {
        let found = fs::metadata(path)?;
        let since = found.modified()?.duration_since(UNIX_EPOCH);
        Ok(PathFacts {
            kind: if found.is_dir() {
                FoundKind::Folder
            } else {
                FoundKind::File
            },
            length: found.len(),
            modified: Timestamp(since.map_or(0, milliseconds)),
        })
    }

    fn is_link(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<(String, FoundKind)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // The kind of a link itself, not of its target.
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_dir() => FoundKind::Folder,
                _ => FoundKind::File,
            };
            names.push((entry.file_name().to_string_lossy().into_owned(), kind));
        }
        Ok(names)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        files::create_folder(path).map_err(io_error)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::write(path, bytes)
    }

    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        files::write_whole(path, bytes).map_err(io_error)
    }

    fn copy_hashed(&self, from: &Path, to: &Path) -> Result<(String, u64), (PathBuf, io::Error)> {
        let reading = |error| (from.to_owned(), error);
        let writing = |error| (to.to_owned(), error);
        let folder = to.parent().unwrap_or(Path::new("."));
        let mut source = File::open(from).map_err(reading)?;
        let mut beside = files::unfinished(folder).map_err(writing)?;
        let (digest, bytes) =
            digest::copy(&mut source, &mut beside).map_err(|error| match error {
                CopyError::Read(error) => reading(error),
                CopyError::Write(error) => writing(error),
            })?;
        beside.persist(to).map_err(|error| writing(error.error))?;
        Ok((digest.to_string(), bytes))
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn point_link(&self, at: &Path, to: &Path) -> io::Result<()> {
        if fs::read_link(at).is_ok_and(|current| current == to) {
            return Ok(());
        }
        let _ = fs::remove_file(at);
        std::os::unix::fs::symlink(to, at)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_empty_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        files::remove_read_only_tree(path)
    }

    fn exclusive_bytes(&self, folder: &Path) -> u64 {
        files::disk_usage(folder).map_or(0, |usage| usage.exclusive_bytes)
    }

    fn room(&self, folder: &Path) -> Option<u64> {
        files::room(folder).ok()
    }

    fn sha256(&self, path: &Path) -> io::Result<String> {
        Ok(digest::of_file(path)?.0.to_string())
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn HeldLock>>> {
        locked(path, open_lock, |file| held(file.try_lock()))
    }

    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Box<dyn HeldLock>>> {
        // Reading is enough for a shared lock, even if the file may not be written.
        let open = |path: &Path| match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => open_lock(path),
            opened => opened,
        };
        locked(path, open, |file| held(file.try_lock_shared()))
    }

    fn is_locked(&self, path: &Path) -> io::Result<bool> {
        let file = OpenOptions::new().write(true).open(path)?;
        Ok(!held(file.try_lock())?)
    }

    fn open_log(&self, path: &Path) -> io::Result<Box<dyn OpenLog>> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(path)?;
        Ok(Box::new(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_lock_on_a_file_that_was_deleted_meanwhile_is_taken_on_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("build.lock");
        let times = Cell::new(0);
        // Deletes the file between opening and locking, like a process that deletes it under its own lock.
        let lock = |file: &File| {
            times.set(times.get() + 1);
            if times.get() < 3 {
                fs::remove_file(&path).unwrap();
            }
            held(file.try_lock())
        };
        let first = locked(&path, open_lock, lock).unwrap();
        assert_eq!((first.is_some(), times.get()), (true, 3));
        assert!(Disk.is_locked(&path).unwrap());
        assert!(Disk.try_lock(&path).unwrap().is_none());
        drop(first);
        assert!(!Disk.is_locked(&path).unwrap());
    }

    #[test]
    fn a_shared_lock_is_shared_and_keeps_others_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".owner");
        let first = Disk.try_lock_shared(&path).unwrap();
        let other = Disk.try_lock_shared(&path).unwrap();
        assert!(first.is_some() && other.is_some());
        assert!(Disk.try_lock(&path).unwrap().is_none());
        drop(first);
        assert!(Disk.try_lock(&path).unwrap().is_none());
        drop(other);
        let alone = Disk.try_lock(&path).unwrap();
        assert!(alone.is_some());
        assert!(Disk.try_lock_shared(&path).unwrap().is_none());
    }

    #[test]
    fn a_copy_says_which_side_failed_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let (path, error) = Disk.copy_hashed(&from, &to).unwrap_err();
        assert_eq!(
            (path, error.kind()),
            (from.clone(), io::ErrorKind::NotFound)
        );
        fs::write(&from, b"abc").unwrap();
        fs::create_dir(&to).unwrap();
        assert_eq!(Disk.copy_hashed(&from, &to).unwrap_err().0, to);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
