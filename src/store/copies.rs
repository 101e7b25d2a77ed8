//! Copies of normalized workbooks and of what is beside them: where a run put one, so that no later run takes it for an input.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::driver::params;
use super::values::path_text;
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
        self.execute(
            "INSERT INTO output_copies (path, workspace_id, run_id, written_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (path) DO UPDATE SET workspace_id = excluded.workspace_id, run_id = excluded.run_id, written_at = excluded.written_at",
            params![path_text(&copy.path), copy.workspace_id, copy.run_id, now],
        )
    }

    /// Records that a copy was renamed. What was recorded at its new path is forgotten: the file there was replaced.
    pub fn move_copy(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (path_text(from), path_text(to));
        self.write(|transaction| {
            let is_known = "SELECT 1 FROM output_copies WHERE path = ?1";
            if from == to || !transaction.exists(is_known, [&from])? {
                return Ok(());
            }
            transaction.execute("DELETE FROM output_copies WHERE path = ?1", [&to])?;
            let sql = "UPDATE output_copies SET path = ?2 WHERE path = ?1";
            transaction.execute(sql, [&from, &to])
        })
    }

    /// Whether a run of any workspace put a copy at this absolute path.
    pub fn is_copy(&self, path: &Path) -> Result<bool> {
        let sql = "SELECT 1 FROM output_copies WHERE path = ?1";
        self.read(|connection| connection.exists(sql, [path_text(path)]))
    }

    /// Returns where the copies of the workbooks of these runs are, by the runs' ids; a run without one is left out.
    pub fn copies_of(&self, runs: &[&str]) -> Result<HashMap<String, PathBuf>> {
        // A run has one workbook, unless it was asked for once more elsewhere: the last one counts.
        let sql = "SELECT run_id, path FROM output_copies WHERE run_id IN (SELECT value FROM json_each(?1)) ORDER BY written_at";
        let found: Vec<(String, String)> = self.rows(sql, [serde_json::json!(runs).to_string()])?;
        let found = found.into_iter().map(|(run, path)| (run, path.into()));
        Ok(found
            .filter(|(_, path): &(_, PathBuf)| is_workbook(path))
            .collect())
    }
}

/// Whether a copy is of the normalized workbook, which may have been renamed since, and not of what was beside it.
fn is_workbook(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.contains("_normalized.")
}
