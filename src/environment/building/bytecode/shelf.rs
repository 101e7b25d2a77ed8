//! The shelf: the folder with bytecode that is kept for other environments of the same Python.
//!
//! A package's bytecode is kept under the digest of the hashes of its sources in its RECORD; a package whose RECORD has
//! none is compiled each time. The shelf only saves time, so all errors with it are ignored.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::base::digest::Hasher;
use crate::base::files::{PartialFolder, remove_leftovers, touch};
use crate::settings::paths::package_bytecode;

/// Linking takes a moment, so a partial folder of this age is a leftover.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(3600);

/// The shelf of one Python, and what an environment can add to it.
pub(crate) struct Shelf {
    folder: PathBuf,
    site_packages: PathBuf,
    /// The packages of the environment whose bytecode was not there.
    absent: Vec<Package>,
}

/// A package whose sources are known by their hashes.
struct Package {
    /// Where its bytecode is kept, below the shelf.
    key: String,
    /// Relative to site-packages.
    sources: Vec<PathBuf>,
}

impl Shelf {
    /// Links the kept bytecode of an environment's packages into it.
    ///
    /// # Errors
    /// The environment's packages cannot be listed.
    pub fn link_into(folder: PathBuf, site_packages: &Path) -> io::Result<Self> {
        let absent = packages(site_packages)?
            .into_iter()
            .filter(|package| {
                let kept = package_bytecode(&folder, &package.key);
                let linked = link_tree(&kept, site_packages);
                if linked.is_ok() {
                    touch(&kept);
                }
                linked.is_err()
            })
            .collect();
        Ok(Shelf {
            folder,
            site_packages: site_packages.to_owned(),
            absent,
        })
    }

    /// Keeps what was compiled. Called when the whole environment is on the disk, because the links made here are to the
    /// same files.
    pub fn keep(&self) {
        remove_leftovers(&self.folder, LEFT_OVER_AFTER);
        for package in &self.absent {
            let _ = self.keep_package(package);
        }
    }

    fn keep_package(&self, package: &Package) -> io::Result<()> {
        let target = package_bytecode(&self.folder, &package.key);
        if target.exists() {
            return Ok(());
        }
        let partial = PartialFolder::in_folder(&self.folder);
        package
            .sources
            .iter()
            .filter_map(|source| compiled_for(&self.site_packages, source))
            .try_for_each(|compiled| -> io::Result<()> {
                let kept = partial.path().join(&compiled);
                let is_copy = link(&self.site_packages.join(&compiled), &kept)?;
                // The environment is on the disk, and so is a link to a file of it. A copy is not yet.
                if is_copy {
                    File::open(&kept)?.sync_all()?;
                }
                Ok(())
            })?;
        partial.settle(&target)
    }
}

/// The packages whose RECORD has a hash of each of their modules.
fn packages(site_packages: &Path) -> io::Result<Vec<Package>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(site_packages)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(stem) = name
            .to_str()
            .and_then(|name| name.strip_suffix(".dist-info"))
        else {
            continue;
        };
        if let Ok(record) = fs::read_to_string(entry.path().join("RECORD"))
            && let Some(package) = package(stem, &record)
        {
            packages.push(package);
        }
    }
    Ok(packages)
}

fn package(stem: &str, record: &str) -> Option<Package> {
    let mut sources = Vec::new();
    for line in record.lines() {
        let (rest, _size) = line.rsplit_once(',')?;
        let (path, hash) = rest.rsplit_once(',')?;
        if !path.ends_with(".py") {
            continue;
        }
        let is_plain = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || path.starts_with('"') || !hash.starts_with("sha256=") {
            return None;
        }
        sources.push((path, hash));
    }
    if sources.is_empty() {
        return None;
    }
    sources.sort_unstable();
    let mut hasher = Hasher::new();
    for (path, hash) in &sources {
        hasher.update(format!("{path}\n{hash}\n"));
    }
    let digest = hasher.finish().to_string();
    Some(Package {
        key: format!("{stem}-{}", &digest[..32]),
        sources: sources
            .into_iter()
            .map(|(path, _)| PathBuf::from(path))
            .collect(),
    })
}

/// Links a whole kept tree into place. After an error some files are missing, and none is wrong.
fn link_tree(source: &Path, target: &Path) -> io::Result<()> {
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let place = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_tree(&entry.path(), &place)?;
        } else {
            link(&entry.path(), &place)?;
        }
    }
    Ok(())
}

/// A hard link, or a copy where the file system has none or the cache is on another one. Returns whether it is a copy.
fn link(source: &Path, target: &Path) -> io::Result<bool> {
    let attempt = || match fs::hard_link(source, target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    let result = match (attempt(), target.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            attempt()
        }
        (result, _) => result,
    };
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::CrossesDevices
                    | io::ErrorKind::PermissionDenied
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::TooManyLinks
            ) =>
        {
            fs::copy(source, target).map(|_| true)
        }
        other => other.map(|()| false),
    }
}

/// `a/__pycache__/b.cpython-311.pyc` of `a/b.py`, if it exists.
fn compiled_for(site_packages: &Path, source: &Path) -> Option<PathBuf> {
    let folder = source.parent()?.join("__pycache__");
    let prefix = format!("{}.", source.file_stem()?.to_str()?);
    fs::read_dir(site_packages.join(&folder))
        .ok()?
        .find_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str()?
                .starts_with(&prefix)
                .then(|| folder.join(&name))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_whose_sources_are_known_are_shared() {
        let known = "a/__init__.py,sha256=abc,3\na/b.py,sha256=def,4\na-1.dist-info/RECORD,,\n";
        let package_of = |record: &str| package("a-1", record);
        let first = package_of(known).unwrap();
        assert_eq!(first.sources.len(), 2);
        assert!(first.key.starts_with("a-1-"));
        assert_eq!(
            first.key,
            package_of("a/b.py,sha256=def,4\n../../bin/x,sha256=1,1\na/__init__.py,sha256=abc,3\n")
                .unwrap()
                .key
        );
        assert_ne!(
            first.key,
            package_of("a/b.py,sha256=other,4\na/__init__.py,sha256=abc,3\n")
                .unwrap()
                .key
        );
        for unknown in [
            "a.py,,\n",
            "../a.py,sha256=1,1\n",
            "/a.py,sha256=1,1\n",
            "\"a,b.py\",sha256=1,1\n",
            "a.txt,sha256=1,1\n",
            "?\n",
        ] {
            assert!(package_of(unknown).is_none(), "{unknown}");
        }
    }
}
