//! Files that appear whole: written beside their place, synced, and renamed into it.
//!
//! A reader sees the old file or the new one and never a part of it, also after a crash or a full disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An operation on a path failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {}", path.display(), describe(source))]
pub struct FileError {
    /// What was attempted, as a verb: `write`, `create the folder`.
    pub action: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl FileError {
    /// For use with `map_err`.
    pub fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self {
            action,
            path,
            source,
        }
    }

    /// Whether the machine lacked something that it may have again: room, memory, descriptors.
    pub fn may_pass(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::OutOfMemory
                | io::ErrorKind::ResourceBusy
        ) || matches!(
            self.source.raw_os_error(),
            Some(libc::EMFILE | libc::ENFILE | libc::EAGAIN)
        )
    }

    /// What to do about it, by what the system said.
    pub fn hint(&self) -> Option<String> {
        match self.source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Some("free some space, or point --data-dir at a disk that has some".to_owned())
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Some(
                "point --data-dir (or the output directory) at a place that you may write to"
                    .to_owned(),
            ),
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => Some(
                "a file is where a folder should be: move it away, or point --data-dir elsewhere"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// The system's words without the number that Rust adds to them.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

/// The bytes that may still be written where a folder is, or will be. `None`: nobody knows.
pub fn room(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let found = rustix::fs::statvfs(there).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Creates a folder and those above it.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(FileError::on("create the folder", path))
}

/// Writes a whole file.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut beside = tempfile::Builder::new()
            .prefix(".ade-")
            .suffix(".tmp")
            .tempfile_in(folder)?;
        beside.write_all(bytes)?;
        beside.as_file().sync_all()?;
        readable(beside.as_file())?;
        beside.persist(path).map_err(|error| error.error)?;
        sync_folder(folder);
        Ok(())
    };
    write().map_err(FileError::on("write", path))
}

/// Copies a file so that the copy appears whole. Shares the bytes where the file system can.
pub fn copy_whole(from: &Path, to: &Path) -> Result<(), FileError> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let copy = || -> io::Result<()> {
        let beside = tempfile::Builder::new()
            .prefix(".ade-")
            .suffix(".tmp")
            .tempfile_in(folder)?;
        let mut source = File::open(from)?;
        // On Linux this is copy_file_range, which shares extents where the file system can.
        io::copy(&mut source, &mut beside.as_file())?;
        beside.as_file().sync_all()?;
        readable(beside.as_file())?;
        beside.persist(to).map_err(|error| error.error)?;
        sync_folder(folder);
        Ok(())
    };
    copy().map_err(FileError::on("write", to))
}

/// A digest as people and paths write it: two lower-case hexadecimal digits for each byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Makes the folder's own entries durable; where a file system can't, nothing is lost but the guarantee.
pub fn sync_folder(folder: &Path) {
    if let Ok(handle) = File::open(folder) {
        let _ = handle.sync_all();
    }
}

/// Temporary files are private; what they become follows the usual mask.
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_whole(&path, b"old").unwrap();
        assert!(copy_whole(&folder.path().join("absent"), &path).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_path_and_what_the_system_said() {
        let error = create_folder(Path::new("/dev/null/x")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot create the folder /dev/null/x: not a directory"
        );
    }
}
