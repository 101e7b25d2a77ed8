//! Room that is kept so that room can be made: a file beside the database.
//!
//! A database cannot even be opened on a disk that is full, and what lies on it is freed by records that are changed first.
//! Workers write the file while there is plenty of room; whoever opens the database of a full disk, or collects on it, deletes
//! it first.

use std::path::{Path, PathBuf};

use crate::settings::Settings;
use crate::settings::paths::Paths;
use crate::store;
use crate::system::machine::{Disk, Files};

/// The bytes of the file.
const SIZE: usize = 4 << 20;
/// With less free space than this it is not written.
const PLENTY: u64 = 16 * SIZE as u64;
/// With less free space than this the disk of the database counts as full.
const SHORT: u64 = SIZE as u64 / 4;

/// Writes the file where it is missing and there is plenty of room. What cannot be written now is written later.
pub fn keep(files: &dyn Files, settings: &Settings, paths: &Paths) {
    let Some(path) = path(settings, paths) else {
        return;
    };
    if !files.exists(&path) && files.room(&path).is_some_and(|room| room >= PLENTY) {
        let _ = files.write_whole(&path, &noise());
    }
}

/// Whether the disk of the database is full.
pub fn is_short(settings: &Settings, paths: &Paths) -> bool {
    let room = path(settings, paths).and_then(|path| Disk.room(&path));
    room.is_some_and(|room| room < SHORT)
}

/// Whether a disk has so little room that files of runs may soon find none.
pub fn is_scarce(files: &dyn Files, folder: &Path) -> bool {
    files.room(folder).is_some_and(|room| room < PLENTY)
}

/// Deletes the file where the disk of the database is full. False: there is no more room now than before.
pub fn give_up(settings: &Settings, paths: &Paths) -> bool {
    is_short(settings, paths) && remove(settings, paths)
}

/// Deletes the file. False: there is no more room now than before.
pub fn remove(settings: &Settings, paths: &Paths) -> bool {
    path(settings, paths).is_some_and(|path| Disk.remove_file(&path).is_ok())
}

fn path(settings: &Settings, paths: &Paths) -> Option<PathBuf> {
    let database = store::location(settings, &paths.database()).ok()?;
    Some(database.file()?.with_file_name("ballast"))
}

/// Bytes that no file system stores in less room.
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
