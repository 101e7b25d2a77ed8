//! Lists an environment's packages, and computes a digest over them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One installed distribution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Installed {
    pub name: String,
    pub version: String,
    /// Where it came from, if not from an index: the content of `direct_url.json`.
    pub origin: Option<String>,
}

/// Returns the distributions in a site-packages folder, sorted by name.
pub(crate) fn installed(site_packages: &Path) -> io::Result<Vec<Installed>> {
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
            found.push(Installed {
                name,
                version,
                origin,
            });
        }
    }
    found.sort_by_key(|installed| crate::configuration::normalize_name(&installed.name));
    Ok(found)
}

/// Whether an error says that a file is not there. Any other proves nothing.
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

/// A digest over names and exact versions: equal where two environments hold the same packages.
pub(crate) fn lock_digest(installed: &[Installed]) -> String {
    let mut hasher = crate::base::digest::Hasher::new();
    for package in installed {
        hasher.update(crate::configuration::normalize_name(&package.name));
        hasher.update("==");
        hasher.update(&package.version);
        hasher.update("\n");
    }
    hasher.finish().to_string()
}

/// `lib/python3.11/site-packages` of a virtual environment.
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
