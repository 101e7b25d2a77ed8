//! `ade.lock`: exact versions with hashes of everything that is installed beside the engine.
//!
//! The file is a requirements file, so that uv can install from it, below a line with its inputs: a digest of the
//! configuration's manifests, one of the engine's requirements, and the oldest Python version that it is for. A lock fits as
//! long as all three match. A lock that does not fit, or was edited, is ignored and can be made again, so reading it is never
//! an error.

use std::path::Path;

use super::requirement::file_url;
use super::requirements::{is_relative_path, logical_lines};
use crate::base::files::{FileError, read_if_there};

/// The name of the lock file, beside the manifest.
pub const LOCK_FILE: &str = "ade.lock";

/// The beginning of the line with the lock's inputs. Its number is raised if the file's meaning changes.
const HEADER: &str = "# ade-lock 1";

/// The inputs that a lock is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockInputs {
    /// The digest of the configuration's requirements.
    pub manifest: String,
    /// The digest of the engine's requirements.
    pub engine: String,
    /// The oldest Python version that the lock is for.
    pub python: (u8, u8),
}

/// A package in a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPackage {
    /// The name of the package, or the path of a wheel in the configuration.
    pub name: String,
    /// The version of the package. `None` if a URL or a path identifies the file.
    pub version: Option<String>,
    /// The marker that restricts where it is installed. `None`: everywhere.
    pub marker: Option<String>,
    /// The line in the form for installers, with its hashes.
    pub(super) line: String,
}

/// A lock as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedVersions {
    /// The inputs that it was made from. An error in words if the file is no lock, or was edited.
    pub inputs: Result<LockInputs, String>,
    /// The packages in the order of the file.
    pub packages: Vec<LockedPackage>,
}

impl LockInputs {
    pub(super) fn header(&self) -> String {
        let (major, minor) = self.python;
        format!(
            "{HEADER} python={major}.{minor} manifest={} engine={}",
            self.manifest, self.engine
        )
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix(HEADER)?.split_whitespace();
        let mut value = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
        let (major, minor) = value("python")?.split_once('.')?;
        Some(Self {
            python: (major.parse().ok()?, minor.parse().ok()?),
            manifest: value("manifest")?.to_owned(),
            engine: value("engine")?.to_owned(),
        })
    }
}

impl LockedVersions {
    /// Reads the lock of the configuration at `root`, if it has one.
    pub(super) fn read(root: &Path) -> Result<Option<Self>, FileError> {
        let read = read_if_there(&root.join(LOCK_FILE))?;
        Ok(read.map(|bytes| Self::parse(&String::from_utf8_lossy(&bytes))))
    }

    /// Parses the text of a lock.
    pub fn parse(text: &str) -> Self {
        let mut inputs = text
            .lines()
            .find_map(LockInputs::parse)
            .ok_or_else(|| format!("it has no line that begins with `{HEADER}`"));
        let mut packages = Vec::new();
        for (offset, line) in logical_lines(text) {
            match LockedPackage::parse(&line) {
                Some(package) => packages.push(package),
                None => {
                    let number = text[..offset].matches('\n').count() + 1;
                    inputs = inputs.and(Err(format!(
                        "line {number} is not an exact version with a hash"
                    )));
                }
            }
        }
        Self { inputs, packages }
    }

    /// Returns the text of a lock with packages as an installer printed them. Files of the configuration, which the installer
    /// sees at `root`, are named by their paths below it.
    pub fn text(inputs: &LockInputs, printed: &str, root: &Path) -> String {
        let base = format!("{}/", file_url(root));
        let mut text = format!(
            "# Exact versions with hashes of what is installed beside the engine, made by `ade lock`. It is made anew, not edited.\n{}\n",
            inputs.header()
        );
        for line in printed.lines() {
            let own = line
                .split_once(" @ ")
                .and_then(|(_, place)| place.strip_prefix(&base));
            match own {
                Some(path) => text.push_str(&format!("./{path}")),
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }

    /// Checks that the lock is for these inputs.
    ///
    /// # Errors
    /// The lock does not fit: returns the reason in words.
    pub fn fits(&self, now: &LockInputs) -> Result<(), String> {
        let made_from = self.inputs.as_ref().map_err(Clone::clone)?;
        if made_from.manifest != now.manifest {
            return Err("the dependencies of the configuration have changed since".to_owned());
        }
        if made_from.engine != now.engine {
            return Err("the dependencies of the engine have changed since".to_owned());
        }
        if now.python < made_from.python {
            let (major, minor) = made_from.python;
            return Err(format!("it is for Python {major}.{minor} and later"));
        }
        Ok(())
    }

    /// Returns the lines for an installer that works in `folder`, a copy of the configuration.
    pub fn lines_in(&self, folder: &Path) -> Vec<String> {
        let base = file_url(folder);
        self.packages
            .iter()
            .map(|package| match package.line.strip_prefix("./") {
                Some(path) => format!("{base}/{path}"),
                None => package.line.clone(),
            })
            .collect()
    }

    /// Returns the packages that come from an index, as preferences for an installer that makes the lock again.
    pub fn preferences(&self) -> Vec<String> {
        let from_index = self
            .packages
            .iter()
            .filter(|package| package.version.is_some());
        from_index.map(|package| package.line.clone()).collect()
    }
}

impl LockedPackage {
    fn parse(line: &str) -> Option<Self> {
        let (wanted, hashes) = line.split_once(" --hash=")?;
        let are_whole = hashes.split(" --hash=").all(|hash| {
            let (algorithm, digest) = hash.split_once(':').unwrap_or_default();
            !algorithm.is_empty()
                && digest.len() >= 64
                && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        if !are_whole {
            return None;
        }
        let (what, marker) = match wanted.split_once(" ; ") {
            Some((what, marker)) => (what, Some(marker.to_owned())),
            None => (wanted, None),
        };
        let (name, version) = match what.split_once("==") {
            Some((name, version)) if !version.contains(['*', ',']) => {
                (name, Some(version.to_owned()))
            }
            None if what.contains(" @ ") || is_relative_path(what) => {
                (what.split(" @ ").next().unwrap_or(what), None)
            }
            _ => return None,
        };
        Some(Self {
            name: name.to_owned(),
            version,
            marker,
            line: line.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str =
        "--hash=sha256:0000000000000000000000000000000000000000000000000000000000000000";

    fn inputs() -> LockInputs {
        LockInputs {
            manifest: "m".to_owned(),
            engine: "e".to_owned(),
            python: (3, 10),
        }
    }

    #[test]
    fn what_is_written_is_read_and_files_of_the_configuration_move_with_it() {
        let printed = format!(
            "a==1 \\\n    {HASH} \\\n    {HASH}\nb==2 ; python_full_version < '3.11' \\\n    {HASH}\nown @ file:///copy/wheels/own-1-py3-none-any.whl \\\n    {HASH}\n"
        );
        let text = LockedVersions::text(&inputs(), &printed, Path::new("/copy"));
        assert!(!text.contains("/copy"), "{text}");
        let lock = LockedVersions::parse(&text);
        assert_eq!(lock.fits(&inputs()), Ok(()));
        assert_eq!(
            lock.lines_in(Path::new("/other")).join("\n"),
            format!(
                "a==1 {HASH} {HASH}\nb==2 ; python_full_version < '3.11' {HASH}\nfile:///other/wheels/own-1-py3-none-any.whl {HASH}"
            )
        );
        let packages = lock.packages.iter();
        let names: Vec<_> = packages
            .map(|package| (package.name.as_str(), package.version.as_deref()))
            .collect();
        assert_eq!(names[..2], [("a", Some("1")), ("b", Some("2"))]);
        assert_eq!(lock.preferences().len(), 2);
        // The lock is for its Python version and later ones.
        let fits = |python| lock.fits(&LockInputs { python, ..inputs() }).is_ok();
        assert!(fits((3, 14)) && !fits((3, 9)));
    }

    #[test]
    fn what_was_edited_is_no_lock_any_more() {
        let header = inputs().header();
        for line in [
            "a==1",
            "a==1.* HASH",
            "a==1 --hash=sha256:00",
            "-r other.txt",
        ] {
            let text = format!("{header}\n{}\n", line.replace("HASH", HASH));
            let fault = LockedVersions::parse(&text).fits(&inputs()).unwrap_err();
            assert!(fault.contains("line 2"), "{line}: {fault}");
        }
    }
}
