//! Where a Python may be, in the order in which the places are tried.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::search::PythonSearch;
use crate::process::on_path;

/// In the order in which they are tried.
const NAMES: [&str; 7] = [
    "python3",
    "python",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
];

/// The executables to ask, best first. PATH is searched only as far as the caller consumes the iterator.
pub(super) fn of<'a>(search: &PythonSearch<'a>) -> Box<dyn Iterator<Item = PathBuf> + 'a> {
    let path = search.path;
    match search.explicit {
        Some(explicit) => Box::new(named(explicit, path).into_iter()),
        None => Box::new(
            NAMES
                .iter()
                .flat_map(move |name| on_path(OsStr::new(name), path)),
        ),
    }
}

/// What was looked for, for an error message.
pub(super) fn searched(search: &PythonSearch<'_>) -> Vec<String> {
    match search.explicit {
        Some(explicit) => vec![explicit.display().to_string()],
        None => NAMES.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// A name on PATH, a virtual environment's folder, or an executable.
fn named(explicit: &Path, path: &OsStr) -> Vec<PathBuf> {
    if explicit.components().count() == 1 && !explicit.exists() {
        let found: Vec<PathBuf> = on_path(explicit.as_os_str(), path).collect();
        if !found.is_empty() {
            return found;
        }
    }
    if explicit.is_dir() {
        return ["bin/python3", "bin/python"]
            .iter()
            .map(|name| explicit.join(name))
            .filter(|candidate| candidate.exists())
            .take(1)
            .collect();
    }
    vec![explicit.to_owned()]
}
