//! The cache while a build uses it.
//!
//! All data directories of a user share one cache, so a part of it may be deleted by a process that knows nothing of this
//! one's builds. Every build therefore locks the cache together with all others, and collection, which locks it alone, leaves
//! it as it is meanwhile (`gc/caches.rs`). The files that a ready environment has from the cache are its own: hard links or
//! copies.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::settings::paths::CacheFolder;

/// A cache in use; released when dropped, and when the process ends in any way.
pub(crate) struct CacheInUse {
    _locked: Option<File>,
}

impl CacheInUse {
    /// Waits while a part of the cache is being set aside, which takes a moment. Where the file system has no locks, a build
    /// goes on without one: collection, which can take none there either, deletes nothing.
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
            file.lock_shared()?;
            Ok(file)
        };
        Self {
            _locked: lock().ok(),
        }
    }
}
