//! What an attempt left whose worker died or froze: processes, and files that were not finished.
//!
//! The engine dies with its worker, but what a configuration started beside it need not, and the engine of a worker that
//! stands still goes on. All of them carry the run's own folder for temporary files in their environment, by which they
//! are found wherever they went. Whoever clears holds the run's claim or has just ended it.

use crate::files;
use crate::layout::RunFolder;
use crate::process;

/// Kills what is left of an attempt. Gives how many processes that were.
pub fn kill(folder: &RunFolder) -> usize {
    process::kill_started_with("TMPDIR", folder.scratch().as_os_str())
}

/// Kills what is left of an attempt and deletes what it did not finish. What cannot be deleted is in nobody's way.
pub fn clear(folder: &RunFolder) {
    kill(folder);
    let _ = std::fs::remove_dir_all(folder.scratch());
    let _ = std::fs::remove_dir_all(folder.output());
    for place in [folder.path(), &folder.input()] {
        files::delete_unfinished(place);
    }
}
