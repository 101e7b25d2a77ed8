//! Copies of normalized workbooks and of what is beside them: where a run put one, so that no later run takes it for an input.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::driver::{Row, params};
use super::values::{execute, exists, path_text, rows};
use super::{Result, Store};
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

impl Store {
    /// Records a copy. A path is that of one run, the last one that wrote there.
    pub fn record_copy(&self, copy: &OutputCopy, now: Timestamp) -> Result<()> {
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

    /// Records that a copy was renamed. What was recorded at its new path is forgotten: the file there was replaced.
    pub fn move_copy(&self, from: &Path, to: &Path) -> Result<()> {
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

    /// Whether a run of any workspace put a copy at this absolute path.
    pub fn is_copy(&self, path: &Path) -> Result<bool> {
        let sql = "SELECT 1 FROM output_copies WHERE path = ?1";
        self.read(|connection| exists(connection, sql, [path_text(path)]))
    }

    /// Returns where the copies of the workbooks of these runs are, by the runs' ids; a run without one is left out.
    pub fn copies_of(&self, runs: &[&str]) -> Result<HashMap<String, PathBuf>> {
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
