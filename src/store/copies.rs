//! Records the copies of normalized workbooks and of other outputs, so that no later run takes a copy as its input.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::driver::params;
use super::values::path_text;
use super::{Result, Store};
use crate::base::clock::Timestamp;

/// A copy of a run's workbook, or of another output of the run, outside the data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputCopy {
    /// The absolute path of the copy.
    pub path: PathBuf,
    /// The workspace of the run.
    pub workspace_id: String,
    /// The id of the run.
    pub run_id: String,
}

impl Store {
    /// Records a copy. A path belongs to the last run that wrote there.
    pub fn record_copy(&self, copy: &OutputCopy, now: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO output_copies (path, workspace_id, run_id, written_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (path) DO UPDATE SET workspace_id = excluded.workspace_id, run_id = excluded.run_id, written_at = excluded.written_at",
            params![path_text(&copy.path), copy.workspace_id, copy.run_id, now],
        )
    }

    /// Records that a copy was renamed. A record for its new path is deleted: the file there was replaced.
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

    /// Returns whether a run of any workspace put a copy at this absolute path.
    pub fn is_copy(&self, path: &Path) -> Result<bool> {
        let sql = "SELECT 1 FROM output_copies WHERE path = ?1";
        self.read(|connection| connection.exists(sql, [path_text(path)]))
    }

    /// Returns the paths of the workbook copies of these runs, by run id; runs without a copy are left out.
    pub fn copies_of(&self, runs: &[&str]) -> Result<HashMap<String, PathBuf>> {
        // A run has one workbook, unless a copy was requested again elsewhere: the last copy counts.
        let sql = "SELECT run_id, path FROM output_copies WHERE run_id IN (SELECT value FROM json_each(?1)) ORDER BY written_at";
        let found: Vec<(String, String)> = self.rows(sql, [serde_json::json!(runs).to_string()])?;
        let found = found.into_iter().map(|(run, path)| (run, path.into()));
        Ok(found
            .filter(|(_, path): &(_, PathBuf)| is_workbook(path))
            .collect())
    }
}

/// Returns whether a copy is the normalized workbook, which may have been renamed since, and not another output beside it.
fn is_workbook(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.contains("_normalized.")
}
