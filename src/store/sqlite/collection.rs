//! What collection asks of the records.

use std::collections::HashMap;
use std::path::PathBuf;

use rusqlite::{Connection, params};

use super::SqliteStore;
use crate::store::{Collection, Result, RunFiles};

impl Collection for SqliteStore {
    fn run_files(&self, runs: &[String]) -> Result<HashMap<String, RunFiles>> {
        self.read(|connection| run_files(connection, runs))
    }

    fn snapshots_of_runs(&self, after: &str, limit: u32) -> Result<(Vec<PathBuf>, Option<String>)> {
        self.read(|connection| snapshots_of_runs(connection, after, limit))
    }
}

fn run_files(
    connection: &Connection,
    runs: &[String],
) -> rusqlite::Result<HashMap<String, RunFiles>> {
    let runs = serde_json::to_string(runs).unwrap_or_default();
    let mut statement = connection.prepare_cached(
        "SELECT r.id, r.artifacts_deleted_at IS NOT NULL FROM json_each(?1) given JOIN runs r ON r.id = given.value",
    )?;
    statement
        .query_map([runs], |row| {
            let files = match row.get(1)? {
                true => RunFiles::Deleted,
                false => RunFiles::Kept,
            };
            Ok((row.get(0)?, files))
        })?
        .collect()
}

/// A part of the table at a time: nothing else is read or written meanwhile.
fn snapshots_of_runs(
    connection: &Connection,
    after: &str,
    limit: u32,
) -> rusqlite::Result<(Vec<PathBuf>, Option<String>)> {
    let mut statement = connection.prepare_cached(
        "SELECT id, CASE WHEN artifacts_deleted_at IS NULL THEN absolute(snapshot_path) END FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, limit])?;
    let (mut snapshots, mut last) = (Vec::<PathBuf>::new(), None);
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        if let Some(snapshot) = row.get::<_, Option<String>>(1)? {
            let snapshot = PathBuf::from(snapshot);
            // Runs of one time are mostly of one snapshot.
            if snapshots.last() != Some(&snapshot) {
                snapshots.push(snapshot);
            }
        }
    }
    Ok((snapshots, last))
}
