//! Folders that appear whole: filled under another name beside their path, and renamed.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

use super::{entries, is_closed};

/// The prefix of the names of folders that are being filled.
const PREFIX: &str = ".partial-";

/// A folder that is being filled; it is removed if it is dropped before it is settled.
pub struct PartialFolder {
    path: PathBuf,
}

impl PartialFolder {
    /// Chooses a name in `parent` that no other process uses. The folder is not created yet.
    pub fn in_folder(parent: &Path) -> Self {
        PartialFolder {
            path: partial_in(parent, &Uuid::now_v7().simple().to_string()),
        }
    }

    /// Returns the path where the folder is filled.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Renames the filled folder to its path.
    ///
    /// # Errors
    /// It cannot be renamed, for example because the target exists.
    pub fn settle(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for PartialFolder {
    fn drop(&mut self) {
        if self.path.is_dir() {
            let _ = remove_read_only_tree(&self.path);
        }
    }
}

/// Returns the path of a partial folder in `parent`, with a token that no other folder has.
pub fn partial_in(parent: &Path, token: &str) -> PathBuf {
    parent.join(format!("{PREFIX}{token}"))
}

/// Returns whether a folder is being filled or deleted, or is left over from that.
pub fn is_partial(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}

/// Removes the partial folders in `parent` that are at least `age` old: their processes ended while filling them. With an
/// `age` of zero the caller holds a lock, so that no other process is filling a folder now. Errors are ignored.
pub fn remove_leftovers(parent: &Path, age: Duration) {
    for entry in entries(parent) {
        let is_partial = is_partial(&entry.path());
        let is_old = || {
            let changed = entry.metadata().ok()?.modified().ok()?;
            Some(changed.elapsed().ok()? >= age)
        };
        if is_partial && (age.is_zero() || is_old() == Some(true)) {
            let _ = remove_read_only_tree(&entry.path());
        }
    }
}

/// Deletes a folder whose files and folders may be read-only, like those of a snapshot.
///
/// # Errors
/// The folder does not exist, or something in it cannot be deleted.
pub fn remove_read_only_tree(path: &Path) -> io::Result<()> {
    // Follows no link: the code of a configuration may have replaced a folder of its run by a link.
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(path)?;
            fs::remove_dir_all(path)
        }
        removed => removed,
    }
}

/// Makes files and folders below a path readable that this user owns and cannot read. Links are not followed. Returns whether
/// there were any.
pub fn open_again(path: &Path) -> bool {
    let Ok(found) = fs::symlink_metadata(path) else {
        return false;
    };
    let opened = || {
        let mode = found.permissions().mode() & 0o777;
        let mode = mode | if found.is_dir() { 0o700 } else { 0o400 };
        fs::set_permissions(path, Permissions::from_mode(mode)).is_ok()
    };
    let was_closed = !found.is_symlink() && is_closed(path) && opened();
    if !found.is_dir() {
        return was_closed;
    }
    entries(path).fold(was_closed, |any, entry| open_again(&entry.path()) | any)
}

fn make_writable(folder: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Ok(());
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_delete_a_link_changes_nothing_of_what_it_leads_to() {
        let parent = tempfile::tempdir().unwrap();
        let (victim, link) = (parent.path().join("victim"), parent.path().join("link"));
        fs::create_dir_all(victim.join("below")).unwrap();
        fs::set_permissions(&victim, Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        let _ = remove_read_only_tree(&link);
        let _ = make_writable(&link);
        let mode = fs::metadata(&victim).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert!(victim.join("below").is_dir());
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("whole");
        let left_over = PartialFolder::in_folder(parent.path());
        fs::create_dir(left_over.path()).unwrap();
        drop(left_over);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        let filled = PartialFolder::in_folder(parent.path());
        fs::create_dir(filled.path()).unwrap();
        filled.settle(&target).unwrap();
        assert!(target.is_dir());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_partial_folders_that_are_old_enough_are_left_over() {
        let parent = tempfile::tempdir().unwrap();
        for name in [".partial-x", "whole"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        remove_leftovers(parent.path(), Duration::from_secs(3600));
        assert!(parent.path().join(".partial-x").exists());
        remove_leftovers(parent.path(), Duration::ZERO);
        assert!(!parent.path().join(".partial-x").exists());
        assert!(parent.path().join("whole").exists());
    }
}
