//! The cache while a build uses it.
//!
//! All data directories of a user share one cache, so a part of it may be deleted by a process that knows nothing of this
//! one's builds. Every build therefore locks the cache together with all others, and collection, which locks it alone, leaves
//! it as it is meanwhile (`gc/caches.rs`). The files that a ready environment has from the cache are its own: hard links or
//! copies.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::settings::paths::CacheFolder;

/// How long a build waits for a part of the cache to be set aside, and how soon it notices that it was.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A cache in use; released when dropped, and when the process ends in any way.
pub(crate) struct CacheInUse {
    _locked: Option<File>,
}

impl CacheInUse {
    /// Waits while a part of the cache is being set aside, which takes a moment. A process that stands still in that holds up no build for
    /// longer: what it sets aside nobody has used for long. Where the file system has no locks, a build goes on without one: collection,
    /// which can take none there either, deletes nothing.
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
