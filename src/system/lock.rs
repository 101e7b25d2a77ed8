//! Locks between processes: one holder at a time, whose name those that wait can read.
//!
//! The lock is that of the operating system on an open file: it is released when its process ends in any way, so no lock is
//! ever stale. The file's content names the holder, for people to read; nothing depends on it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::machine::{Disk, Files, HeldLock, Machine, Steady};
use crate::base::cancel::Cancel;
use crate::base::files::FileError;
use crate::base::problem::{Facts, Kind, Problem, code};

/// How soon a waiter notices that the lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// How often the folder of a lock that was removed is created again.
const TIMES: usize = 100;

/// A lock that this process holds; released when dropped.
pub struct Lock {
    _held: Box<dyn HeldLock>,
}

/// A lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// The waiting was cancelled.
    #[error("cancelled while waiting for {}", path.display())]
    Cancelled {
        /// The lock's file.
        path: PathBuf,
    },
    /// Another process has had it for as long as this one may wait.
    #[error("{} is not free: another process has it", path.display())]
    Busy {
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
            LockError::Busy { .. } => Facts::new(Kind::Refused, code::BUSY),
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
    pub fn try_take(machine: &dyn Machine, path: &Path) -> Result<Option<Self>, FileError> {
        Self::try_take_as(machine, path, &holder(machine))
    }

    /// The same by a holder of this name.
    ///
    /// # Errors
    /// As [`Lock::try_take`].
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

    /// Takes the lock, waiting as long as another process of this machine has it. For short work.
    ///
    /// # Errors
    /// As [`Lock::try_take`].
    pub fn take(path: &Path) -> Result<Self, FileError> {
        create_folder_of(&Disk, path)?;
        let held = Disk.lock(path).map_err(FileError::on("lock", path))?;
        Ok(Self { _held: held })
    }

    /// Takes the lock, waiting until the flag is raised, but not beyond `until`: who has it may hang. `on_wait` is called when the waiting begins and whenever the
    /// holder changes, with the holder where it is known, as [`holder`] writes it.
    ///
    /// # Errors
    /// The waiting was cancelled, or took too long; else as [`Lock::try_take`].
    pub fn acquire(
        machine: &dyn Machine,
        path: &Path,
        cancel: &Cancel,
        until: Option<Steady>,
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
            // For a moment after the lock was taken the file has no name yet.
            if reported.as_ref() != Some(&holder) && (reported.is_none() || holder.is_some()) {
                on_wait(holder.clone());
                reported = Some(holder);
            }
            machine.wait(cancel, LOOK_AGAIN);
        }
    }
}

/// The name of this process in the files that it has locked: `process 4711 on host`.
pub fn holder(machine: &dyn Machine) -> String {
    format!("process {} on {}", machine.pid(), machine.host())
}

/// Whether a process is seen to hold the lock of the file.
pub fn is_held(files: &dyn Files, path: &Path) -> bool {
    files.is_locked(path).unwrap_or(false)
}

fn create_folder_of(files: &dyn Files, path: &Path) -> Result<(), FileError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    files
        .create_folder(folder)
        .map_err(FileError::on("create the folder", folder))
}

/// The name of the holder in the file of a lock. `None`: there is none yet, or the file cannot be read.
pub fn read_holder(files: &dyn Files, path: &Path) -> Option<String> {
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
