//! Finds programs by name.

use std::ffi::OsStr;
use std::path::PathBuf;

/// Returns the executables of this name, in the order of PATH.
pub fn on_path(name: &OsStr, path: &OsStr) -> impl Iterator<Item = PathBuf> {
    // An empty or relative entry would mean the current folder, which is not intended here.
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    let path = std::env::join_paths(folders).unwrap_or_default();
    let found = which::which_in_all(name, Some(path), "/");
    found.into_iter().flatten()
}
