//! Documents.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::values::{execute, instant, path_text, signed, unsigned};
use crate::store::sqlite::transaction::Transaction;
use crate::store::{DocumentRecord, Documents, Result, StoreError};

impl Documents for SqliteStore {
    fn add_document(&self, new: &DocumentRecord) -> Result<DocumentRecord> {
        self.write(|transaction| add(transaction, new))
    }

    fn document(&self, id: &str) -> Result<DocumentRecord> {
        self.read(|connection| by_id(connection, id).optional())?
            .ok_or_else(|| StoreError::NotFound {
                what: "document",
                id: id.to_owned(),
            })
    }

    fn documents(
        &self,
        workspace: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DocumentRecord>> {
        self.read(|connection| list(connection, workspace, before, limit))
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<DocumentRecord> {
    Ok(DocumentRecord {
        id: row.get("id")?,
        workspace_id: row.get("workspace_id")?,
        name: row.get("name")?,
        path: row.get::<_, String>("place")?.into(),
        sha256: row.get("sha256")?,
        size_bytes: unsigned(row, "size_bytes")?,
        created_at: instant(row, "created_at")?,
    })
}

fn add(transaction: &Transaction<'_>, new: &DocumentRecord) -> rusqlite::Result<DocumentRecord> {
    // A workspace is recorded with the first thing in it.
    execute(
        transaction,
        "INSERT INTO workspaces (id, created_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
        params![new.workspace_id, new.created_at.0],
    )?;
    execute(
        transaction,
        "INSERT INTO documents (id, workspace_id, name, path, sha256, size_bytes, created_at) VALUES (?1, ?2, ?3, relative(?4), ?5, ?6, ?7)
         ON CONFLICT (workspace_id, sha256, name) DO NOTHING",
        params![
            new.id,
            new.workspace_id,
            new.name,
            path_text(&new.path),
            new.sha256,
            signed(new.size_bytes),
            new.created_at.0,
        ],
    )?;
    transaction
        .prepare_cached(
            "SELECT *, absolute(path) AS place FROM documents WHERE workspace_id = ?1 AND sha256 = ?2 AND name = ?3",
        )?
        .query_row([&new.workspace_id, &new.sha256, &new.name], record)
}

fn by_id(connection: &Connection, id: &str) -> rusqlite::Result<DocumentRecord> {
    connection
        .prepare_cached("SELECT *, absolute(path) AS place FROM documents WHERE id = ?1")?
        .query_row([id], record)
}

/// Ids grow with time, so "newest first" is their reverse order.
fn list(
    connection: &Connection,
    workspace: &str,
    before: Option<&str>,
    limit: u32,
) -> rusqlite::Result<Vec<DocumentRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT *, absolute(path) AS place FROM documents WHERE +workspace_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
    )?;
    statement
        .query_map(params![workspace, before.unwrap_or("~"), limit], record)?
        .collect()
}
