//! What a search looks for, where that may be in the order in which the places are tried, and the Python that it finds.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::system::process::on_path;

/// A Python that was asked for its version and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Python {
    /// The real one, never the script of a version manager nor that of a virtual environment.
    pub executable: PathBuf,
    pub version: (u8, u8, u8),
    /// `cpython`.
    pub implementation: String,
    /// Operating system, processor and C library: `linux-x86_64-glibc`.
    pub platform: String,
}

impl Python {
    /// What installed packages depend on: `cpython-3.11-linux-x86_64-glibc`. The patch release does not matter.
    pub fn environment_key(&self) -> String {
        let (major, minor, _) = self.version;
        format!("{}-{major}.{minor}-{}", self.implementation, self.platform)
    }

    /// `3.11.7`.
    pub fn version_text(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("{major}.{minor}.{patch}")
    }
}

/// What to look for, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct PythonSearch<'a> {
    /// `requires-python` of the configuration.
    pub requires: Option<&'a str>,
    /// ADE_PYTHON: a path, a virtual environment's folder, or a name on PATH. Nothing else is tried then.
    pub explicit: Option<&'a Path>,
    /// The folder of the `ade` that asks. If it is that of a virtual environment, the Python there comes first; elsewhere a
    /// Python there comes last.
    pub beside: Option<&'a Path>,
    pub path: &'a OsStr,
    /// Version managers choose by files in this folder and above it.
    pub working_directory: &'a Path,
    /// The variables that a Python is started with when it is asked.
    pub child_variables: &'a [(OsString, OsString)],
    /// Where answers are cached.
    pub cache: &'a Path,
}

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
