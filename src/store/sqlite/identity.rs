//! Which data directory the database belongs to.

use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteStore;
use super::values::{execute, path_text};
use crate::clock::Timestamp;
use crate::store::sqlite::transaction::Transaction;
use crate::store::{Identities, Identity, Result};

impl Identities for SqliteStore {
    fn identity(&self) -> Result<Option<Identity>> {
        self.read(read)
    }

    fn bind(&self, new: &Identity, now: Timestamp) -> Result<Identity> {
        self.write_at(now, |transaction| {
            execute(
                transaction,
                "INSERT INTO identity (one, database_id, data_id, data_path, bound_at) VALUES (1, ?1, ?2, ?3, ?4) ON CONFLICT (one) DO NOTHING",
                params![new.database_id, new.data_id, path_text(&new.data_path), now.0],
            )?;
            Ok(read(transaction)?.unwrap_or_else(|| new.clone()))
        })
    }

    fn rebind(&self, new: &Identity, now: Timestamp) -> Result<usize> {
        self.write(|transaction| {
            let former = read(transaction)?;
            execute(
                transaction,
                "INSERT INTO identity (one, database_id, data_id, data_path, bound_at) VALUES (1, ?1, ?2, ?3, ?4)
                 ON CONFLICT (one) DO UPDATE SET database_id = excluded.database_id, data_id = excluded.data_id, data_path = excluded.data_path, bound_at = excluded.bound_at",
                params![new.database_id, new.data_id, path_text(&new.data_path), now.0],
            )?;
            match former {
                Some(former) if former.data_path != new.data_path => {
                    let (from, to) = (path_text(&former.data_path), path_text(&new.data_path));
                    move_paths(transaction, &from, &to)
                }
                _ => Ok(0),
            }
        })
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Option<Identity>> {
    connection
        .prepare_cached("SELECT database_id, data_id, data_path FROM identity")?
        .query_row([], |row| {
            Ok(Identity {
                database_id: row.get("database_id")?,
                data_id: row.get("data_id")?,
                data_path: row.get::<_, String>("data_path")?.into(),
            })
        })
        .optional()
}

/// Every column that holds the path of something in the data directory, by table.
const PATHS: &[(&str, &[&str])] = &[
    ("environments", &["folder", "snapshot_path"]),
    (
        "runs",
        &["run_dir", "snapshot_path", "input_path", "output_path"],
    ),
    ("documents", &["path"]),
    ("configurations", &["path"]),
    ("configuration_versions", &["snapshot_path"]),
    ("workers", &["lock_path"]),
];

/// Lets every path below `from` begin with `to`. Returns how many rows were changed.
fn move_paths(transaction: &Transaction<'_>, from: &str, to: &str) -> rusqlite::Result<usize> {
    let mut changed = 0;
    for (table, columns) in PATHS {
        // `substr` counts characters as `length` does; a name that merely begins alike has another character than '/'.
        let is_below = |column: &&str| format!("substr({column}, 1, length(?1) + 1) = ?1 || '/'");
        let moved = |column: &&str| {
            format!(
                "{column} = CASE WHEN {} THEN ?2 || substr({column}, length(?1) + 1) ELSE {column} END",
                is_below(column)
            )
        };
        let join = |parts: Vec<String>, with: &str| parts.join(with);
        let sql = format!(
            "UPDATE {table} SET {} WHERE {}",
            join(columns.iter().map(moved).collect(), ", "),
            join(columns.iter().map(is_below).collect(), " OR ")
        );
        changed += execute(transaction, &sql, [from, to])?;
    }
    Ok(changed)
}
