//! Keeps a file beside the database as a reserve of disk space.
//!
//! A database on a full disk cannot even be opened, but freeing space begins with changing its records. Workers write the file
//! while there is plenty of room. Collection, and whoever opens the database, delete it first if the disk is full.

use std::path::{Path, PathBuf};

use crate::settings::Settings;
use crate::settings::paths::Paths;
use crate::store;
use crate::system::machine::{Disk, FileSystem};

/// The size of the file in bytes.
const SIZE: usize = 4 << 20;
/// The free bytes below which the file is not written.
const PLENTY: u64 = 16 * SIZE as u64;
/// The free bytes below which the disk of the database counts as full.
const SHORT: u64 = SIZE as u64 / 4;

/// Writes the file if it is missing and there is plenty of room. Failures are ignored: a later call tries again.
pub fn keep(files: &dyn FileSystem, settings: &Settings, paths: &Paths) {
    let Some(path) = path(settings, paths) else {
        return;
    };
    if !files.exists(&path) && files.room(&path).is_some_and(|room| room >= PLENTY) {
        let _ = files.write_whole(&path, &noise());
    }
}

/// Returns whether the disk of the database is full.
pub fn is_short(settings: &Settings, paths: &Paths) -> bool {
    let room = path(settings, paths).and_then(|path| Disk.room(&path));
    room.is_some_and(|room| room < SHORT)
}

/// Returns whether a disk has so little room that files of runs may soon find none.
pub fn is_scarce(files: &dyn FileSystem, folder: &Path) -> bool {
    files.room(folder).is_some_and(|room| room < PLENTY)
}

/// Deletes the file if the disk of the database is full. Returns whether that made room.
pub fn give_up(settings: &Settings, paths: &Paths) -> bool {
    is_short(settings, paths) && remove(settings, paths)
}

/// Deletes the file. Returns whether that made room.
pub fn remove(settings: &Settings, paths: &Paths) -> bool {
    path(settings, paths).is_some_and(|path| Disk.remove_file(&path).is_ok())
}

fn path(settings: &Settings, paths: &Paths) -> Option<PathBuf> {
    let database = store::location(settings, &paths.database()).ok()?;
    Some(database.file()?.with_file_name("ballast"))
}

/// Returns bytes that no file system can compress.
fn noise() -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..SIZE / 8).flat_map(|_| next()).collect()
}
