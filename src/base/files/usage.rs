//! Measures the disk space of folders, and how much deleting them would free.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The size of a folder on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskUsage {
    /// The size of all blocks of all files, counting each file once.
    pub total_bytes: u64,
    /// The bytes that deleting the folder would free: without files that are hard links of an installer's cache.
    pub exclusive_bytes: u64,
}

impl DiskUsage {
    /// Returns the bytes that other folders share: deleting this folder does not free them.
    pub fn shared_bytes(self) -> u64 {
        self.total_bytes - self.exclusive_bytes
    }
}

/// Returns the bytes of all files below folders, and the number of files and folders; stops counting at `most`. A folder that
/// cannot be read counts as `most`, because its contents are unknown.
pub fn count_below(folders: &[PathBuf], most: u64) -> (u64, u64) {
    let (mut bytes, mut files, mut linked) = (0, 0, BTreeSet::new());
    let mut open = folders.to_vec();
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return (bytes, most),
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            files += 1;
            if files >= most {
                return (bytes, files);
            }
            let Ok(found) = entry.metadata() else {
                continue;
            };
            if found.is_dir() {
                open.push(entry.path());
            } else if found.nlink() > 1 && !linked.insert((found.dev(), found.ino())) {
                continue;
            }
            bytes += found.blocks() * 512;
        }
    }
    (bytes, files)
}

/// Measures a folder. Files that are deleted meanwhile are not counted.
///
/// # Errors
/// A folder cannot be read.
pub fn disk_usage(folder: &Path) -> io::Result<DiskUsage> {
    Ok(measure(folder, &mut BTreeSet::new())?.0)
}

/// Measures folders: each by itself, and all together, counting a shared file once. `None`: this folder cannot be read.
pub fn disk_usage_of_all<'a>(
    folders: impl Iterator<Item = &'a Path>,
) -> (Vec<Option<DiskUsage>>, DiskUsage) {
    let (mut all, mut known) = (DiskUsage::default(), BTreeSet::new());
    let each = folders.map(|folder| {
        let (usage, new) = measure(folder, &mut known).ok()?;
        all.exclusive_bytes += usage.exclusive_bytes;
        all.total_bytes += usage.exclusive_bytes + new;
        Some(usage)
    });
    (each.collect(), all)
}

/// Measures a folder. `known` holds the shared files that were found before, by device and number. Also returns the bytes of
/// the shared files that were not.
fn measure(folder: &Path, known: &mut BTreeSet<(u64, u64)>) -> io::Result<(DiskUsage, u64)> {
    let mut usage = DiskUsage::default();
    let mut new = 0;
    let mut shared = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            // The metadata of a link itself, not of its target.
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let bytes = metadata.blocks() * 512;
            if metadata.is_dir() {
                open.push(entry.path());
            } else if metadata.nlink() > 1 {
                let file = (metadata.dev(), metadata.ino());
                if shared.insert(file) {
                    usage.total_bytes += bytes;
                    new += if known.insert(file) { bytes } else { 0 };
                }
                continue;
            }
            usage.total_bytes += bytes;
            usage.exclusive_bytes += bytes;
        }
    }
    Ok((usage, new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    #[test]
    fn shared_files_take_space_but_free_none() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        write_files(
            &inside,
            &[
                ("own", &"x".repeat(10_000)),
                ("deep/er/twice", &"y".repeat(20_000)),
            ],
        );
        write_files(folder.path(), &[("cache/shared", &"z".repeat(50_000))]);
        fs::hard_link(folder.path().join("cache/shared"), inside.join("shared")).unwrap();
        fs::hard_link(folder.path().join("cache/shared"), inside.join("again")).unwrap();
        let usage = disk_usage(&inside).unwrap();
        assert!(usage.exclusive_bytes >= 30_000, "{usage:?}");
        assert!(
            usage.total_bytes - usage.exclusive_bytes >= 50_000,
            "{usage:?}"
        );
        assert!(usage.total_bytes < 130_000, "{usage:?}");
        let other = folder.path().join("cache");
        let gone = folder.path().join("gone");
        let folders = [&inside, &other, &gone];
        let (each, all) = disk_usage_of_all(folders.into_iter().map(|folder| folder.as_path()));
        assert_eq!(each[..2], [Some(usage), Some(disk_usage(&other).unwrap())]);
        assert_eq!(each[2].map_or(0, |usage| usage.total_bytes), 0);
        assert_eq!(all, usage, "the shared file counts once");
    }
}
