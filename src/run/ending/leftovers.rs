//! Clears the leftovers of an attempt whose worker died or froze: processes, and incomplete files.
//!
//! The engine dies with its worker, but processes that a configuration started may survive, and the engine of a suspended
//! worker continues. All of them have the run's own folder for temporary files in their environment variables, which
//! identifies them. The caller holds the run's claim or has just ended it.

use std::path::Path;

use crate::base::files::UNFINISHED;
use crate::settings::paths::RunFolder;
use crate::system::machine::{FileSystem, Machine};

/// Returns whether an attempt may have left something: one of the `earlier` counted ones, or an uncounted one.
pub fn may_be(machine: &dyn Machine, folder: &RunFolder, earlier: u32) -> bool {
    earlier > 0 || machine.files().is_folder(&folder.output())
}

/// Kills the remaining processes of an attempt. Returns their number.
pub fn kill(machine: &dyn Machine, folder: &RunFolder) -> usize {
    machine.kill_started_with("TMPDIR", folder.scratch().as_os_str())
}

/// Kills the remaining processes of an attempt and deletes its unfinished files. Files that cannot be deleted are ignored. A
/// finished workbook stays until another one replaces it.
pub fn clear(machine: &dyn Machine, folder: &RunFolder) {
    kill(machine, folder);
    let files = machine.files();
    free_room(files, folder);
    for place in [folder.path(), &folder.input()] {
        delete_unfinished(files, place);
    }
}

/// Deletes the unfinished files of an attempt.
pub fn free_room(files: &dyn FileSystem, folder: &RunFolder) {
    let _ = files.remove_tree(&folder.scratch());
    delete_unfinished(files, &folder.output());
}

/// Deletes files that were being written next to their target.
fn delete_unfinished(files: &dyn FileSystem, folder: &Path) {
    for (name, _) in files.names(folder).unwrap_or_default() {
        if name.starts_with(UNFINISHED) {
            let _ = files.remove_file(&folder.join(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::machine::System;

    #[test]
    fn what_an_attempt_finished_stays_until_the_next_has_finished_too() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(place.path());
        for folder in [folder.output(), folder.scratch(), folder.input()] {
            std::fs::create_dir(folder).unwrap();
        }
        let workbook = folder.normalized("list.csv");
        let unfinished = [
            folder.output().join(".ade-7.part"),
            folder.input().join(".ade-8"),
            folder.path().join(".ade-9"),
            folder.scratch().join("notes"),
        ];
        for file in unfinished.iter().chain([&workbook]) {
            std::fs::write(file, "content").unwrap();
        }
        clear(&System, &folder);
        assert!(workbook.is_file());
        assert!(unfinished.iter().all(|file| !file.exists()));
    }
}
