//! Locks between processes: one holder at a time, and everybody else knows for whom they wait.
//!
//! The lock is that of the operating system on an open file: a process that ends in any way has released it, so no lock
//! is ever stale and none has to be judged by its age. The file's content says who holds it, for people to read; it
//! decides nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::cancel::Cancel;
use crate::files::{self, FileError};
use crate::host;
use crate::problem::{Facts, Kind, Problem, code};

/// How soon a waiter notices that the lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// A lock that this process holds; released when dropped.
#[derive(Debug)]
pub struct Lock {
    /// Closing it releases the lock.
    _file: File,
}

/// A lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody cancelled the waiting.
    #[error("cancelled while waiting for {}", path.display())]
    Cancelled {
        /// The lock's file.
        path: PathBuf,
    },
    /// The file cannot be opened, or the file system has no locks.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for LockError {
    fn facts(&self) -> Facts {
        match self {
            LockError::Cancelled { .. } => Facts::new(Kind::Cancelled, code::CANCELLED),
            LockError::File(error) => {
                let facts = error.facts();
                if facts.hint.is_some() {
                    return facts;
                }
                facts.hint(
                    "check that the data directory is writable and on a file system with locks",
                )
            }
        }
    }
}

impl Lock {
    /// Takes the lock if it is free. `None`: another process has it.
    ///
    /// # Errors
    /// The file cannot be opened, or the file system has no locks.
    pub fn try_take(path: &Path) -> Result<Option<Self>, FileError> {
        let file = open(path)?;
        let free = try_lock(&file).map_err(FileError::on("lock", path))?;
        Ok(free.then(|| Self::held(file)))
    }

    /// Takes the lock, waiting as long as another process has it. For work that is over in a moment.
    ///
    /// # Errors
    /// As [`Lock::try_take`].
    pub fn take(path: &Path) -> Result<Self, FileError> {
        let file = open(path)?;
        file.lock().map_err(FileError::on("lock", path))?;
        Ok(Self::held(file))
    }

    /// Takes the lock, waiting until somebody cancels. `on_wait` is called when the waiting begins and whenever the
    /// holder changes, with the holder where it is known: `process 4711 on host`.
    ///
    /// # Errors
    /// Somebody cancelled; else as [`Lock::try_take`].
    pub fn acquire(
        path: &Path,
        cancel: &Cancel,
        on_wait: &mut dyn FnMut(Option<String>),
    ) -> Result<Self, LockError> {
        let file = open(path)?;
        let mut reported: Option<Option<String>> = None;
        loop {
            if cancel.is_cancelled() {
                return Err(LockError::Cancelled {
                    path: path.to_owned(),
                });
            }
            if try_lock(&file).map_err(FileError::on("lock", path))? {
                return Ok(Self::held(file));
            }
            let holder = read_holder(path);
            // Between taking the lock and writing the name there is a moment without one.
            if reported.as_ref() != Some(&holder) && (reported.is_none() || holder.is_some()) {
                on_wait(holder.clone());
                reported = Some(holder);
            }
            cancel.wait(LOOK_AGAIN);
        }
    }

    fn held(mut file: File) -> Self {
        // Only for people, so a full disk is no reason to give the lock back.
        let _ = write_holder(&mut file);
        Self { _file: file }
    }
}

/// Whether the file is there and a process holds its lock. `None`: it cannot be looked at, which proves nothing.
pub fn is_held(path: &Path) -> Option<bool> {
    match OpenOptions::new().write(true).open(path) {
        Ok(file) => try_lock(&file).ok().map(|free| !free),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    }
}

/// Opens the lock's file, and makes it and its folder where they are not there.
fn open(path: &Path) -> Result<File, FileError> {
    if let Some(folder) = path.parent() {
        files::create_folder(folder)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(FileError::on("open", path))
}

/// Takes the lock of a file that is open for another purpose, if it is free, and says whether it was. Closing or unlocking
/// the file releases it.
///
/// # Errors
/// The file system has no locks.
pub fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read_holder(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(1024)
        .read_to_string(&mut text)
        .ok()?;
    let holder = text.trim();
    (!holder.is_empty()).then(|| holder.to_owned())
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {} on {}", std::process::id(), host::name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn the_second_waits_for_the_first_and_knows_who_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locks/key.lock");
        let first =
            Lock::acquire(&path, &Cancel::new(), &mut |_| panic!("nobody to wait for")).unwrap();
        let (waits, waiting) = mpsc::channel();
        let second = {
            let path = path.clone();
            std::thread::spawn(move || {
                Lock::acquire(&path, &Cancel::new(), &mut |holder| {
                    waits.send(holder).unwrap()
                })
                .unwrap();
                waits.send(Some("acquired".to_owned())).unwrap();
            })
        };
        let holder = waiting.recv().unwrap().unwrap();
        assert!(
            holder.starts_with(&format!("process {} on ", std::process::id())),
            "{holder}"
        );
        drop(first);
        assert_eq!(waiting.recv().unwrap().as_deref(), Some("acquired"));
        second.join().unwrap();
    }

    #[test]
    fn waiting_can_be_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.lock");
        let _held = Lock::acquire(&path, &Cancel::new(), &mut |_| {}).unwrap();
        let cancel = Cancel::new();
        let answer = Lock::acquire(&path, &cancel, &mut |_| cancel.cancel());
        assert!(matches!(answer, Err(LockError::Cancelled { .. })));
    }

    #[test]
    fn a_held_lock_is_not_taken_and_a_free_or_missing_one_is_not_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        assert_eq!(is_held(&path), Some(false), "there is no file");
        let held = Lock::take(&path).unwrap();
        assert_eq!(is_held(&path), Some(true));
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(held);
        assert_eq!(is_held(&path), Some(false));
        assert!(Lock::try_take(&path).unwrap().is_some());
    }
}
