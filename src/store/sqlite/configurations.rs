//! Workspaces and the configurations that they know.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{execute, path_text};
use crate::clock::Timestamp;
use crate::store::ConfigurationRecord;

const COLUMNS: &str = "id, workspace_id, name, path";

fn record(row: &Row<'_>) -> rusqlite::Result<ConfigurationRecord> {
    Ok(ConfigurationRecord {
        id: row.get("id")?,
        workspace_id: row.get("workspace_id")?,
        name: row.get("name")?,
        path: row.get::<_, String>("path")?.into(),
    })
}

pub(super) fn at(
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

pub(super) fn ensure(
    transaction: &Transaction<'_>,
    workspace: &str,
    name: &str,
    path: &Path,
    now: Timestamp,
) -> rusqlite::Result<ConfigurationRecord> {
    execute(
        transaction,
        "INSERT INTO workspaces (id, created_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
        params![workspace, now.0],
    )?;
    let sql = format!(
        "INSERT INTO configurations (id, workspace_id, name, path, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
         ON CONFLICT (workspace_id, path) DO UPDATE SET name = excluded.name, updated_at = excluded.updated_at RETURNING {COLUMNS}"
    );
    let id = uuid::Uuid::now_v7().to_string();
    transaction.query_row(
        &sql,
        params![id, workspace, name, path_text(path), now.0],
        record,
    )
}
