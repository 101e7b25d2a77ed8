//! How much of a disk a folder takes, and how much deleting it would free.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The size of a folder on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskUsage {
    /// All blocks of all files, each file counted once.
    pub total_bytes: u64,
    /// What deleting the folder would free: without the files that are hard links of an installer's cache.
    pub exclusive_bytes: u64,
}

/// Measures a folder. Files that are deleted meanwhile are not counted.
///
/// # Errors
/// A folder cannot be read.
pub fn disk_usage(folder: &Path) -> io::Result<DiskUsage> {
    let mut usage = DiskUsage::default();
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
            // Of a link itself, not of its target.
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let bytes = metadata.blocks() * 512;
            if metadata.is_dir() {
                open.push(entry.path());
            } else if metadata.nlink() > 1 {
                if shared.insert((metadata.dev(), metadata.ino())) {
                    usage.total_bytes += bytes;
                }
                continue;
            }
            usage.total_bytes += bytes;
            usage.exclusive_bytes += bytes;
        }
    }
    Ok(usage)
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
    }
}
