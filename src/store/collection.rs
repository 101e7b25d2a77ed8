//! What collection asks of the records before it deletes files that lie around.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::driver::params;
use super::{Result, Store};

/// What a run's record says of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunFiles {
    /// They are kept. With the claim under which the run ended, where one did: those of its other attempts are of no use.
    Kept(Option<String>),
    /// They were to be deleted, and may be now.
    Deleted,
}

impl Store {
    /// Returns what the records of these runs say of their files. A run without a record is not in the answer.
    pub fn run_files(&self, runs: &[String]) -> Result<HashMap<String, RunFiles>> {
        let runs = serde_json::to_string(runs).unwrap_or_default();
        let sql = "SELECT r.id, r.artifacts_deleted_at IS NOT NULL, r.ended_token FROM json_each(?1) given JOIN runs r ON r.id = given.value";
        let files: Vec<(String, bool, Option<String>)> = self.rows(sql, [&runs])?;
        let files = files
            .into_iter()
            .map(|(run, is_deleted, token)| match is_deleted {
                true => (run, RunFiles::Deleted),
                false => (run, RunFiles::Kept(token)),
            });
        Ok(files.collect())
    }

    /// Returns those of these documents whose bytes are kept.
    pub fn kept_documents(&self, documents: &[String]) -> Result<HashSet<String>> {
        let documents = serde_json::to_string(documents).unwrap_or_default();
        let sql = "SELECT d.id FROM json_each(?1) given JOIN documents d ON d.id = given.value WHERE d.deleted_at IS NULL";
        let kept: Vec<String> = self.rows(sql, [&documents])?;
        Ok(kept.into_iter().collect())
    }

    /// Returns the snapshots of the runs that may still need theirs: those that have not ended, and those that may be
    /// repeated because their files are kept. Looks at `limit` runs after the run `after`, by id; the second value is the
    /// last run that was looked at, `None` at the end.
    pub fn snapshots_of_runs(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<(Vec<PathBuf>, Option<String>)> {
        // A part of the table at a time: nothing else is read or written meanwhile.
        let sql = "SELECT id, CASE WHEN artifacts_deleted_at IS NULL THEN absolute(snapshot_path) END FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2";
        let looked_at: Vec<(String, Option<String>)> = self.rows(sql, params![after, limit])?;
        let last = looked_at.last().map(|(id, _)| id.clone());
        let snapshots = looked_at.into_iter().filter_map(|(_, snapshot)| snapshot);
        let mut snapshots: Vec<PathBuf> = snapshots.map(PathBuf::from).collect();
        // Runs of one time are mostly of one snapshot.
        snapshots.dedup();
        Ok((snapshots, last))
    }
}
