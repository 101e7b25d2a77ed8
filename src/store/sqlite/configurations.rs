//! Workspaces and their configurations.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::values::{execute, instant_or_none, path_text};
use crate::clock::Timestamp;
use crate::store::sqlite::transaction::Transaction;
use crate::store::{ConfigurationActivity, ConfigurationRecord, Configurations, Result};

impl Configurations for SqliteStore {
    fn ensure_configuration(
        &self,
        new: &ConfigurationRecord,
        now: Timestamp,
    ) -> Result<ConfigurationRecord> {
        // Nearly always it is recorded already, and reading needs no write lock.
        if let Some(known) = self.configuration_at(&new.workspace_id, &new.path)?
            && known.name == new.name
        {
            return Ok(known);
        }
        self.write(|transaction| ensure(transaction, new, now))
    }

    fn configuration_at(
        &self,
        workspace: &str,
        path: &Path,
    ) -> Result<Option<ConfigurationRecord>> {
        self.read(|connection| at(connection, workspace, path))
    }

    fn configuration_activity(&self) -> Result<Vec<ConfigurationActivity>> {
        self.read(activity)
    }
}

const COLUMNS: &str = "id, workspace_id, name, path";

fn record(row: &Row<'_>) -> rusqlite::Result<ConfigurationRecord> {
    Ok(ConfigurationRecord {
        id: row.get("id")?,
        workspace_id: row.get("workspace_id")?,
        name: row.get("name")?,
        path: row.get::<_, String>("path")?.into(),
    })
}

fn at(
    connection: &Connection,
    workspace: &str,
    path: &Path,
) -> rusqlite::Result<Option<ConfigurationRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM configurations WHERE workspace_id = ?1 AND path = ?2");
    connection
        .prepare_cached(&sql)?
        .query_row([workspace, &path_text(path)], record)
        .optional()
}

fn ensure(
    transaction: &Transaction<'_>,
    new: &ConfigurationRecord,
    now: Timestamp,
) -> rusqlite::Result<ConfigurationRecord> {
    // A workspace is recorded with its first configuration.
    execute(
        transaction,
        "INSERT INTO workspaces (id, created_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
        params![new.workspace_id, now.0],
    )?;
    // Another process may have recorded the folder since this one read it: then that record stays and gets the name, and
    // RETURNING gives its id, not the new one.
    let sql = format!(
        "INSERT INTO configurations (id, workspace_id, name, path, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
         ON CONFLICT (workspace_id, path) DO UPDATE SET name = excluded.name, updated_at = excluded.updated_at RETURNING {COLUMNS}"
    );
    transaction.query_row(
        &sql,
        params![
            new.id,
            new.workspace_id,
            new.name,
            path_text(&new.path),
            now.0
        ],
        record,
    )
}

fn activity(connection: &Connection) -> rusqlite::Result<Vec<ConfigurationActivity>> {
    let mut statement = connection
        .prepare_cached("SELECT id, workspace_id, path, active, last_run_at FROM configurations")?;
    statement
        .query_map([], |row| {
            Ok(ConfigurationActivity {
                id: row.get("id")?,
                workspace_id: row.get("workspace_id")?,
                path: row.get::<_, String>("path")?.into(),
                active: row.get("active")?,
                last_run_at: instant_or_none(row, "last_run_at")?,
            })
        })?
        .collect()
}
