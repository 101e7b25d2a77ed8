//! Documents: inputs that clients stored, which runs are made from.

use std::path::{Path, PathBuf};

use serde::Serialize;
use utoipa::ToSchema;

use super::configurations::ensure_workspace;
use super::driver::{self, Connection, Transaction, params, record};
use super::values::path_text;
use super::{Limits, Over, Owner, Result, Store, StoreError};
use crate::base::clock::Timestamp;

// Its bytes never change; they may be deleted.
/// A stored input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Document)]
#[serde(deny_unknown_fields)]
pub struct DocumentRecord {
    /// UUIDv7.
    pub id: String,
    pub workspace_id: String,
    /// Its file name.
    pub name: String,
    /// Where its bytes are.
    #[serde(skip)]
    pub path: PathBuf,
    pub sha256: String,
    pub size_bytes: u64,
    pub created_at: Timestamp,
    /// The key of who stored it; `None`: an older `ade` did not record it.
    #[serde(skip)]
    pub submitter: Option<String>,
    // The record stays for the runs that were made from it.
    /// When its bytes were deleted; null: they are there.
    pub deleted_at: Option<Timestamp>,
}

impl Store {
    /// Records a document. Returns what is recorded: where the workspace has one with the same name and the same bytes that is not
    /// deleted, that one, and nothing is added.
    ///
    /// # Errors
    /// Its submitter or its workspace would have more bytes than it may, or the database cannot be used.
    pub fn add_document(&self, new: &DocumentRecord, limits: &Limits) -> Result<DocumentRecord> {
        Ok(self.write_new(|transaction| {
            // What is stored already needs no more room.
            if let Some(known) = transaction.row(SAME, same(new))? {
                return Ok(Ok(known));
            }
            if let Some(over) = over_stored(transaction, new, limits)? {
                return Ok(Err(over));
            }
            // A workspace is recorded with the first thing in it.
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

    /// Returns the document with this whole id, of whatever workspace.
    ///
    /// # Errors
    /// There is none, or the database cannot be used.
    pub fn document(&self, id: &str) -> Result<DocumentRecord> {
        let sql = "SELECT *, absolute(path) AS place FROM documents WHERE id = ?1";
        self.row(sql, [id])?
            .ok_or_else(|| StoreError::not_found("document", id))
    }

    /// Returns a workspace's documents without those that are deleted, newest first: at most `limit`, of those whose id sorts before
    /// `before`; with a digest those with these bytes.
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

    /// Records that a document's bytes are about to be deleted. False: a run that waits or is being executed reads them from their
    /// place. Of one that is deleted already nothing changes.
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

/// The same of those with these bytes, of which there are few.
pub(super) const WITH_CONTENT: &str = "SELECT *, absolute(path) AS place FROM documents
    WHERE workspace_id = ?1 AND sha256 = ?4 AND deleted_at IS NULL AND +id < ?2 ORDER BY +id DESC LIMIT ?3";

/// A retried run has staged its input already, and needs the document no more.
const DELETE: &str = "UPDATE documents SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL AND NOT EXISTS
    (SELECT 1 FROM queue CROSS JOIN runs ON runs.id = run_id WHERE document_id = documents.id AND input_path = documents.path)";

const IS_DELETED: &str = "SELECT 1 FROM documents WHERE id = ?1 AND deleted_at IS NOT NULL";

/// Whether a document is deleted whose bytes a run would read from this place.
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

/// The document of a workspace with these bytes under this name.
const SAME: &str = "SELECT *, absolute(path) AS place FROM documents
    WHERE workspace_id = ?1 AND sha256 = ?2 AND name = ?3 AND deleted_at IS NULL";

fn same(new: &DocumentRecord) -> [&String; 3] {
    [&new.workspace_id, &new.sha256, &new.name]
}

const STORED_OF_SUBMITTER: &str = "SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) AS found FROM documents WHERE submitter = ?1 AND deleted_at IS NULL";
const STORED_OF_WORKSPACE: &str = "SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) AS found FROM documents WHERE workspace_id = ?1 AND deleted_at IS NULL";

/// Whether a document would be more than may be stored.
fn over_stored(
    transaction: &Transaction<'_>,
    new: &DocumentRecord,
    limits: &Limits,
) -> driver::Result<Option<Over>> {
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
            return Ok(Some(Over::Stored {
                owner,
                bytes,
                limit,
            }));
        }
    }
    Ok(None)
}
