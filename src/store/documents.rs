//! Documents: stored inputs of clients, from which runs are made.

use std::path::{Path, PathBuf};

use serde::Serialize;
use utoipa::ToSchema;

use super::configurations::ensure_workspace;
use super::driver::{self, Connection, Transaction, params, record};
use super::values::path_text;
use super::{LimitExceeded, Limits, Owner, Result, Store, StoreError};
use crate::base::clock::Timestamp;

// The bytes never change; they may be deleted.
/// A stored input of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Document)]
#[serde(deny_unknown_fields)]
pub struct DocumentRecord {
    /// The document's id, a UUIDv7.
    pub id: String,
    pub workspace_id: String,
    /// The file name of the document.
    pub name: String,
    /// The path of the stored bytes.
    #[serde(skip)]
    pub path: PathBuf,
    pub sha256: String,
    pub size_bytes: u64,
    pub created_at: Timestamp,
    /// The key of the submitter that stored it; `None`: an older `ade` did not record it.
    #[serde(skip)]
    pub submitter: Option<String>,
    // The record stays for the runs that were made from the document.
    /// When the bytes were deleted; null: they are stored.
    pub deleted_at: Option<Timestamp>,
}

impl Store {
    /// Records a document. Returns the recorded document: if the workspace has an undeleted document with the same name and
    /// bytes, that document, and nothing is added.
    ///
    /// # Errors
    /// Its submitter or its workspace would exceed its limit of bytes, or the database cannot be used.
    pub fn add_document(&self, new: &DocumentRecord, limits: &Limits) -> Result<DocumentRecord> {
        Ok(self.write_new(|transaction| {
            // Stored bytes need no more room.
            if let Some(known) = transaction.row(SAME, same(new))? {
                return Ok(Ok(known));
            }
            if let Some(over) = over_stored(transaction, new, limits)? {
                return Ok(Err(over));
            }
            // A workspace is recorded with its first record.
            ensure_workspace(transaction, &new.workspace_id, new.created_at)?;
            transaction.execute(
                "INSERT INTO documents (id, workspace_id, name, path, sha256, size_bytes, created_at, submitter) VALUES (?1, ?2, ?3, relative(?4), ?5, ?6, ?7, ?8)
                 ON CONFLICT (workspace_id, sha256, name) WHERE deleted_at IS NULL DO NOTHING",
                params![
                    new.id,
                    new.workspace_id,
                    new.name,
                    path_text(&new.path),
                    new.sha256,
                    new.size_bytes,
                    new.created_at,
                    new.submitter,
                ],
            )?;
            transaction.one(SAME, same(new)).map(Ok)
        })??)
    }

    /// Returns the document with this full id, in any workspace.
    ///
    /// # Errors
    /// There is no such document, or the database cannot be used.
    pub fn document(&self, id: &str) -> Result<DocumentRecord> {
        let sql = "SELECT *, absolute(path) AS place FROM documents WHERE id = ?1";
        self.row(sql, [id])?
            .ok_or_else(|| StoreError::not_found("document", id))
    }

    /// Returns at most `limit` undeleted documents of a workspace, newest first, whose ids sort before `before`; with a
    /// digest, only documents with these bytes.
    pub fn documents(
        &self,
        workspace: &str,
        sha256: Option<&str>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DocumentRecord>> {
        let before = before.unwrap_or("~");
        match sha256 {
            Some(sha256) => self.rows(WITH_CONTENT, params![workspace, before, limit, sha256]),
            None => self.rows(NEWEST, params![workspace, before, limit]),
        }
    }

    /// Records that a document's bytes are about to be deleted. False: a queued or running run reads them from their path.
    /// Nothing changes if they are already deleted.
    pub fn delete_document(&self, id: &str, now: Timestamp) -> Result<bool> {
        self.write(|transaction| {
            transaction.lock("SELECT 1 FROM documents WHERE id = ?1 FOR UPDATE", [id])?;
            Ok(transaction.changes(DELETE, params![id, now])?
                || transaction.exists(IS_DELETED, [id])?)
        })
    }
}

// Ids grow with time, so "newest first" is their reverse order.
const NEWEST: &str = "SELECT *, absolute(path) AS place FROM documents
    WHERE +workspace_id = ?1 AND deleted_at IS NULL AND id < ?2 ORDER BY id DESC LIMIT ?3";

/// The same, limited to documents with these bytes, which are few.
pub(super) const WITH_CONTENT: &str = "SELECT *, absolute(path) AS place FROM documents
    WHERE workspace_id = ?1 AND sha256 = ?4 AND deleted_at IS NULL AND +id < ?2 ORDER BY +id DESC LIMIT ?3";

/// Marks a document as deleted unless a live run reads it. A retried run has already staged its input, and no longer needs the
/// document.
const DELETE: &str = "UPDATE documents SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL AND NOT EXISTS
    (SELECT 1 FROM queue CROSS JOIN runs ON runs.id = run_id WHERE document_id = documents.id AND input_path = documents.path)";

const IS_DELETED: &str = "SELECT 1 FROM documents WHERE id = ?1 AND deleted_at IS NOT NULL";

/// Returns whether a document was deleted whose bytes a run would read from this path.
pub(super) fn is_deleted(
    connection: &Connection,
    document: &str,
    place: &Path,
) -> driver::Result<bool> {
    let sql = format!("{IS_DELETED} AND path = relative(?2)");
    connection.exists(&sql, [document, &path_text(place)])
}

record!(DocumentRecord(row) {
    id, workspace_id, name, sha256, size_bytes, created_at, submitter, deleted_at;
    path: row.path("place")?,
});

/// Selects the document of a workspace with these bytes and this name.
const SAME: &str = "SELECT *, absolute(path) AS place FROM documents
    WHERE workspace_id = ?1 AND sha256 = ?2 AND name = ?3 AND deleted_at IS NULL";

fn same(new: &DocumentRecord) -> [&String; 3] {
    [&new.workspace_id, &new.sha256, &new.name]
}

const STORED_OF_SUBMITTER: &str = "SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) AS found FROM documents WHERE submitter = ?1 AND deleted_at IS NULL";
const STORED_OF_WORKSPACE: &str = "SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) AS found FROM documents WHERE workspace_id = ?1 AND deleted_at IS NULL";

/// Returns the limit that a new document would exceed, if any.
fn over_stored(
    transaction: &Transaction<'_>,
    new: &DocumentRecord,
    limits: &Limits,
) -> driver::Result<Option<LimitExceeded>> {
    let by = new.submitter.clone().map(Owner::Submitter);
    let of = Some(Owner::Workspace(new.workspace_id.clone()));
    let both = [
        (by, limits.of_submitter.stored_bytes),
        (of, limits.of_workspace.stored_bytes),
    ];
    for (owner, limit) in both {
        let (Some(owner), Some(limit)) = (owner, limit) else {
            continue;
        };
        transaction.gate(&format!("stored of {owner}"))?;
        let (sql, key) = match &owner {
            Owner::Submitter(key) => (STORED_OF_SUBMITTER, key),
            Owner::Workspace(id) => (STORED_OF_WORKSPACE, id),
        };
        let bytes = transaction.one::<u64>(sql, [key])? + new.size_bytes;
        if bytes > limit {
            return Ok(Some(LimitExceeded::Stored {
                owner,
                bytes,
                limit,
            }));
        }
    }
    Ok(None)
}
