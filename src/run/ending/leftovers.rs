//! Clears the leftovers of an attempt whose worker died or froze: processes, and incomplete files.
//!
//! The engine dies with its worker, but what a configuration started beside it need not, and the engine of a worker that
//! stands still goes on. All of them have the run's own folder for temporary files in their environment variables, by
//! which they are found. The caller holds the run's claim or has just ended it.

use std::path::Path;

use crate::base::files::UNFINISHED;
use crate::settings::paths::RunFolder;
use crate::system::machine::{Files, Machine};

/// Whether an attempt may have left something: one of `earlier` that were counted, or one that was not.
pub fn may_be(machine: &dyn Machine, folder: &RunFolder, earlier: u32) -> bool {
    earlier > 0 || machine.files().is_folder(&folder.output())
}

/// Kills what is left of an attempt. Returns how many processes that were.
pub fn kill(machine: &dyn Machine, folder: &RunFolder) -> usize {
    machine.kill_started_with("TMPDIR", folder.scratch().as_os_str())
}

/// Kills what is left of an attempt and deletes what it did not finish. Files that cannot be deleted are ignored. A workbook that
/// it finished stays until another one takes its place.
pub fn clear(machine: &dyn Machine, folder: &RunFolder) {
    kill(machine, folder);
    let files = machine.files();
    free_room(files, folder);
    for place in [folder.path(), &folder.input()] {
        delete_unfinished(files, place);
    }
}

/// Deletes what an attempt wrote and did not finish.
pub fn free_room(files: &dyn Files, folder: &RunFolder) {
    let _ = files.remove_tree(&folder.scratch());
    delete_unfinished(files, &folder.output());
}

/// Deletes files that were being written beside their place.
fn delete_unfinished(files: &dyn Files, folder: &Path) {
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
