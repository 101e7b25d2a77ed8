//! Documents: the inputs that clients store once, so that runs can be made from them at any time.
//!
//! While a document arrives, its bytes are written next to their place; then they are synced and renamed, and the record
//! follows. So an acknowledged document survives a crash, and an earlier crash only leaves an unfinished file that no record
//! names. The same bytes under the same name are one document of a workspace, however often they are uploaded.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

use super::input::{SAVE_AS_SUPPORTED, is_supported};
use crate::base::digest::Hasher;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, code};
use crate::store::{DocumentRecord, Limits, Submitter};
use crate::workspace::Workspace;

/// The maximum length of a file name in bytes: the limit of file systems, less the room for names that are derived from it.
const MAX_NAME_BYTES: usize = 200;

/// Returns the error for a document whose bytes were deleted.
pub(crate) fn document_deleted(id: &str) -> Error {
    let message = format!("document {id} was deleted");
    Error::usage(code::DOCUMENT_DELETED, message).hint("upload the file again")
}

/// Returns the path of a document's bytes. Fetches them if another host stored them.
///
/// # Errors
/// The document is deleted, or its bytes are unreachable.
pub fn bytes_of<'a>(
    workspace: &Workspace,
    document: &'a DocumentRecord,
) -> Result<&'a Path, Error> {
    if document.deleted_at.is_some() {
        return Err(document_deleted(&document.id));
    }
    workspace.fetch_file(&document.path)?;
    Ok(&document.path)
}

/// Deletes a document: marks it as deleted in its record, then deletes its bytes. If that was interrupted, the next request
/// completes it. The copies that runs have staged stay.
///
/// # Errors
/// A run that waits or is being executed needs the document, or its bytes cannot be deleted.
pub fn delete(workspace: &Workspace, document: &DocumentRecord) -> Result<(), Error> {
    let id = &document.id;
    if !(workspace.store).delete_document(id, workspace.machine.now())? {
        let message =
            format!("document {id} is the input of a run that waits or is being executed");
        return Err(Error::usage(code::IN_USE, message)
            .hint("wait until the runs of this document have ended, or cancel them"));
    }
    Ok(delete_bytes(&document.path)?)
}

fn delete_bytes(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(FileError::on("delete", path)(error));
        }
        _ => {}
    }
    if let Some(folder) = path.parent() {
        let _ = std::fs::remove_dir(folder);
    }
    Ok(())
}

/// A document that is being uploaded. If it is dropped before it is kept, its bytes are deleted.
pub struct IncomingDocument {
    file: NamedTempFile,
    hasher: Hasher,
    name: String,
    size_bytes: u64,
    limit: u64,
}

impl IncomingDocument {
    /// Begins a document with this name, of at most `limit` bytes.
    ///
    /// # Errors
    /// The name cannot be used, its format is not supported, or the file cannot be created.
    pub fn begin(workspace: &Workspace, name: &str, limit: u64) -> Result<Self, Error> {
        checked_name(name)?;
        let folder = workspace.paths.documents(workspace.id());
        files::create_folder(&folder)?;
        let file = files::unfinished(&folder).map_err(FileError::on("write to", &folder))?;
        Ok(Self {
            file,
            hasher: Hasher::new(),
            name: name.to_owned(),
            size_bytes: 0,
            limit,
        })
    }

    /// Writes the next bytes of the document.
    ///
    /// # Errors
    /// The document has too many bytes, or they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size_bytes += bytes.len() as u64;
        if self.size_bytes > self.limit {
            let message = format!("the document has more than {} bytes", self.limit);
            return Err(Error::usage(code::TOO_LARGE, message)
                .hint("ADE_API_UPLOAD_LIMIT_MB sets the limit"));
        }
        self.hasher.update(bytes);
        let written = self.file.write_all(bytes);
        Ok(written.map_err(FileError::on("write", self.file.path()))?)
    }

    /// Keeps the document, durably. Returns its record, and whether it is new.
    ///
    /// # Errors
    /// The document is empty, it would exceed the limit on stored bytes, or it cannot be moved to its place or recorded.
    pub fn keep(
        self,
        workspace: &Workspace,
        by: &Submitter,
    ) -> Result<(DocumentRecord, bool), Error> {
        if self.size_bytes == 0 {
            return Err(Error::usage(code::BAD_REQUEST, "the document is empty"));
        }
        let id = workspace.machine.new_id();
        let path = workspace.paths.document(workspace.id(), &id, &self.name);
        let folder = path.parent().unwrap_or(&path);
        files::create_folder(folder)?;
        place(self.file, &path).map_err(FileError::on("write", &path))?;
        if let Err(error) = workspace.put_file(&path) {
            let _ = delete_bytes(&path);
            return Err(error.into());
        }
        let new = DocumentRecord {
            id,
            workspace_id: workspace.id().to_owned(),
            name: self.name,
            sha256: self.hasher.finish().to_string(),
            size_bytes: self.size_bytes,
            created_at: workspace.machine.now(),
            submitter: Some(by.key()),
            deleted_at: None,
            path: path.clone(),
        };
        let recorded = workspace
            .store
            .add_document(&new, &Limits::from_settings(&workspace.settings));
        let is_new = recorded
            .as_ref()
            .is_ok_and(|recorded| recorded.id == new.id);
        if let Ok(recorded) = &recorded
            && !is_new
            && !recorded.path.is_file()
        {
            // The earlier bytes are gone; these are the same.
            let folder = recorded.path.parent().unwrap_or(&recorded.path);
            files::create_folder(folder)?;
            std::fs::rename(&path, &recorded.path)
                .map_err(FileError::on("write", &recorded.path))?;
            workspace.put_file(&recorded.path)?;
            // A process that has deleted the document since may have looked for its bytes before these arrived.
            if workspace.store.document(&recorded.id)?.deleted_at.is_some() {
                delete_bytes(&recorded.path)?;
            }
        }
        if !is_new {
            // Nothing names these bytes: the document existed before, or could not be recorded.
            let _ = delete_bytes(&path);
        }
        Ok((recorded?, is_new))
    }
}

/// The minimum age of an unfinished document whose server is gone: an upload that pauses longer between pieces was refused.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Deletes the unfinished documents of servers that were killed.
pub fn remove_leftovers(workspace: &Workspace) {
    let entries = std::fs::read_dir(workspace.paths.documents(workspace.id()));
    for entry in entries.into_iter().flatten().flatten() {
        let is_unfinished = entry
            .file_name()
            .to_string_lossy()
            .starts_with(files::UNFINISHED);
        let changed = entry.metadata().and_then(|found| found.modified()).ok();
        let age = changed.and_then(|changed| changed.elapsed().ok());
        if is_unfinished && age.is_some_and(|age| age > ABANDONED) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Moves the bytes to their place, read-only, because runs link to them.
fn place(file: NamedTempFile, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o444))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    let folders = path.ancestors().skip(1).take(2);
    folders.for_each(files::sync_folder);
    Ok(())
}

fn checked_name(name: &str) -> Result<(), Error> {
    let bad = |why| {
        let message = format!("{name:?} cannot be the name of a document: {why}");
        Err(Error::usage(code::BAD_NAME, message))
    };
    if name.is_empty() || name.starts_with('.') {
        return bad("it is empty, or begins with a dot");
    }
    if name.len() > MAX_NAME_BYTES {
        return bad("it has more than 200 bytes");
    }
    if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
        return bad("it has a slash, a backslash or a control character");
    }
    if is_supported(Path::new(name)) {
        Ok(())
    } else {
        let message = format!("{name:?} has a format that is not supported");
        Err(Error::usage(code::UNSUPPORTED_FORMAT, message).hint(SAVE_AS_SUPPORTED))
    }
}
