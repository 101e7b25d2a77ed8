//! Files that were sent with a batch and became no run, such as unreadable files: a batch lists them beside its runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::configurations::ensure_workspace;
use super::driver::{params, record};
use super::{Result, Store};
use crate::base::clock::Timestamp;

/// A file of a batch that became no run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOutFile {
    /// The name of the file.
    #[schema(min_length = 1, max_length = 1000)]
    pub name: String,
    /// The reason why the file became no run.
    #[schema(min_length = 1, max_length = 1000)]
    pub why: String,
}

impl Store {
    /// Records files of the batch with this label; for a file that is already recorded, updates the reason.
    pub fn leave_out(
        &self,
        workspace: &str,
        label: &str,
        files: &[LeftOutFile],
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO left_out (workspace_id, label, name, why, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (workspace_id, label, name) DO UPDATE SET why = excluded.why, created_at = excluded.created_at";
        self.write_new(|transaction| {
            ensure_workspace(transaction, workspace, now)?;
            files.iter().try_for_each(|LeftOutFile { name, why }| {
                let values = params![workspace, label, name, why, now];
                transaction.execute(sql, values)
            })
        })
    }

    /// Returns the files of the batch with this label, by name.
    pub fn left_out(&self, workspace: &str, label: &str) -> Result<Vec<LeftOutFile>> {
        let sql =
            "SELECT name, why FROM left_out WHERE workspace_id = ?1 AND label = ?2 ORDER BY name";
        self.rows(sql, [workspace, label])
    }

    /// Deletes the entries that were recorded before `cutoff`.
    pub fn forget_left_out(&self, cutoff: Timestamp) -> Result<()> {
        let sql = "DELETE FROM left_out WHERE created_at < ?1";
        self.execute(sql, [cutoff])
    }
}

record!(LeftOutFile(row) { name, why });
