//! A folder is deleted in three steps: set aside, which takes it from everyone at once; its record deleted; then its files.
//!
//! The name under which it is set aside says whose it is, so that whoever comes after a crash or a failure can undo the first
//! step where the record is still there, and take the last one where it is not.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::name_of;
use crate::layout::Trash;
use crate::machine::Files;
use crate::workspace::Workspace;

/// A folder that was set aside.
pub struct Aside {
    /// What it is called now.
    pub path: PathBuf,
    /// What it was called.
    pub folder: PathBuf,
}

impl Aside {
    /// Sets a folder aside. `None`: there is no such folder.
    ///
    /// # Errors
    /// It may not be renamed.
    pub fn set(workspace: &Workspace, folder: &Path) -> io::Result<Option<Self>> {
        let trash = Trash {
            database_id: workspace.database_id.clone(),
            name: name_of(folder),
        };
        let path = folder.with_file_name(trash.file_name(&workspace.machine.new_token()));
        match workspace.files().rename(folder, &path) {
            Ok(()) => Ok(Some(Self {
                path,
                folder: folder.to_owned(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The folder that a process of this database set aside under this path, if it is one.
    pub fn found(workspace: &Workspace, path: &Path) -> Option<Self> {
        let trash = Trash::of(&name_of(path))?;
        (trash.database_id == workspace.database_id).then(|| Self {
            folder: path.with_file_name(&trash.name),
            path: path.to_owned(),
        })
    }

    /// The folders that processes of this database set aside from under this name.
    pub fn of(workspace: &Workspace, folder: &Path) -> Vec<Self> {
        let beside = folder.parent().map(|key| workspace.files().folders(key));
        let found = beside.into_iter().flatten();
        found
            .filter_map(|path| Self::found(workspace, &path))
            .filter(|aside| aside.folder == folder)
            .collect()
    }

    /// Gives the folder its name back.
    ///
    /// # Errors
    /// There is another one of that name by now, or it may not be renamed.
    pub fn put_back(&self, files: &dyn Files) -> io::Result<()> {
        if files.exists(&self.folder) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        files.rename(&self.path, &self.folder)
    }
}
