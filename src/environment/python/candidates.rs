//! Where a Python may be, in the order in which the places are tried.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::search::PythonSearch;
use crate::system::process::on_path;

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
    if let Some(explicit) = search.explicit {
        return Box::new(named(explicit, path).into_iter());
    }
    let on_path = NAMES
        .iter()
        .flat_map(move |name| on_path(OsStr::new(name), path));
    let Some(folder) = search.beside else {
        return Box::new(on_path);
    };
    let beside = NAMES
        .iter()
        .map(move |name| folder.join(name))
        .filter(|candidate| candidate.is_file());
    if is_of_an_environment(folder) {
        Box::new(beside.take(1).chain(on_path))
    } else if std::env::split_paths(path).any(|other| other == folder) {
        Box::new(on_path)
    } else {
        Box::new(on_path.chain(beside))
    }
}

/// Whether programs of a virtual environment (PEP 405) or of a conda environment lie in this folder.
fn is_of_an_environment(folder: &Path) -> bool {
    folder.parent().is_some_and(|environment| {
        ["pyvenv.cfg", "conda-meta"]
            .iter()
            .any(|mark| environment.join(mark).exists())
    })
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
