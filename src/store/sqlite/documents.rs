//! Documents.

use rusqlite::{Row, params};

use super::SqliteStore;
use super::configurations::ensure_workspace;
use super::values::{execute, instant, path_text, row, rows, signed, unsigned};
use crate::store::sqlite::transaction::Transaction;
use crate::store::{DocumentRecord, Documents, Result, StoreError};

impl Documents for SqliteStore {
    fn add_document(&self, new: &DocumentRecord) -> Result<DocumentRecord> {
        self.write(|transaction| add(transaction, new))
    }

    fn document(&self, id: &str) -> Result<DocumentRecord> {
        let sql = "SELECT *, absolute(path) AS place FROM documents WHERE id = ?1";
        self.read(|connection| row(connection, sql, [id], record))?
            .ok_or_else(|| StoreError::not_found("document", id))
    }

    fn documents(
        &self,
        workspace: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DocumentRecord>> {
        // Ids grow with time, so "newest first" is their reverse order.
        let sql = "SELECT *, absolute(path) AS place FROM documents WHERE +workspace_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
        let values = params![workspace, before.unwrap_or("~"), limit];
        self.read(|connection| rows(connection, sql, values, record))
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
    ensure_workspace(transaction, &new.workspace_id, new.created_at)?;
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
