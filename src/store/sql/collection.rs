//! What collection asks of the records.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::SqlStore;
use super::values::rows;
use crate::store::driver::{self, Connection, Row, params};
use crate::store::{Collection, Result, RunFiles};

impl Collection for SqlStore {
    fn run_files(&self, runs: &[String]) -> Result<HashMap<String, RunFiles>> {
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

    fn kept_documents(&self, documents: &[String]) -> Result<HashSet<String>> {
        let documents = serde_json::to_string(documents).unwrap_or_default();
        let sql = "SELECT d.id FROM json_each(?1) given JOIN documents d ON d.id = given.value WHERE d.deleted_at IS NULL";
        let kept: Vec<String> =
            self.read(|connection| rows(connection, sql, [documents], |row| row.get(0)))?;
        Ok(kept.into_iter().collect())
    }

    fn snapshots_of_runs(&self, after: &str, limit: u32) -> Result<(Vec<PathBuf>, Option<String>)> {
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
