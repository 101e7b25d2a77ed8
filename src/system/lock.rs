//! Locks between processes: one holder at a time, whose name waiting processes can read.
//!
//! The operating system locks an open file and releases the lock when its process ends in any way, so no lock is ever stale.
//! The file's content names the holder, for people to read; nothing depends on it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::machine::{Disk, FileSystem, HeldLock, Machine, SteadyTime};
use crate::base::cancel::Cancel;
use crate::base::files::FileError;
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, code};

/// The interval at which a waiting process checks whether the lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// The maximum number of times that the folder of a lock is created again after its removal.
const TIMES: usize = 100;

/// A lock that this process holds; released when dropped.
pub struct Lock {
    _held: Box<dyn HeldLock>,
}

/// The reason why a lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// The caller cancelled the wait.
    #[error("cancelled while waiting for {}", path.display())]
    Cancelled { path: PathBuf },
    /// Another process has held it for as long as this process may wait.
    #[error("{} is locked by another process", path.display())]
    Busy { path: PathBuf },
    /// The file cannot be opened, or the file system has no locks.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for LockError {
    fn facts(&self) -> ErrorFacts {
        match self {
            LockError::Cancelled { .. } => ErrorFacts::new(ProblemKind::Cancelled, code::CANCELLED),
            LockError::Busy { .. } => ErrorFacts::new(ProblemKind::Refused, code::BUSY)
                .hint("try again when that process has ended"),
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
    /// Takes the lock if it is free. Returns `None` if another process has it.
    ///
    /// # Errors
    /// The file cannot be opened, or the file system has no locks.
    pub fn try_take(machine: &dyn Machine, path: &Path) -> Result<Option<Self>, FileError> {
        Self::try_take_as(machine, path, &holder(machine))
    }

    /// Does the same for a holder of this name.
    ///
    /// # Errors
    /// The same as [`Lock::try_take`].
    pub fn try_take_as(
        machine: &dyn Machine,
        path: &Path,
        name: &str,
    ) -> Result<Option<Self>, FileError> {
        let files = machine.files();
        let mut times = 0;
        let taken = loop {
            // Another process may remove an empty folder again before the file is in it.
            let taken = create_folder_of(files, path)
                .and_then(|()| files.try_lock(path).map_err(FileError::on("lock", path)));
            match taken {
                Err(error) if error.source.kind() == io::ErrorKind::NotFound && times < TIMES => {
                    times += 1;
                }
                taken => break taken?,
            }
        };
        Ok(taken.map(|mut held| {
            held.name_holder(name);
            Self { _held: held }
        }))
    }

    /// Takes the lock, and waits as long as another process of this machine has it. Use it for short work.
    ///
    /// # Errors
    /// The same as [`Lock::try_take`].
    pub fn take(path: &Path) -> Result<Self, FileError> {
        create_folder_of(&Disk, path)?;
        let held = Disk.lock(path).map_err(FileError::on("lock", path))?;
        Ok(Self { _held: held })
    }

    /// Takes the lock, and waits for it until the flag is raised or `until` has come, because the holder may hang. Calls
    /// `on_wait` when the wait begins and whenever the holder changes. Its argument is the holder, if known, in the format of
    /// [`holder`].
    ///
    /// # Errors
    /// The wait was cancelled or took too long; otherwise the same as [`Lock::try_take`].
    pub fn acquire(
        machine: &dyn Machine,
        path: &Path,
        cancel: &Cancel,
        until: Option<SteadyTime>,
        on_wait: &mut dyn FnMut(Option<String>),
    ) -> Result<Self, LockError> {
        let mut reported: Option<Option<String>> = None;
        loop {
            if cancel.is_cancelled() {
                return Err(LockError::Cancelled {
                    path: path.to_owned(),
                });
            }
            if let Some(lock) = Self::try_take(machine, path)? {
                return Ok(lock);
            }
            if until.is_some_and(|until| machine.steady() >= until) {
                return Err(LockError::Busy {
                    path: path.to_owned(),
                });
            }
            let holder = read_holder(machine.files(), path);
            // For a moment after the lock was taken, the file has no name yet.
            if reported.as_ref() != Some(&holder) && (reported.is_none() || holder.is_some()) {
                on_wait(holder.clone());
                reported = Some(holder);
            }
            machine.wait(cancel, LOOK_AGAIN);
        }
    }
}

/// Returns the name of this process in the files that it has locked: `process 4711 on host`.
pub fn holder(machine: &dyn Machine) -> String {
    format!("process {} on {}", machine.pid(), machine.host())
}

/// Returns whether a process holds the lock of the file, as far as this process can see.
pub fn is_held(files: &dyn FileSystem, path: &Path) -> bool {
    files.is_locked(path).unwrap_or(false)
}

fn create_folder_of(files: &dyn FileSystem, path: &Path) -> Result<(), FileError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    files
        .create_folder(folder)
        .map_err(FileError::on("create the folder", folder))
}

/// Returns the name of the holder from a lock's file. Returns `None` if there is none yet, or if the file cannot be read.
pub fn read_holder(files: &dyn FileSystem, path: &Path) -> Option<String> {
    let text = files.read(path).ok()?;
    let holder = String::from_utf8_lossy(&text).trim().to_owned();
    (!holder.is_empty()).then_some(holder)
}

#[cfg(test)]
mod tests {
    use super::super::machine::System;
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn the_second_waits_for_the_first_and_knows_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locks/key.lock");
        let acquire = |waits: &mut dyn FnMut(Option<String>)| {
            Lock::acquire(&System, &path, &Cancel::new(), None, waits).unwrap()
        };
        let first = acquire(&mut |_| panic!("nobody to wait for"));
        let (waits, waiting) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                drop(acquire(&mut |holder| waits.send(holder).unwrap()));
                waits.send(Some("acquired".to_owned())).unwrap();
            });
            let holder = waiting.recv().unwrap().unwrap();
            let known = format!("process {} on ", std::process::id());
            assert!(holder.starts_with(&known), "{holder}");
            drop(first);
            assert_eq!(waiting.recv().unwrap().as_deref(), Some("acquired"));
        });
    }

    #[test]
    fn a_held_lock_is_not_taken_and_waiting_for_it_can_be_cancelled_and_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.lock");
        assert!(!is_held(&Disk, &path), "there is no file");
        let held = Lock::take(&path).unwrap();
        assert!(is_held(&Disk, &path));
        assert!(Lock::try_take(&System, &path).unwrap().is_none());
        let cancel = Cancel::new();
        let answer = Lock::acquire(&System, &path, &cancel, None, &mut |_| cancel.cancel());
        assert!(matches!(answer, Err(LockError::Cancelled { .. })));
        let (now, forever) = (System.steady(), Cancel::new());
        let answer = Lock::acquire(&System, &path, &forever, Some(now), &mut |_| {});
        assert!(matches!(answer, Err(LockError::Busy { .. })));
        drop(held);
        assert!(!is_held(&Disk, &path));
        assert!(Lock::try_take(&System, &path).unwrap().is_some());
    }
}
