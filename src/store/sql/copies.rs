//! Copies of normalized workbooks, and of what is beside them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::SqlStore;
use super::values::{execute, exists, path_text, rows};
use crate::base::clock::Timestamp;
use crate::store::driver::{Row, params};
use crate::store::{Copies, OutputCopy, Result};

impl Copies for SqlStore {
    fn record_copy(&self, copy: &OutputCopy, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            execute(
                transaction,
                "INSERT INTO output_copies (path, workspace_id, run_id, written_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (path) DO UPDATE SET workspace_id = excluded.workspace_id, run_id = excluded.run_id, written_at = excluded.written_at",
                params![path_text(&copy.path), copy.workspace_id, copy.run_id, now.0],
            )
            .map(drop)
        })
    }

    fn move_copy(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (path_text(from), path_text(to));
        self.write(|transaction| {
            let is_known = "SELECT 1 FROM output_copies WHERE path = ?1";
            if from == to || !exists(transaction, is_known, [&from])? {
                return Ok(());
            }
            execute(
                transaction,
                "DELETE FROM output_copies WHERE path = ?1",
                [&to],
            )?;
            let sql = "UPDATE output_copies SET path = ?2 WHERE path = ?1";
            execute(transaction, sql, [&from, &to]).map(drop)
        })
    }

    fn is_copy(&self, path: &Path) -> Result<bool> {
        let sql = "SELECT 1 FROM output_copies WHERE path = ?1";
        self.read(|connection| exists(connection, sql, [path_text(path)]))
    }

    fn copies_of(&self, runs: &[&str]) -> Result<HashMap<String, PathBuf>> {
        self.read(|connection| {
            // A run has one workbook, unless it was asked for once more elsewhere: the last one counts.
            let sql = "SELECT run_id, path FROM output_copies WHERE run_id IN (SELECT value FROM json_each(?1)) ORDER BY written_at";
            let these = serde_json::json!(runs).to_string();
            let copy = |row: &Row<'_>| Ok((row.get(0)?, PathBuf::from(row.get::<_, String>(1)?)));
            let mut found = rows(connection, sql, [these], copy)?;
            found.retain(|(_, path)| is_workbook(path));
            Ok(found.into_iter().collect())
        })
    }
}

/// Whether a copy is of the normalized workbook, which may have been renamed since, and not of what was beside it.
fn is_workbook(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.contains("_normalized.")
}
