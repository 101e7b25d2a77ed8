//! Finds programs by name.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// The executables of this name, in the order of PATH.
pub fn on_path<'a>(name: &'a OsStr, path: &'a OsStr) -> impl Iterator<Item = PathBuf> + 'a {
    std::env::split_paths(path)
        // An empty entry would mean the current folder, which is not intended here.
        .filter(|folder| folder.is_absolute())
        .map(move |folder| folder.join(name))
        .filter(|candidate| {
            std::fs::metadata(candidate).is_ok_and(|metadata| {
                metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
            })
        })
}
