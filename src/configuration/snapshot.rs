//! The read-only copy of a configuration that runs import.
//!
//! A copy is named by its source digest and appears whole: it is written beside its final path, synced, and renamed. So a
//! folder with that name is always a complete copy, even if the process that made it crashed, and is never written again. Two
//! processes that want the same copy take turns. The next process that copies removes what a crash left.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Configuration, ConfigurationError, ConfigurationSources, SourceFile};
use crate::base::digest::{self, CopyError};
use crate::base::files::{self, FileError, PartialFolder};
use crate::settings::paths::{snapshot, snapshot_lock};
use crate::system::lock::Lock;

/// The maximum number of attempts to copy files that keep changing.
const ATTEMPTS: usize = 5;

impl Configuration {
    /// Hashes the files and makes sure that their copy is in `snapshots`. Starts again if they change meanwhile.
    ///
    /// # Errors
    /// A file cannot be read, the copy cannot be written, or the files keep changing.
    pub fn snapshot_except(
        &self,
        snapshots: &Path,
        excluded: &[&Path],
    ) -> Result<(ConfigurationSources, PathBuf), ConfigurationError> {
        let mut attempt = 1;
        loop {
            let sources = self.sources_except(excluded)?;
            match sources.snapshot(snapshots) {
                Err(ConfigurationError::Changed { .. }) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
                Ok(folder) => return Ok((sources, folder)),
            }
        }
    }
}

impl ConfigurationSources {
    /// Makes sure that `<snapshots>/<digest>/` exists. Returns its path. Copies nothing if it exists already.
    ///
    /// # Errors
    /// A file cannot be read or has changed since it was hashed, or the copy cannot be written.
    pub fn snapshot(&self, snapshots: &Path) -> Result<PathBuf, ConfigurationError> {
        let target = snapshot(snapshots, &self.digest);
        keep::<ConfigurationError>(&target, |partial| {
            let base = match &self.folder {
                Some(folder) => partial.join(folder),
                None => partial.to_owned(),
            };
            fs::create_dir_all(&base).map_err(FileError::on("create the folder", &base))?;
            for file in &self.files {
                copy(&self.root.join(&file.path), &base.join(&file.path), file)?;
            }
            Ok(())
        })?;
        Ok(target)
    }
}

/// Makes sure that a snapshot exists at its path. If it does not, `fill` writes it under a temporary name.
fn keep<E: From<FileError>>(
    target: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let snapshots = target.parent().unwrap_or(target);
    fs::create_dir_all(snapshots).map_err(FileError::on("create the folder", snapshots))?;
    let _turn = Lock::take(&snapshot_lock(snapshots))?;
    if touch(target) {
        return Ok(());
    }
    // Only the holder of the lock makes or deletes partial copies, so any partial copy is a leftover now.
    files::remove_leftovers(snapshots, Duration::ZERO);

    let partial = PartialFolder::in_folder(snapshots);
    fill(partial.path())?;
    settle(partial.path()).map_err(FileError::on("make read-only", partial.path()))?;
    partial
        .settle(target)
        .map_err(FileError::on("move into place", target))?;
    files::sync_folder(snapshots);
    Ok(())
}

/// Writes a snapshot as one archive. The same snapshot always gives the same bytes.
///
/// # Errors
/// A file cannot be read, or the archive cannot be written.
pub fn pack_snapshot(snapshot: &Path, archive: impl Write) -> Result<(), FileError> {
    let mut archive = tar::Builder::new(archive);
    archive.mode(tar::HeaderMode::Deterministic);
    archive.follow_symlinks(false);
    let packed = pack(snapshot, Path::new(""), &mut archive).and_then(|()| archive.finish());
    packed.map_err(FileError::on("pack", snapshot))
}

fn pack(snapshot: &Path, below: &Path, archive: &mut tar::Builder<impl Write>) -> io::Result<()> {
    let entries = fs::read_dir(snapshot.join(below))?;
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            pack(snapshot, &name, archive)?
        } else {
            archive.append_path_with_name(entry.path(), &name)?
        }
    }
    Ok(())
}

/// Unpacks a snapshot that another host has packed, unless it exists already.
///
/// # Errors
/// The archive is not that of a snapshot, or the snapshot cannot be written.
pub fn unpack_snapshot(target: &Path, archive: impl Read) -> Result<(), FileError> {
    keep(target, |partial| {
        unpack(partial, archive).map_err(FileError::on("unpack", target))
    })
}

fn unpack(folder: &Path, archive: impl Read) -> io::Result<()> {
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        if !entry.header().entry_type().is_file() || !files::stays_below(&name) {
            let message = format!("{} is not a file of a snapshot", name.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let path = folder.join(&name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        io::copy(&mut entry, &mut file)?;
        let mode = entry.header().mode()?;
        file.set_permissions(Permissions::from_mode(0o400 | (mode & 0o044)))?;
    }
    Ok(())
}

/// Returns whether a copy exists. Touches it, so that collection keeps it until a run or an environment that needs it is
/// recorded. The caller holds the lock of those that make and delete copies.
fn touch(target: &Path) -> bool {
    let Ok(folder) = File::open(target) else {
        return false;
    };
    // The time of another user's copy cannot be changed, which is no error.
    let _ = folder.set_modified(SystemTime::now());
    target.is_dir()
}

/// Copies a file, and checks that the copy has the digest that was computed before.
fn copy(source: &Path, target: &Path, expected: &SourceFile) -> Result<(), ConfigurationError> {
    let changed = || ConfigurationError::Changed {
        path: source.to_owned(),
    };
    let reading = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => changed(),
        _ => FileError::on("read", source)(error).into(),
    };
    let writing =
        |error: io::Error| ConfigurationError::from(FileError::on("write", target)(error));

    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(writing)?;
    }
    let mut input = File::open(source).map_err(reading)?;
    let mode = input.metadata().map_err(reading)?.permissions().mode();
    let mut output = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(target)
        .map_err(writing)?;
    let (copied, _) = digest::copy(&mut input, &mut output).map_err(|error| match error {
        CopyError::Read(error) => reading(error),
        CopyError::Write(error) => writing(error),
    })?;
    if copied != expected.sha256 {
        return Err(changed());
    }
    // Readable by those who could read the original, writable and executable by no one.
    output
        .set_permissions(Permissions::from_mode(0o400 | (mode & 0o044)))
        .map_err(writing)
}

/// Makes folders read-only and syncs everything to the disk, files before the folders that contain them.
fn settle(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            settle(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    fs::set_permissions(folder, Permissions::from_mode(0o555))?;
    files::sync_folder(folder);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::{sample, write_files};
    use std::os::unix::fs::MetadataExt;

    struct Place {
        _folder: tempfile::TempDir,
        root: PathBuf,
        snapshots: PathBuf,
    }

    fn place(name: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join(name);
        sample(&root);
        Place {
            root,
            snapshots: folder.path().join("snapshots"),
            _folder: folder,
        }
    }

    fn partials(snapshots: &Path) -> usize {
        let pattern = snapshots.join(".partial-*").display().to_string();
        glob::glob(&pattern).unwrap().count()
    }

    /// A file of the sample.
    const MODULE: &str = "src/ade_config/columns/people.py";

    #[test]
    fn a_snapshot_is_a_read_only_copy_under_its_digest_which_is_made_once() {
        let place = place("a folder with 'quotes' and größe");
        let odd = "notes/ü \"x\" 'y'.txt";
        write_files(&place.root, &[(odd, "z")]);
        // The leftovers of a crash are removed and never used.
        write_files(&place.snapshots, &[(".partial-dead/half.py", "x")]);
        let configuration = Configuration::open(&place.root).unwrap();
        let sources = configuration.sources().unwrap();
        let snapshot = sources.snapshot(&place.snapshots).unwrap();
        assert_eq!(snapshot, place.snapshots.join(&sources.digest));
        assert_eq!(partials(&place.snapshots), 0);
        for name in [MODULE, odd] {
            let copied = fs::read(snapshot.join(name)).unwrap();
            assert_eq!(copied, fs::read(place.root.join(name)).unwrap());
        }
        let module = snapshot.join(MODULE);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&module) & 0o333, 0);
        assert_eq!(mode(module.parent().unwrap()) & 0o777, 0o555);
        // The snapshot is a configuration itself, with the same digest.
        let again = Configuration::open(&snapshot).unwrap().sources().unwrap();
        assert_eq!(again.digest, sources.digest);
        let inode = fs::metadata(&snapshot).unwrap().ino();
        let second = configuration.sources().unwrap();
        let second = second.snapshot(&place.snapshots).unwrap();
        assert_eq!(inode, fs::metadata(second).unwrap().ino());
        files::remove_read_only_tree(&snapshot).unwrap();
        assert!(!snapshot.exists());
    }

    #[test]
    fn a_file_edited_between_hashing_and_copying_gives_no_wrong_digest() {
        let place = place("config");
        let configuration = Configuration::open(&place.root).unwrap();
        for remove in [false, true] {
            let sources = configuration.sources().unwrap();
            let module = place.root.join(MODULE);
            if remove {
                fs::remove_file(&module).unwrap();
            } else {
                fs::write(&module, "edited = True\n").unwrap();
            }
            let answer = sources.snapshot(&place.snapshots);
            assert!(matches!(answer, Err(ConfigurationError::Changed { .. })));
            assert!(!place.snapshots.join(&sources.digest).exists());
            assert_eq!(partials(&place.snapshots), 0);
        }
        let copied = configuration.snapshot_except(&place.snapshots, &[]);
        copied.unwrap();
    }

    #[test]
    fn many_at_once_end_with_one_copy() {
        let place = place("config");
        let sources = Configuration::open(&place.root).unwrap().sources().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| sources.snapshot(&place.snapshots).unwrap());
            }
        });
        assert!(place.snapshots.join(&sources.digest).is_dir());
        assert_eq!(partials(&place.snapshots), 0);
    }

    #[test]
    fn a_bare_package_keeps_its_name_in_the_snapshot() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("my_package");
        let module = ("columns/a.py", "def register(r): pass\n");
        write_files(&root, &[("__init__.py", ""), module]);
        let live = Configuration::open(&root).unwrap();
        let snapshots = folder.path().join("snapshots");
        let (_, snapshot) = live.snapshot_except(&snapshots, &[]).unwrap();
        let package = live.folder_in(&snapshot);
        assert!(package.ends_with("my_package") && package.join("__init__.py").is_file());
        let again = Configuration::open_snapshot(&snapshot, &live.root).unwrap();
        assert_eq!(
            (again.package.as_str(), again.folder_in(&snapshot)),
            ("my_package", package)
        );
    }

    #[test]
    fn a_snapshot_is_opened_in_the_name_of_the_folder_that_people_work_in() {
        let place = place("config");
        let live = Configuration::open(&place.root).unwrap();
        let (_, snapshot) = live.snapshot_except(&place.snapshots, &[]).unwrap();
        fs::remove_dir_all(&place.root).unwrap();
        let opened = Configuration::open_snapshot(&snapshot, &live.root).unwrap();
        assert_eq!(
            (&opened.name, &opened.root, &opened.package_dir),
            (&live.name, &live.root, &live.package_dir)
        );
        assert_eq!(opened.folder_in(&snapshot), snapshot);
        assert_eq!(
            opened.dependencies().requirements,
            live.dependencies().requirements
        );
    }
}
