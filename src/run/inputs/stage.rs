//! The staged input: a copy in the run's folder that is hashed while it is copied, so that the recorded digest is that of the
//! file that ran.

use std::io;
use std::path::{Path, PathBuf};

use crate::base::files::FileError;
use crate::settings::paths::RunFolder;
use crate::system::machine::{FileSystem, HeldLock};
use crate::workspace::Workspace;

/// The digest and the size of a staged copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedInput {
    /// The SHA-256 of the bytes, as 64 hexadecimal digits.
    pub sha256: String,
    /// The number of bytes.
    pub size_bytes: u64,
}

/// The mark on the folder of a run that is not recorded yet. This process holds a lock on it: collection deletes the folder
/// only if the process dies, no matter how long it takes to record the run.
pub struct UnrecordedInput {
    path: PathBuf,
    lock: Option<Box<dyn HeldLock>>,
}

impl UnrecordedInput {
    /// Marks the folder of a run that is about to be staged.
    ///
    /// # Errors
    /// The mark cannot be written.
    pub fn begin(workspace: &Workspace, folder: &RunFolder) -> Result<Self, FileError> {
        let (files, path) = (workspace.files(), folder.unrecorded());
        create_folder(files, folder.path())?;
        // If the file system has no locks, nothing is collected.
        let lock = match files.try_lock(&path) {
            Err(error) if !has_no_locks(&error) => {
                return Err(FileError::on("lock", &path)(error));
            }
            tried => tried.ok().flatten(),
        };
        // This writes in place, because the file is locked.
        files
            .write(&path, format!("{}\n", workspace.database_id).as_bytes())
            .map_err(FileError::on("write", &path))?;
        Ok(Self { path, lock })
    }

    /// Releases the lock. From now on the folder's age protects it from collection.
    pub fn unlock(&mut self) {
        self.lock = None;
    }

    /// Removes the mark after the run was recorded. If that fails, the record counts.
    pub fn recorded(self, workspace: &Workspace) {
        let _ = workspace.files().remove_file(&self.path);
    }
}

/// Returns whether the file system does not support locks.
fn has_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported || error.raw_os_error() == Some(libc::ENOLCK)
}

/// Creates a folder, unless it exists.
///
/// # Errors
/// The folder cannot be created.
pub fn create_folder(files: &dyn FileSystem, folder: &Path) -> Result<(), FileError> {
    let created = files.create_folder(folder);
    created.map_err(FileError::on("create the folder", folder))
}

/// Copies an input to its place and hashes the copied bytes. The copy appears whole.
///
/// # Errors
/// The input cannot be read, or the copy cannot be written.
pub fn stage(files: &dyn FileSystem, from: &Path, to: &Path) -> Result<StagedInput, FileError> {
    let folder = to.parent().unwrap_or(Path::new("."));
    create_folder(files, folder)?;
    let (sha256, size_bytes) = files.copy_hashed(from, to).map_err(|(path, error)| {
        let action = if path == from { "read" } else { "write" };
        FileError::on(action, &path)(error)
    })?;
    Ok(StagedInput { sha256, size_bytes })
}

/// Puts an input in place for another attempt, unless the copy of an earlier attempt is still whole. A stored document never
/// changes, so a hard link suffices if the file system supports it.
///
/// # Errors
/// The same as those of [`stage`].
pub fn restage(
    files: &dyn FileSystem,
    from: &Path,
    to: &Path,
    size_bytes: u64,
) -> Result<(), FileError> {
    if files.find(to).is_ok_and(|found| found.length == size_bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        create_folder(files, folder)?;
    }
    if files.hard_link(from, to).is_ok() {
        Ok(())
    } else {
        stage(files, from, to).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::machine::Disk;

    #[test]
    fn a_whole_copy_is_kept_and_a_torn_one_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&from, b"new").unwrap();
        std::fs::write(&to, b"old").unwrap();
        restage(&Disk, &from, &to, 3).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"old");
    }
}
