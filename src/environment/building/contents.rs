//! Records the files of a virtual environment, copies or links them to another environment, and lists its packages.
//!
//! The record, `files.json`, names each file with its size and modification time. It leaves out bytecode, which comes and goes.
//! A comparison opens no file, so some thousand files take two milliseconds.

use std::collections::HashSet;
use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Mode, OFlags, Stat, open, statat};
use serde::{Deserialize, Serialize};

use crate::base::digest::Hasher;
use crate::base::files;
use crate::configuration::normalize_name;

/// The folder whose files contain the path of their environment.
const WITH_OWN_PATH: &str = "bin";

/// The name of the folders in which Python keeps bytecode.
const BYTECODE: &str = "__pycache__";

/// The file by which an author imports the configuration. It differs between environments with the same packages.
pub(super) const IMPORT_FILE: &str = "_ade_configuration.pth";

/// The way in which files get from one environment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkMode {
    /// Hard links, which no other code may change: see [`crate::engine::sandbox::Policy::keeps_modes`].
    Linked,
    Copied,
}

/// The record of the files of an environment.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Contents {
    /// The environment in which the record was made.
    venv: PathBuf,
    /// The last time that something was installed into its package folder, in nanoseconds since 1970.
    installed_ns: i64,
    files: Vec<RecordedFile>,
}

/// A path below the environment, a size in bytes, and a modification time in nanoseconds since 1970.
type RecordedFile = (PathBuf, u64, i64);

impl Contents {
    /// Records the files of a virtual environment as they are now.
    pub fn from_venv(venv: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        collect(venv, Path::new(""), &mut files)?;
        Ok(Self {
            venv: venv.to_owned(),
            installed_ns: modified(&fs::metadata(site_packages(venv)?)?),
            files,
        })
    }

    /// Reads a record. Returns `None` if there is none, or if it is damaged.
    ///
    /// # Errors
    /// The user may not read it.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
            read => Ok(read
                .ok()
                .and_then(|text| serde_json::from_slice(&text).ok())),
        }
    }

    /// Writes the record to a file.
    pub fn write(&self, path: &Path) -> Result<(), files::FileError> {
        let text = serde_json::to_vec(self).expect("paths of packages are UTF-8");
        files::write_whole(path, &text)
    }

    /// Returns the first difference between the record and a virtual environment, in words: a changed or missing file, or
    /// something that this user cannot read. A file that cannot be examined for other reasons counts as unchanged.
    pub fn difference(&self, venv: &Path) -> Option<String> {
        let packages = site_packages(venv);
        let installed = packages.and_then(fs::metadata);
        if installed.is_ok_and(|found| modified(&found) != self.installed_ns) {
            return Some("something was installed or removed".to_owned());
        }
        // Python lists the folders of packages, and treats a folder that it cannot list as empty.
        let folders = self.files.iter().filter_map(|(path, ..)| path.parent());
        // As text, since a comparison of paths goes part by part.
        let mut seen = HashSet::new();
        let folders = folders.filter(|folder| seen.insert(folder.as_os_str()));
        let mut folders = folders.map(|folder| venv.join(folder));
        if let Some(folder) = folders.find(|folder| files::is_closed(folder)) {
            return Some(format!("the folder {} cannot be read", folder.display()));
        }
        // Relative to this descriptor, the system has the shortest way to each file.
        let way = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = match open(venv, way, Mode::empty()) {
            Ok(root) => root,
            Err(error) if is_absent(&error.into()) => {
                return Some(format!("{} is gone", venv.display()));
            }
            Err(_) => return None,
        };
        self.files.iter().find_map(|(path, size, changed)| {
            let found = statat(&root, path, AtFlags::SYMLINK_NOFOLLOW);
            let what = match found.map_err(io::Error::from) {
                Ok(found) if !is_as_recorded(&found, *size, *changed) => "was changed",
                Ok(found) if found.st_mode & 0o400 == 0 => "cannot be read",
                Err(error) if is_absent(&error) => "is gone",
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "cannot be read",
                _ => return None,
            };
            Some(format!("{} {what}", path.display()))
        })
    }

    /// Makes `venv` from the files of another environment at `from`, which this record describes.
    ///
    /// # Errors
    /// A file cannot be linked or copied, or has changed since it was recorded.
    pub fn hand_on(&self, from: &Path, venv: &Path, way: LinkMode) -> io::Result<()> {
        if let Some(difference) = self.difference(from) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, difference));
        }
        self.hand_on_folder(from, venv, Path::new(""), way)
    }

    /// Gives the package folder of a new environment the modification time of the original. Python uses it to decide whether
    /// its file of modules is valid.
    pub fn stamp(&self, venv: &Path) -> io::Result<()> {
        let time = u64::try_from(self.installed_ns).unwrap_or_default();
        let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(time);
        File::open(site_packages(venv)?)?.set_times(FileTimes::new().set_modified(time))
    }

    fn hand_on_folder(
        &self,
        from: &Path,
        venv: &Path,
        below: &Path,
        way: LinkMode,
    ) -> io::Result<()> {
        let target = venv.join(below);
        fs::create_dir_all(&target)?;
        for entry in fs::read_dir(from.join(below))? {
            let entry = entry?;
            let (kind, name) = (entry.file_type()?, entry.file_name());
            let (source, copy) = (entry.path(), target.join(&name));
            if kind.is_dir() {
                self.hand_on_folder(from, venv, &below.join(&name), way)?;
            } else if kind.is_symlink() {
                symlink(fs::read_link(&source)?, &copy)?;
            } else if below.starts_with(WITH_OWN_PATH) {
                self.rewrite(&source, &copy, venv)?;
            } else if name != IMPORT_FILE
                && (way == LinkMode::Copied || fs::hard_link(&source, &copy).is_err())
            {
                let found = fs::metadata(&source)?;
                fs::copy(&source, &copy)?;
                let times = FileTimes::new().set_modified(found.modified()?);
                File::options().write(true).open(&copy)?.set_times(times)?;
            }
        }
        Ok(())
    }

    /// Copies a program or a script and replaces the environment's path in it.
    fn rewrite(&self, source: &Path, copy: &Path, venv: &Path) -> io::Result<()> {
        let (old, new) = (self.venv.to_string_lossy(), venv.to_string_lossy());
        match fs::read_to_string(source) {
            Ok(text) => fs::write(copy, text.replace(&*old, &new))?,
            // The program is machine code.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                fs::copy(source, copy)?;
            }
            Err(error) => return Err(error),
        }
        fs::set_permissions(copy, fs::metadata(source)?.permissions())
    }
}

fn collect(venv: &Path, below: &Path, found: &mut Vec<RecordedFile>) -> io::Result<()> {
    for entry in fs::read_dir(venv.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            let metadata = entry.metadata()?;
            found.push((path, metadata.len(), modified(&metadata)));
        } else if entry.file_name() != BYTECODE {
            collect(venv, &path, found)?;
        }
    }
    Ok(())
}

fn is_as_recorded(found: &Stat, size: u64, changed: i64) -> bool {
    let found_changed = nanoseconds(found.st_mtime, found.st_mtime_nsec.cast_signed());
    found.st_size.cast_unsigned() == size && found_changed == changed
}

fn modified(metadata: &fs::Metadata) -> i64 {
    nanoseconds(metadata.mtime(), metadata.mtime_nsec())
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds * 1_000_000_000 + rest
}

/// A distribution that is installed in an environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InstalledDistribution {
    pub name: String,
    pub version: String,
    /// The content of `direct_url.json`, if it does not come from an index.
    pub origin: Option<String>,
}

/// Returns the distributions in a site-packages folder, sorted by name.
pub(crate) fn installed(site_packages: &Path) -> io::Result<Vec<InstalledDistribution>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(site_packages)? {
        let folder = entry?.path();
        if folder
            .extension()
            .is_none_or(|extension| extension != "dist-info")
        {
            continue;
        }
        let metadata = match fs::read(folder.join("METADATA")) {
            Err(error) if is_absent(&error) => continue,
            read => read?,
        };
        let metadata = String::from_utf8_lossy(&metadata);
        if let (Some(name), Some(version)) =
            (header(&metadata, "Name"), header(&metadata, "Version"))
        {
            let origin = fs::read_to_string(folder.join("direct_url.json")).ok();
            found.push(InstalledDistribution {
                name,
                version,
                origin,
            });
        }
    }
    found.sort_by_key(|installed| normalize_name(&installed.name));
    Ok(found)
}

/// Returns whether an error means that a file does not exist. No other error proves that.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn header(metadata: &str, name: &str) -> Option<String> {
    metadata
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(|value| value.trim().to_owned())
}

/// Returns a digest over names and exact versions. It is equal if two environments hold the same packages.
pub(crate) fn lock_digest(installed: &[InstalledDistribution]) -> String {
    let mut hasher = Hasher::new();
    for package in installed {
        hasher.update(normalize_name(&package.name));
        hasher.update("==");
        hasher.update(&package.version);
        hasher.update("\n");
    }
    hasher.finish().to_string()
}

/// Returns the folder `lib/python3.11/site-packages` of a virtual environment.
pub(crate) fn site_packages(venv: &Path) -> io::Result<PathBuf> {
    let library = venv.join("lib");
    for entry in fs::read_dir(&library)? {
        let candidate = entry?.path().join("site-packages");
        if candidate.is_dir() {
            return Ok(candidate);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!("no site-packages below {}", library.display()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    #[test]
    fn packages_are_read_from_their_metadata() {
        let folder = tempfile::tempdir().unwrap();
        write_files(
            folder.path(),
            &[
                (
                    "b-2.dist-info/METADATA",
                    "Metadata-Version: 2.1\nName: B_b\nVersion: 2\n\nName: wrong\n",
                ),
                ("a-1.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
                ("a-1.dist-info/direct_url.json", "{}"),
                ("broken.dist-info/RECORD", ""),
                ("a/__init__.py", ""),
            ],
        );
        let found = installed(folder.path()).unwrap();
        let names: Vec<&str> = found.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["a", "B_b"]);
        assert_eq!(found[0].origin.as_deref(), Some("{}"));
        assert_eq!(lock_digest(&found).len(), 64);
        assert_ne!(lock_digest(&found), lock_digest(&found[..1]));
    }
}
