//! Configurations: folders with a manifest and a Python package, identified by two digests.
//!
//! - [`Configuration::open`] finds the package in the same way as the engine (`discovery`), and reads the manifests
//!   (`manifest`, `requirements`, `requirement`) into the list of what must be installed ([`Dependencies`]).
//! - [`Configuration::deps_digest`] names the environment that it needs (`digest`). A changed dependency changes this digest. A
//!   comment, a moved key or an edited `.py` file does not.
//! - [`LockedVersions`] is the content of the file that `ade lock` writes beside the manifest: exact versions with hashes
//!   (`locked_versions`).
//! - [`Configuration::sources`] lists and hashes its files (`sources`), and [`ConfigurationSources::snapshot`] stores a read-only copy of
//!   them under that hash (`snapshot`). Runs import the copy, so an edited file affects the next run and never a running one.
//!
//! Opening a configuration executes none of its code and starts no process. Read next: `crate::environment`.

mod dependencies;
mod digest;
mod discovery;
mod error;
mod locked_versions;
mod manifest;
mod requirement;
mod requirements;
pub mod scaffold;
mod snapshot;
mod sources;

use std::io;
use std::path::{Path, PathBuf};

use crate::base::files::FileError;

pub use dependencies::{Dependencies, IndexOptions};
pub use error::ConfigurationError;
pub use locked_versions::{LOCK_FILE, LockInputs, LockedPackage, LockedVersions};
pub use manifest::{BuildSystem, Manifest, Project};
pub use requirement::{Requirement, VersionWanted, file_url, is_engine, normalize_name};
pub use snapshot::{pack_snapshot, unpack_snapshot};
pub use sources::{ConfigurationSources, SourceFile};

/// An opened configuration with its package and manifests.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The folder of the configuration, canonical.
    pub root: PathBuf,
    /// The value of `project.name`, or else the folder's name.
    pub name: String,
    /// The name under which Python imports the package.
    pub package: String,
    pub package_dir: PathBuf,
    pub manifest: Manifest,
    dependencies: Dependencies,
}

impl Configuration {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    /// There is no such folder, it is not a configuration, or one of its manifests cannot be read.
    pub fn open(path: &Path) -> Result<Self, ConfigurationError> {
        let root = path.canonicalize().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ConfigurationError::NotFound {
                path: path.to_owned(),
            },
            io::ErrorKind::NotADirectory => ConfigurationError::NotAFolder {
                path: path.to_owned(),
            },
            _ => FileError::on("open", path)(source).into(),
        })?;
        if !root.is_dir() {
            return Err(ConfigurationError::NotAFolder {
                path: path.to_owned(),
            });
        }
        let manifest = Manifest::read(&root)?;
        let located = discovery::locate(&root, manifest.path.is_some()).map_err(|looked_for| {
            ConfigurationError::NotAConfiguration {
                path: path.to_owned(),
                looked_for,
            }
        })?;
        let dependencies = Dependencies::read(&root, &manifest)?;
        let name = match (manifest.name(), root.file_name()) {
            (Some(name), _) => name.clone(),
            (None, Some(folder)) => folder.to_string_lossy().into_owned(),
            (None, None) => located.package.clone(),
        };
        Ok(Configuration {
            root,
            name,
            package: located.package,
            package_dir: located.package_dir,
            manifest,
            dependencies,
        })
    }

    /// Opens a snapshot of the configuration at `live_root`, a folder that need not exist any more. The dependencies come from
    /// the snapshot, but messages name `live_root`.
    ///
    /// # Errors
    /// See [`Configuration::open`].
    pub fn open_snapshot(snapshot: &Path, live_root: &Path) -> Result<Self, ConfigurationError> {
        let live_name = live_root.file_name().unwrap_or_default();
        let nested = snapshot.join(live_name);
        let is_bare_package = !live_name.is_empty()
            && nested.join("__init__.py").is_file()
            && std::fs::read_dir(snapshot).is_ok_and(|entries| entries.count() == 1);
        let mut configuration = Self::open(if is_bare_package { &nested } else { snapshot })?;
        if configuration.manifest.name().is_none() && !live_name.is_empty() {
            configuration.name = live_name.to_string_lossy().into_owned();
        }
        if let Ok(inside) = configuration.package_dir.strip_prefix(&configuration.root) {
            configuration.package_dir = if inside == Path::new("") {
                live_root.to_owned()
            } else {
                live_root.join(inside)
            };
            live_root.clone_into(&mut configuration.root);
        }
        Ok(configuration)
    }

    /// Returns the configuration's folder that a file or folder belongs to, canonical. `None` if there is none.
    pub fn holder(path: &Path) -> Option<PathBuf> {
        discovery::holder(&path.canonicalize().ok()?)
    }

    /// Returns what must be installed beside the engine, normalized.
    pub fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }

    /// Returns whether the package's name or its folders show that it is meant as a configuration. With a manifest, any Python
    /// package can be opened.
    pub fn is_unmistakable(&self) -> bool {
        discovery::is_unmistakable(&self.package_dir)
    }

    /// Returns the folder from which the configuration's author imports the package: `src/`, or the root.
    pub fn import_root(&self) -> &Path {
        self.package_dir.parent().unwrap_or(&self.root)
    }

    /// Returns whether the root itself is the Python package. The root's name is then the package's name.
    fn is_bare_package(&self) -> bool {
        self.package_dir == self.root
    }

    /// Returns the folder in a snapshot that the engine gets as `--config-package`.
    pub fn folder_in(&self, snapshot: &Path) -> PathBuf {
        if self.is_bare_package() {
            snapshot.join(&self.package)
        } else {
            snapshot.to_owned()
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Writes files below `root`, and creates the folders that they need.
    pub fn write_files(root: &Path, files: &[(&str, &str)]) {
        for (name, content) in files {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    /// Writes a small configuration in the `src/` layout.
    pub fn sample(root: &Path) {
        write_files(
            root,
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = \"sample\"\nversion = \"1.0\"\nrequires-python = \">=3.10\"\n\
                     dependencies = [\"ade-engine>=1.7.9\", \"Python_DateUtil >= 2.8, <3\"]\n",
                ),
                ("src/ade_config/__init__.py", ""),
                (
                    "src/ade_config/columns/people.py",
                    "def register(registry):\n    pass\n",
                ),
            ],
        );
    }
}
