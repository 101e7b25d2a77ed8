//! Abstracts the files of a machine, as far as runs, environments and collection need them.

use std::io;
use std::path::{Path, PathBuf};

use crate::base::clock::Timestamp;

/// The kind of thing at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundKind {
    File,
    Folder,
}

/// The facts about a path; a link counts as its target.
#[derive(Clone, Copy, Debug)]
pub struct PathFacts {
    pub kind: FoundKind,
    /// The length in bytes.
    pub length: u64,
    /// The time at which the file, or something directly in the folder, last changed.
    pub modified: Timestamp,
}

/// A lock of the operating system on a file, released when dropped and when its process ends in any way.
pub trait HeldLock: Send {
    /// Writes the holder's name for people to read. Errors are ignored, because nothing depends on it.
    fn name_holder(&mut self, holder: &str);
}

/// A log that is open for appending.
pub trait OpenLog: Send {
    /// Returns the whole content of the log.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self) -> io::Result<Vec<u8>>;
    /// Returns its length now, including what other processes wrote.
    ///
    /// # Errors
    /// It cannot be examined.
    fn length(&self) -> io::Result<u64>;
    /// Writes at its end, even after other processes wrote to it.
    ///
    /// # Errors
    /// It cannot be written, for example because the disk is full.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the written bytes durable.
    ///
    /// # Errors
    /// The disk fails.
    fn sync(&mut self) -> io::Result<()>;
}

/// Accesses files. Every operation is atomic for other processes, unless it says otherwise; a crash happens between two of
/// them.
pub trait FileSystem: Send + Sync {
    /// Returns the facts about a path.
    ///
    /// # Errors
    /// Nothing is there (`NotFound`), or it cannot be examined.
    fn find(&self, path: &Path) -> io::Result<PathFacts>;
    /// Returns the names in a folder, in any order.
    ///
    /// # Errors
    /// It cannot be read.
    fn names(&self, folder: &Path) -> io::Result<Vec<(String, FoundKind)>>;
    /// Returns the content of a file.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Creates a folder and those above it.
    ///
    /// # Errors
    /// A file has this path, or permission is missing.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Writes a file in place; a crash can leave a part of it.
    ///
    /// # Errors
    /// The disk is full, or permission is missing.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Writes a file so that it appears whole, and durably.
    ///
    /// # Errors
    /// As [`FileSystem::write`].
    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Copies a file so that the copy appears whole. Returns the SHA-256 of the copied bytes, in hexadecimal digits, and their
    /// number.
    ///
    /// # Errors
    /// A file cannot be read or written; the error names its path.
    fn copy_hashed(&self, from: &Path, to: &Path) -> Result<(String, u64), (PathBuf, io::Error)>;
    /// Makes a hard link to a file.
    ///
    /// # Errors
    /// It cannot be made, for example because the file system has no hard links.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Points the link at `at` to another folder.
    ///
    /// # Errors
    /// It cannot be written.
    fn point_link(&self, at: &Path, to: &Path) -> io::Result<()>;
    /// Renames a file or a folder.
    ///
    /// # Errors
    /// It does not exist (`NotFound`), or may not be renamed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Deletes a file.
    ///
    /// # Errors
    /// It does not exist (`NotFound`), or may not be deleted.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Deletes a folder that is empty.
    ///
    /// # Errors
    /// It does not exist, is not empty, or may not be deleted.
    fn remove_empty_folder(&self, path: &Path) -> io::Result<()>;
    /// Deletes a folder with all its content, including read-only files. Not atomic: a crash can leave a part of it.
    ///
    /// # Errors
    /// Something in it may not be deleted.
    fn remove_tree(&self, path: &Path) -> io::Result<()>;
    /// Returns the bytes that deleting a folder would free.
    fn exclusive_bytes(&self, folder: &Path) -> u64;
    /// Returns the free bytes of the file system where a folder is or will be, or `None` if unknown.
    fn room(&self, folder: &Path) -> Option<u64>;
    /// Returns the SHA-256 of a file, in hexadecimal digits.
    ///
    /// # Errors
    /// It cannot be read.
    fn sha256(&self, path: &Path) -> io::Result<String>;
    /// Locks the file at a path, creating it if it is missing. Returns `None` if another process has locked it.
    ///
    /// # Errors
    /// It cannot be opened, or the file system has no locks.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn HeldLock>>>;
    /// Takes a shared lock on the file at a path, creating it if it is missing. Returns `None` if a process holds an exclusive
    /// lock.
    ///
    /// # Errors
    /// As [`FileSystem::try_lock`].
    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Box<dyn HeldLock>>>;
    /// Returns whether a process has locked the file at a path.
    ///
    /// # Errors
    /// It does not exist (`NotFound`), or cannot be examined.
    fn is_locked(&self, path: &Path) -> io::Result<bool>;
    /// Opens a log for appending, and creates it if it is missing.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open_log(&self, path: &Path) -> io::Result<Box<dyn OpenLog>>;

    /// Returns whether something is at a path.
    fn exists(&self, path: &Path) -> bool {
        self.find(path).is_ok()
    }
    /// Returns whether a file is at a path.
    fn is_file(&self, path: &Path) -> bool {
        self.find(path)
            .is_ok_and(|found| found.kind == FoundKind::File)
    }
    /// Returns whether a symbolic link is at a path.
    fn is_link(&self, _path: &Path) -> bool {
        false
    }
    /// Returns whether a folder is at a path.
    fn is_folder(&self, path: &Path) -> bool {
        self.find(path)
            .is_ok_and(|found| found.kind == FoundKind::Folder)
    }
    /// Returns the folders in a folder; none if it cannot be read.
    fn folders(&self, path: &Path) -> Vec<PathBuf> {
        let names = self.names(path).unwrap_or_default().into_iter();
        names
            .filter(|(_, kind)| *kind == FoundKind::Folder)
            .map(|(name, _)| path.join(name))
            .collect()
    }
}
