//! Searches for a Python: the requirements, the candidates in order, and the Python that is found.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::system::process::on_path;

/// A Python that has reported its version and path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Python {
    /// The real executable, never the script of a version manager or of a virtual environment.
    pub executable: PathBuf,
    pub version: (u8, u8, u8),
    /// The name of the implementation, such as `cpython`.
    pub implementation: String,
    /// Operating system, processor and C library: `linux-x86_64-glibc`.
    pub platform: String,
}

impl Python {
    /// Returns the properties that installed packages depend on: `cpython-3.11-linux-x86_64-glibc`. The patch release does not
    /// matter.
    pub fn environment_key(&self) -> String {
        let (major, minor, _) = self.version;
        format!("{}-{major}.{minor}-{}", self.implementation, self.platform)
    }

    /// Returns the version as text, such as `3.11.7`.
    pub fn version_text(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("{major}.{minor}.{patch}")
    }
}

/// The requirements and places of a search.
#[derive(Clone, Copy, Debug)]
pub(super) struct PythonSearch<'a> {
    /// The configuration's `requires-python`, if it has one.
    pub requires: Option<&'a str>,
    /// The value of ADE_PYTHON: a path, a virtual environment's folder, or a name on PATH. If it is set, nothing else is tried.
    pub explicit: Option<&'a Path>,
    /// The folder of the running `ade`. If it belongs to a virtual environment, the Python in it comes first; otherwise it
    /// comes last.
    pub beside: Option<&'a Path>,
    pub path: &'a OsStr,
    /// The working folder. Version managers choose by files in it and above it.
    pub working_directory: &'a Path,
    /// The variables with which a Python is started when it is asked.
    pub child_variables: &'a [(OsString, OsString)],
    /// The path of the file with cached answers.
    pub cache: &'a Path,
}

/// The names of executables, in the order in which they are tried.
const NAMES: [&str; 7] = [
    "python3",
    "python",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
];

/// Returns the executables to ask, best first. Searches PATH only as far as the caller consumes the iterator.
pub(super) fn candidates<'a>(search: &PythonSearch<'a>) -> Box<dyn Iterator<Item = PathBuf> + 'a> {
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

/// Returns whether this folder contains programs of a virtual environment (PEP 405) or of a conda environment.
fn is_of_an_environment(folder: &Path) -> bool {
    folder.parent().is_some_and(|environment| {
        ["pyvenv.cfg", "conda-meta"]
            .iter()
            .any(|mark| environment.join(mark).exists())
    })
}

/// Returns the names that were searched for, for an error message.
pub(super) fn searched(search: &PythonSearch<'_>) -> Vec<String> {
    match search.explicit {
        Some(explicit) => vec![explicit.display().to_string()],
        None => NAMES.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Resolves a name on PATH, a virtual environment's folder, or the path of an executable.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_depends_on_minor_version_and_platform_and_not_on_the_patch_release() {
        let python = Python {
            executable: PathBuf::from("/opt/python3"),
            version: (3, 11, 7),
            implementation: "cpython".to_owned(),
            platform: "linux-x86_64-musl".to_owned(),
        };
        assert_eq!(python.environment_key(), "cpython-3.11-linux-x86_64-musl");
    }
}
