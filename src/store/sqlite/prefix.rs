//! Finds a record by the beginning of its id.

use super::SqliteStore;
use crate::store::{Result, StoreError};

/// A table whose records users name by id.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Runs,
    Environments,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Environments => "environments",
        }
    }
}

/// A range of the primary key, which LIKE would not use; '~' sorts behind every letter of an id. The `+` keeps the planner
/// from an index that begins with the workspace: it would have to scan and sort all of its entries. No more than a hundred
/// matches are counted.
pub(super) fn sql(table: Table) -> String {
    let name = table.name();
    format!(
        "SELECT id FROM {name} WHERE id >= ?1 AND id < ?1 || '~' AND +workspace_id = ?2 ORDER BY id LIMIT 101"
    )
}

impl SqliteStore {
    /// Returns the whole id of an unambiguous prefix.
    pub(super) fn resolve(&self, table: Table, workspace: &str, prefix: &str) -> Result<String> {
        let what = match table {
            Table::Runs => "run",
            Table::Environments => "environment",
        };
        let wanted = prefix.to_lowercase();
        let not_found = || StoreError::NotFound {
            what,
            id: prefix.to_owned(),
        };
        let like_an_id = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
        if wanted.is_empty() || !wanted.chars().all(like_an_id) {
            return Err(not_found());
        }
        let sql = sql(table);
        let mut found = self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement
                .query_map([&wanted, workspace], |row| row.get::<_, String>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        match found.len() {
            0 => Err(not_found()),
            1 => Ok(found.remove(0)),
            count => Err(StoreError::Ambiguous {
                what,
                id: prefix.to_owned(),
                count,
                examples: found.into_iter().take(3).collect(),
            }),
        }
    }
}
