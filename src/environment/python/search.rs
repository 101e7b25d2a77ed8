//! What a search looks for, and the Python that it finds.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::settings::Settings;

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
pub struct PythonSearch<'a> {
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

impl<'a> PythonSearch<'a> {
    /// The search that the settings describe.
    pub fn of_settings(
        settings: &'a Settings,
        requires: Option<&'a str>,
        child_variables: &'a [(OsString, OsString)],
        cache: &'a Path,
    ) -> Self {
        PythonSearch {
            requires,
            explicit: settings.python.as_deref(),
            beside: settings.program.as_deref().and_then(Path::parent),
            path: settings.path().map(OsString::as_os_str).unwrap_or_default(),
            working_directory: &settings.folder,
            child_variables,
            cache,
        }
    }
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
