//! Answers questions of collection about records before it deletes files.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::driver::params;
use super::{Result, Store};

/// The state of a run's files according to its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunFiles {
    /// The files are kept. Contains the token of the claim under which the run ended, if any: files of its other attempts are
    /// useless.
    Kept(Option<String>),
    /// The files were to be deleted, and may be deleted now.
    Deleted,
}

impl Store {
    /// Returns the state of the files of these runs. Runs without a record are left out.
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

    /// Returns the documents among these whose bytes are kept.
    pub fn kept_documents(&self, documents: &[String]) -> Result<HashSet<String>> {
        let documents = serde_json::to_string(documents).unwrap_or_default();
        let sql = "SELECT d.id FROM json_each(?1) given JOIN documents d ON d.id = given.value WHERE d.deleted_at IS NULL";
        let kept: Vec<String> = self.rows(sql, [&documents])?;
        Ok(kept.into_iter().collect())
    }

    /// Returns the snapshots of the runs that may still need them: runs that have not ended, and runs that may be repeated
    /// because their files are kept. Examines `limit` runs after the run `after`, by id; the second value is the last examined
    /// run, `None` at the end.
    pub fn snapshots_of_runs(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<(Vec<PathBuf>, Option<String>)> {
        // Only a part of the table at a time: nothing else is read or written meanwhile.
        let sql = "SELECT id, CASE WHEN artifacts_deleted_at IS NULL THEN absolute(snapshot_path) END FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2";
        let looked_at: Vec<(String, Option<String>)> = self.rows(sql, params![after, limit])?;
        let last = looked_at.last().map(|(id, _)| id.clone());
        let snapshots = looked_at.into_iter().filter_map(|(_, snapshot)| snapshot);
        let mut snapshots: Vec<PathBuf> = snapshots.map(PathBuf::from).collect();
        // Runs of the same time mostly use the same snapshot.
        snapshots.dedup();
        Ok((snapshots, last))
    }
}
