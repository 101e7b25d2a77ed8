//! What collection asks of the records before it deletes files that lie around.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::driver::{self, Connection, Row, params};
use super::values::rows;
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
        let record = |row: &Row<'_>| {
            let files = match row.get(1)? {
                true => RunFiles::Deleted,
                false => RunFiles::Kept(row.get(2)?),
            };
            Ok((row.get(0)?, files))
        };
        let files = self.read(|connection| rows(connection, sql, [runs], record))?;
        Ok(files.into_iter().collect())
    }

    /// Returns those of these documents whose bytes are kept.
    pub fn kept_documents(&self, documents: &[String]) -> Result<HashSet<String>> {
        let documents = serde_json::to_string(documents).unwrap_or_default();
        let sql = "SELECT d.id FROM json_each(?1) given JOIN documents d ON d.id = given.value WHERE d.deleted_at IS NULL";
        let kept: Vec<String> =
            self.read(|connection| rows(connection, sql, [documents], |row| row.get(0)))?;
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
        self.read(|connection| snapshots_of_runs(connection, after, limit))
    }
}

/// A part of the table at a time: nothing else is read or written meanwhile.
fn snapshots_of_runs(
    connection: &Connection,
    after: &str,
    limit: u32,
) -> driver::Result<(Vec<PathBuf>, Option<String>)> {
    let mut statement = connection.prepare_cached(
        "SELECT id, CASE WHEN artifacts_deleted_at IS NULL THEN absolute(snapshot_path) END FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let (mut snapshots, mut last) = (Vec::<PathBuf>::new(), None);
    statement.each(params![after, limit], |row| {
        last = Some(row.get(0)?);
        if let Some(snapshot) = row.get::<_, Option<String>>(1)? {
            let snapshot = PathBuf::from(snapshot);
            // Runs of one time are mostly of one snapshot.
            if snapshots.last() != Some(&snapshot) {
                snapshots.push(snapshot);
            }
        }
        Ok(true)
    })?;
    Ok((snapshots, last))
}
