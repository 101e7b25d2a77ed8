//! Locks the cache while a build uses it.
//!
//! All data directories of a user share one cache, so another process could delete a part of it during a build. Every build
//! therefore holds a shared lock on the cache. Collection needs the lock for itself, so it deletes nothing meanwhile
//! (`collection/caches.rs`). The files that a ready environment has from the cache are hard links or copies, so they stay.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::settings::paths::CacheFolder;

/// The maximum time that a build waits while a part of the cache is set aside, and the interval of its checks.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A shared lock on the cache, released when dropped and when the process ends in any way.
pub(crate) struct CacheInUse {
    _locked: Option<File>,
}

impl CacheInUse {
    /// Waits while a part of the cache is being set aside, which takes a moment. If that process hangs, the build goes on after
    /// a limited time: the part has been unused for long. If the file system has no locks, the build goes on without a lock:
    /// collection cannot take the lock either, and deletes nothing.
    pub fn enter(folder: &Path) -> Self {
        let lock = || -> io::Result<File> {
            fs::create_dir_all(folder)?;
            let path = CacheFolder(folder.to_owned()).lock();
            let mut options = File::options();
            let file = options
                .create(true)
                .truncate(false)
                .write(true)
                .open(path)?;
            let since = Instant::now();
            loop {
                match file.try_lock_shared() {
                    Ok(()) => return Ok(file),
                    Err(TryLockError::Error(error)) => return Err(error),
                    Err(TryLockError::WouldBlock) if since.elapsed() > PATIENCE => {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK_AGAIN),
                }
            }
        };
        Self {
            _locked: lock().ok(),
        }
    }
}
