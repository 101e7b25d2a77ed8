//! The files of a configuration, and the digest over them.
//!
//! The files are those that git would not ignore, whether or not there is a repository: `.gitignore` files at every depth
//! apply, and inside a work tree also those above the configuration and `.git/info/exclude`. The user's global ignore list does
//! not apply, because two machines must agree on the digest of the same files. Some files never count: `.git`, `__pycache__`,
//! compiled Python, virtual environments under any name, and ADE's own data directory.
//!
//! There are two differences from git: links are followed, because the snapshot must be complete in itself, and a file that is
//! ignored but was added by force does not count, because only the repository's index records it.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::digest::PartDigest;
use super::{Configuration, ConfigurationError, LOCK_FILE};
use crate::base::digest::{self, Digest};
use crate::base::files::FileError;
use crate::settings::paths::DATABASE;

/// The version of the digest, which changes with its meaning.
const VERSION: &str = "ade-sources-1";

/// A configuration's files as they were when they were read.
#[derive(Clone, Debug)]
pub struct ConfigurationSources {
    /// The SHA-256 over names and contents, as 64 hexadecimal digits.
    pub digest: String,
    /// The files sorted by name.
    pub files: Vec<SourceFile>,
    /// The folder that contains the files.
    pub(super) root: PathBuf,
    /// The name of the folder for the files in a snapshot. Set if the root is the package, because its name matters.
    pub(super) folder: Option<String>,
}

/// A file of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFile {
    /// The path relative to the configuration's root.
    pub path: PathBuf,
    pub size_bytes: u64,
    pub(super) sha256: Digest,
}

impl ConfigurationSources {
    /// Returns path, size and SHA-256 of each file, sorted by path.
    pub fn each(&self) -> impl Iterator<Item = (&Path, u64, String)> {
        let files = self.files.iter();
        files.map(|file| {
            (
                file.path.as_path(),
                file.size_bytes,
                file.sha256.to_string(),
            )
        })
    }
}

impl Configuration {
    /// Lists and hashes the files.
    ///
    /// # Errors
    /// A folder or file cannot be read.
    pub fn sources(&self) -> Result<ConfigurationSources, ConfigurationError> {
        self.sources_except(&[])
    }

    /// Lists and hashes the files, except those at or below `excluded`: a data directory or an output folder that happens to be
    /// inside the configuration is not part of it.
    ///
    /// # Errors
    /// A folder or file cannot be read.
    pub fn sources_except(
        &self,
        excluded: &[&Path],
    ) -> Result<ConfigurationSources, ConfigurationError> {
        let excluded: Vec<PathBuf> = excluded
            .iter()
            .filter_map(|path| path.canonicalize().ok())
            // A folder that contains the configuration itself excludes nothing.
            .filter(|path| path.starts_with(&self.root) && !self.package_dir.starts_with(path))
            .collect();
        let in_work_tree = self
            .root
            .ancestors()
            .any(|folder| folder.join(".git").exists());
        let mut paths = list(&self.root, &excluded, in_work_tree)?;
        if in_work_tree
            && !paths
                .iter()
                .any(|path| self.root.join(path).starts_with(&self.package_dir))
        {
            // The configuration's own folder is ignored by git, but its files still count.
            paths = list(&self.root, &excluded, false)?;
        }
        // A lock counts wherever it exists, because ignore lists often contain `*.lock`.
        let lock = Path::new(LOCK_FILE);
        if self.dependencies.lock.is_some() && !paths.iter().any(|path| path == lock) {
            paths.push(lock.to_owned());
        }
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let absolute = self.root.join(&path);
            match digest::of_file(&absolute) {
                Ok((sha256, size_bytes)) => files.push(SourceFile {
                    path,
                    size_bytes,
                    sha256,
                }),
                // The file was deleted after it was listed, so it is no longer part of the configuration.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(FileError::on("read", &absolute)(error).into()),
            }
        }
        files.sort_by(|left, right| left.path.as_os_str().cmp(right.path.as_os_str()));
        let folder = self.is_bare_package().then(|| self.package.clone());

        let mut digest = PartDigest::new(VERSION);
        digest.part("folder", folder.as_deref().unwrap_or("").as_bytes());
        for file in &files {
            digest.part("path", file.path.as_os_str().as_bytes());
            digest.part("content", &file.sha256.0);
        }
        Ok(ConfigurationSources {
            digest: digest.finish(),
            files,
            root: self.root.clone(),
            folder,
        })
    }
}

fn list(
    root: &Path,
    excluded: &[PathBuf],
    with_parents: bool,
) -> Result<Vec<PathBuf>, ConfigurationError> {
    let excluded = excluded.to_vec();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .git_ignore(true)
        .git_exclude(true)
        .require_git(false)
        .parents(with_parents)
        .follow_links(true)
        .filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            !is_never_counted(entry.path(), is_folder, entry.depth())
                && !excluded.iter().any(|path| entry.path().starts_with(path))
        })
        .build();
    let mut paths = Vec::new();
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                if let Ok(path) = entry.path().strip_prefix(root) {
                    paths.push(path.to_owned());
                }
            }
            Ok(_) => {}
            // Python could not import broken links or links to a parent folder either.
            Err(error) if is_loop(&error) => {}
            Err(error) => match error.io_error().map(io::Error::kind) {
                None | Some(io::ErrorKind::NotFound) => {}
                Some(kind) => {
                    let error = io::Error::new(kind, error.to_string());
                    return Err(FileError::on("read", root)(error).into());
                }
            },
        }
    }
    Ok(paths)
}

fn is_loop(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Loop { .. } => true,
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => is_loop(err),
        _ => false,
    }
}

fn is_never_counted(path: &Path, is_folder: bool, depth: usize) -> bool {
    if depth == 0 {
        return false;
    }
    let name = path.file_name().unwrap_or_default();
    if is_folder {
        return name == "__pycache__"
            || name == ".git"
            || name == ".venv"
            || path.join("pyvenv.cfg").exists()
            // If `ade` was started in the configuration's folder, the data directory is in it, with copies of these files.
            || path.join(DATABASE).exists();
    }
    // In a linked work tree and in a submodule, `.git` is a file.
    name == ".git"
        || name == ".DS_Store"
        || path
            .extension()
            .is_some_and(|extension| extension == "pyc" || extension == "pyo")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::{sample, write_files};

    fn names(sources: &ConfigurationSources) -> String {
        let names = sources
            .files
            .iter()
            .map(|file| file.path.display().to_string());
        names.collect::<Vec<_>>().join(" ")
    }

    fn sources(root: &Path) -> ConfigurationSources {
        Configuration::open(root).unwrap().sources().unwrap()
    }

    const SAMPLE: &str =
        "pyproject.toml src/ade_config/__init__.py src/ade_config/columns/people.py";

    #[test]
    fn what_git_would_ignore_is_not_counted_inside_and_outside_a_repository() {
        for has_repository in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("config");
            sample(&root);
            write_files(
                &root,
                &[
                    ("notes/keep.txt", "a"),
                    ("notes/drop.log", "b"),
                    ("notes/.gitignore", "*.log\n"),
                    ("src/ade_config/__pycache__/x.cpython-311.pyc", "c"),
                    ("src/ade_config/loose.pyc", "d"),
                    (".venv/pyvenv.cfg", ""),
                    ("environment/pyvenv.cfg", ""),
                    ("environment/lib/module.py", ""),
                    ("data/db/ade.sqlite", ""),
                    ("data/workspaces/copy.py", ""),
                    (".hidden", "e"),
                ],
            );
            write_files(folder.path(), &[(".gitignore", "keep.txt\n")]);
            if has_repository {
                std::fs::create_dir(folder.path().join(".git")).unwrap();
            }
            let kept = if has_repository {
                ""
            } else {
                "notes/keep.txt "
            };
            let expected = format!(".hidden notes/.gitignore {kept}{SAMPLE}");
            assert_eq!(
                names(&sources(&root)),
                expected,
                "repository: {has_repository}"
            );
        }
    }

    #[test]
    fn a_configuration_in_an_ignored_place_still_has_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        write_files(folder.path(), &[(".gitignore", "data/**\n")]);
        let root = folder.path().join("data/config");
        sample(&root);
        assert_eq!(names(&sources(&root)), SAMPLE);
    }

    #[test]
    fn a_folder_can_be_excluded_and_one_that_contains_the_configuration_excludes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("config");
        sample(&root);
        let configuration = Configuration::open(&root).unwrap();
        let except = |folders: &[&Path]| configuration.sources_except(folders).unwrap();
        let before = sources(&root);
        for outer in [folder.path(), &root, &root.join("src")] {
            assert_eq!(names(&except(&[outer])), SAMPLE, "{}", outer.display());
        }
        write_files(&root, &[("data/out.xlsx", "x")]);
        let after = except(&[&root.join("data"), Path::new("/no/such")]);
        assert_eq!(before.digest, after.digest);
        assert_ne!(before.digest, except(&[]).digest);
    }

    #[test]
    fn the_digest_follows_names_and_contents() {
        let folder = tempfile::tempdir().unwrap();
        sample(folder.path());
        let module = folder.path().join("src/ade_config/columns/people.py");
        let digest = || sources(folder.path()).digest;
        let first = digest();
        assert_eq!(first, digest());
        std::fs::write(&module, "def register(registry):\n    return 1\n").unwrap();
        let second = digest();
        std::fs::rename(&module, module.with_file_name("mail.py")).unwrap();
        assert!(first != second && second != digest() && first != digest());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("config");
        sample(&root);
        write_files(folder.path(), &[("shared/helper.py", "x = 1")]);
        for (to, name) in [
            ("../shared", "shared"),
            ("..", "src/back"),
            ("nowhere", "broken"),
        ] {
            std::os::unix::fs::symlink(to, root.join(name)).unwrap();
        }
        let (own, others) = SAMPLE.split_once(' ').unwrap();
        assert_eq!(
            names(&sources(&root)),
            format!("{own} shared/helper.py {others}")
        );
    }
}
