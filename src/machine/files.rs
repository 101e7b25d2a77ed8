//! The files of a machine, as far as runs, environments and collection need them.

use std::io;
use std::path::{Path, PathBuf};

use crate::clock::Timestamp;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundKind {
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// What a look at a path found; a link counts as what it leads to.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// Its length in bytes.
    pub length: u64,
    /// When it, or what is directly in it, changed last.
    pub modified: Timestamp,
}

/// A lock of the operating system on a file, released when dropped and when its process ends in any way.
pub trait HeldLock: Send {
    /// Writes for people who holds it. Where that fails, nothing is lost: no decision depends on it.
    fn name_holder(&mut self, holder: &str);
}

/// A log that is open for appending.
pub trait OpenLog: Send {
    /// All that is in it.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self) -> io::Result<Vec<u8>>;
    /// How long it is now, whoever wrote to it.
    ///
    /// # Errors
    /// It cannot be looked at.
    fn length(&self) -> io::Result<u64>;
    /// Writes at its end, wherever that is by now.
    ///
    /// # Errors
    /// The disk is full, or worse.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was written durable.
    ///
    /// # Errors
    /// The disk fails.
    fn sync(&mut self) -> io::Result<()>;
    /// Locks it, unless somebody else has. False: somebody else has.
    ///
    /// # Errors
    /// The file system has no locks.
    fn try_lock(&mut self) -> io::Result<bool>;
    /// Ends that.
    fn unlock(&mut self);
}

/// See the module. Every operation is atomic for those who look at its path, unless it says otherwise; a crash happens
/// between two of them.
pub trait Files: Send + Sync {
    /// What is at a path.
    ///
    /// # Errors
    /// Nothing is there (`NotFound`), or it cannot be looked at.
    fn find(&self, path: &Path) -> io::Result<Found>;
    /// The names in a folder, in no order.
    ///
    /// # Errors
    /// It cannot be read.
    fn names(&self, folder: &Path) -> io::Result<Vec<(String, FoundKind)>>;
    /// A file's content.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The first four bytes of a file.
    ///
    /// # Errors
    /// It cannot be read, or is shorter.
    fn first_bytes(&self, path: &Path) -> io::Result<[u8; 4]>;
    /// Creates a folder and those above it.
    ///
    /// # Errors
    /// A file is in the way, or it may not be.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Writes a file in place; a crash can leave a part of it.
    ///
    /// # Errors
    /// The disk is full, or it may not be.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Writes a file so that it appears whole, and durably.
    ///
    /// # Errors
    /// As [`Files::write`].
    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Copies a file so that the copy appears whole. Returns the SHA-256 of what was copied, in hexadecimal digits, and how
    /// many bytes they are.
    ///
    /// # Errors
    /// With the path that could not be read or written.
    fn copy_hashed(&self, from: &Path, to: &Path) -> Result<(String, u64), (PathBuf, io::Error)>;
    /// Gives a file another name. Fails where the file system cannot.
    ///
    /// # Errors
    /// As it says.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Points the link at `at` to another folder.
    ///
    /// # Errors
    /// It cannot be written.
    fn point_link(&self, at: &Path, to: &Path) -> io::Result<()>;
    /// Renames a file or a folder.
    ///
    /// # Errors
    /// It is not there (`NotFound`), or may not be renamed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Deletes a file.
    ///
    /// # Errors
    /// It is not there (`NotFound`), or may not go.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Deletes a folder that is empty.
    ///
    /// # Errors
    /// It is not there, or not empty, or may not go.
    fn remove_empty_folder(&self, path: &Path) -> io::Result<()>;
    /// Deletes a folder with all that is in it, read-only files too. Not atomic: a crash can leave a part of it.
    ///
    /// # Errors
    /// Something in it may not go.
    fn remove_tree(&self, path: &Path) -> io::Result<()>;
    /// The bytes that deleting a folder would free.
    fn exclusive_bytes(&self, folder: &Path) -> u64;
    /// The bytes that may still be written where a folder is, or will be. `None`: not known.
    fn room(&self, folder: &Path) -> Option<u64>;
    /// The SHA-256 of a file, in hexadecimal digits.
    ///
    /// # Errors
    /// It cannot be read.
    fn sha256(&self, path: &Path) -> io::Result<String>;
    /// Locks the file at a path and makes it where it is missing. `None`: somebody else has locked it.
    ///
    /// # Errors
    /// It cannot be opened, or the file system has no locks.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn HeldLock>>>;
    /// Whether somebody has locked the file at a path.
    ///
    /// # Errors
    /// It is not there (`NotFound`), or cannot be looked at.
    fn is_locked(&self, path: &Path) -> io::Result<bool>;
    /// Opens a log for appending, and begins it where it is missing.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open_log(&self, path: &Path) -> io::Result<Box<dyn OpenLog>>;

    /// Whether something is at a path.
    fn exists(&self, path: &Path) -> bool {
        self.find(path).is_ok()
    }
    /// Whether a file is at a path.
    fn is_file(&self, path: &Path) -> bool {
        self.find(path)
            .is_ok_and(|found| found.kind == FoundKind::File)
    }
    /// Whether a folder is at a path.
    fn is_folder(&self, path: &Path) -> bool {
        self.find(path)
            .is_ok_and(|found| found.kind == FoundKind::Folder)
    }
    /// The folders in a folder; none where it cannot be read.
    fn folders(&self, path: &Path) -> Vec<PathBuf> {
        let names = self.names(path).unwrap_or_default().into_iter();
        names
            .filter(|(_, kind)| *kind == FoundKind::Folder)
            .map(|(name, _)| path.join(name))
            .collect()
    }
}
