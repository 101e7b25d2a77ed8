//! What collection asks of the records before it deletes files that lie around.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::Result;

/// What a run's record says of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunFiles {
    /// They are kept. With the claim under which the run ended, where one did: those of its other attempts are of no use.
    Kept(Option<String>),
    /// They were to be deleted, and may be now.
    Deleted,
}

/// The questions of collection.
pub trait Collection {
    /// Returns what the records of these runs say of their files. A run without a record is not in the answer.
    fn run_files(&self, runs: &[String]) -> Result<HashMap<String, RunFiles>>;

    /// Returns those of these documents whose bytes are kept.
    fn kept_documents(&self, documents: &[String]) -> Result<HashSet<String>>;

    /// Returns the snapshots of the runs that may still need theirs: those that have not ended, and those that may be
    /// repeated because their files are kept. Looks at `limit` runs after the run `after`, by id; the second value is the
    /// last run that was looked at, `None` at the end.
    fn snapshots_of_runs(&self, after: &str, limit: u32) -> Result<(Vec<PathBuf>, Option<String>)>;
}
