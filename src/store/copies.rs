//! Copies of normalized workbooks and of what is beside them: where a run put one, so that no later run takes it for an input.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Result;
use crate::base::clock::Timestamp;

/// A copy of a run's workbook, or of another output of it, outside the data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputCopy {
    /// Where it is, absolute.
    pub path: PathBuf,
    /// The workspace of the run.
    pub workspace_id: String,
    /// The run.
    pub run_id: String,
}

/// The copies in the store.
pub trait Copies {
    /// Records a copy. A path is that of one run, the last one that wrote there.
    fn record_copy(&self, copy: &OutputCopy, now: Timestamp) -> Result<()>;

    /// Records that a copy was renamed. What was recorded at its new path is forgotten: the file there was replaced.
    fn move_copy(&self, from: &Path, to: &Path) -> Result<()>;

    /// Whether a run of any workspace put a copy at this absolute path.
    fn is_copy(&self, path: &Path) -> Result<bool>;

    /// Returns where the copies of the workbooks of these runs are, by the runs' ids; a run without one is left out.
    fn copies_of(&self, runs: &[&str]) -> Result<HashMap<String, PathBuf>>;
}
