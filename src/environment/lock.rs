//! One builder at a time, and everybody else knows for whom they wait.
//!
//! The lock is that of the operating system on an open file: a process that ends in any way has released it, so no lock
//! is ever stale and none has to be judged by its age. The file's content says who holds it, for people to read; it
//! decides nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::cancel::Cancel;

/// How soon a waiter notices that the lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Held as long as it lives.
#[derive(Debug)]
pub struct BuildLock {
    /// Closing it releases the lock.
    _file: File,
}

#[derive(Debug, Error)]
pub enum LockError {
    #[error("cancelled while waiting for {}", path.display())]
    Cancelled { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl LockError {
    pub fn hint(&self) -> Option<String> {
        match self {
            LockError::Cancelled { .. } => None,
            LockError::Io { .. } => Some(
                "check that the data directory is writable and on a file system with locks"
                    .to_owned(),
            ),
        }
    }
}

impl BuildLock {
    /// Takes the lock, waiting for it where it is taken. `on_wait` is called when the waiting begins and whenever the
    /// holder changes, with the holder where it is known: `process 4711 on host`.
    pub fn acquire(
        path: &Path,
        cancel: &Cancel,
        on_wait: &mut dyn FnMut(Option<String>),
    ) -> Result<Self, LockError> {
        let failed = |source| LockError::Io {
            path: path.to_owned(),
            source,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let mut told: Option<Option<String>> = None;
        loop {
            if cancel.is_cancelled() {
                return Err(LockError::Cancelled {
                    path: path.to_owned(),
                });
            }
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let holder = read_holder(path);
                    // Between taking the lock and writing the name there is a moment without one.
                    if told.as_ref() != Some(&holder) && (told.is_none() || holder.is_some()) {
                        on_wait(holder.clone());
                        told = Some(holder);
                    }
                    cancel.wait(LOOK_AGAIN);
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        // Only for people, so a full disk is no reason to give the lock back.
        let _ = write_holder(&mut file);
        Ok(BuildLock { _file: file })
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

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {} on {}", std::process::id(), host_name())
}

fn host_name() -> String {
    let mut name = [0_u8; 256];
    // SAFETY: the pointer and the length are those of one live array.
    if unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) } != 0 {
        return "this machine".to_owned();
    }
    let end = name
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(name.len());
    String::from_utf8_lossy(&name[..end]).into_owned()
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
            BuildLock::acquire(&path, &Cancel::new(), &mut |_| panic!("nobody to wait for"))
                .unwrap();
        let (waits, waiting) = mpsc::channel();
        let second = {
            let path = path.clone();
            std::thread::spawn(move || {
                BuildLock::acquire(&path, &Cancel::new(), &mut |holder| {
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
        let _held = BuildLock::acquire(&path, &Cancel::new(), &mut |_| {}).unwrap();
        let cancel = Cancel::new();
        let answer = BuildLock::acquire(&path, &cancel, &mut |_| cancel.cancel());
        assert!(matches!(answer, Err(LockError::Cancelled { .. })));
    }
}
