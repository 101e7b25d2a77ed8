//! What a configuration is: a folder with a manifest and a Python package, and the two digests that stand for it.
//!
//! - [`Configuration::open`] finds the package the way the engine finds it (`discovery`), and reads the manifests
//!   (`manifest`, `requirements`, `lockfile`) into the list of what must be installed ([`Dependencies`]).
//! - [`Configuration::deps_digest`] names the environment that it needs (`digest`). A comment, a key that moved or an
//!   edited `.py` file changes nothing about it; a changed dependency does.
//! - [`LockedVersions`] is what `ade lock` writes beside the manifest: exact versions with hashes (`lock`).
//! - [`Configuration::sources`] lists and hashes the files that make it what it is (`sources`), and
//!   [`Sources::snapshot`] keeps a read-only copy of them under that hash (`snapshot`). Runs import the copy, so that
//!   editing files changes the next run and never a run in progress.
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
pub use sources::{SourceFile, Sources};

/// A configuration's folder, opened.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The folder, canonical.
    pub root: PathBuf,
    /// `project.name`, or else the folder's name.
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
    /// There is no such folder, it is not a configuration, or a manifest of it cannot be read.
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

    /// Opens a snapshot of the configuration at `live_root`, a folder that need not exist any more: the dependencies come from
    /// the snapshot, while messages name `live_root`.
    ///
    /// # Errors
    /// As [`Configuration::open`].
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

    /// The folder of the configuration that a file or folder belongs to, canonical. `None`: it belongs to none.
    pub fn holder(path: &Path) -> Option<PathBuf> {
        discovery::holder(&path.canonicalize().ok()?)
    }

    /// What must be installed beside the engine, normalized.
    pub fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }

    /// Whether its package is meant to be one: by its name, or by the folders in it. With a manifest, any Python package can be
    /// opened.
    pub fn is_unmistakable(&self) -> bool {
        discovery::is_unmistakable(&self.package_dir)
    }

    /// The folder from which the configuration's author imports the package: `src/`, or the root.
    pub fn import_root(&self) -> &Path {
        self.package_dir.parent().unwrap_or(&self.root)
    }

    /// Whether the root itself is the Python package. Its name is then the package's name.
    fn is_bare_package(&self) -> bool {
        self.package_dir == self.root
    }

    /// Where in a snapshot the folder is that the engine is given as `--config-package`.
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

    /// Writes files below `root`, with the folders that they need.
    pub fn write_files(root: &Path, files: &[(&str, &str)]) {
        for (name, content) in files {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    /// A small configuration in the `src/` layout.
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
