//! Documents: inputs that clients stored, which runs are made from.

use std::path::PathBuf;

use super::{Limits, Result};
use crate::base::clock::Timestamp;

/// A stored input. Its bytes never change; they may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRecord {
    /// UUIDv7.
    pub id: String,
    /// The workspace.
    pub workspace_id: String,
    /// The file name that the client gave.
    pub name: String,
    /// Where its bytes are.
    pub path: PathBuf,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// How many bytes they are.
    pub size_bytes: u64,
    /// When it was stored.
    pub created_at: Timestamp,
    /// The key of who stored it; `None`: an older `ade` did not record it.
    pub submitter: Option<String>,
    /// When its bytes were deleted. The record stays for the runs that were made from it.
    pub deleted_at: Option<Timestamp>,
}

/// The documents in the store.
pub trait Documents {
    /// Records a document. Returns what is recorded: where the workspace has one with the same name and the same bytes that is not
    /// deleted, that one, and nothing is added.
    ///
    /// # Errors
    /// Its submitter or its workspace would have more bytes than it may, or the database cannot be used.
    fn add_document(&self, new: &DocumentRecord, limits: &Limits) -> Result<DocumentRecord>;

    /// Returns the document with this whole id, of whatever workspace.
    ///
    /// # Errors
    /// There is none, or the database cannot be used.
    fn document(&self, id: &str) -> Result<DocumentRecord>;

    /// Returns a workspace's documents without those that are deleted, newest first: at most `limit`, of those whose id sorts before
    /// `before`; with a digest those with these bytes.
    fn documents(
        &self,
        workspace: &str,
        sha256: Option<&str>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DocumentRecord>>;

    /// Records that a document's bytes are about to be deleted. False: a run that waits or is being executed reads them from their
    /// place. Of one that is deleted already nothing changes.
    fn delete_document(&self, id: &str, now: Timestamp) -> Result<bool>;
}
