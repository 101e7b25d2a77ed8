//! Records which processes use an environment, and which database it belongs to.
//!
//! A file in each environment's folder names the database that the environment belongs to. A process that runs an engine in the
//! environment holds a shared lock on that file. Collection takes the lock exclusively before it deletes the folder. So an
//! environment is in use as long as a live process has it open, even if the records disagree: after `ade env build --force`,
//! they name another folder. The lock ends with its process. If it cannot be taken, a run goes on without it and only the
//! records protect its environment; collection deletes nothing that it cannot lock.

use std::io;
use std::path::Path;

use crate::environment::is_ready;
use crate::settings::paths::EnvironmentFolder;
use crate::system::machine::HeldLock;
use crate::workspace::Workspace;

/// An environment that this process uses; released when dropped.
pub struct EnvironmentUse {
    _lock: Option<Box<dyn HeldLock>>,
}

impl EnvironmentUse {
    /// Marks the environment in a folder as used, as long as the value lives. Returns `None` if there is none, or if it is
    /// being deleted.
    pub fn mark(workspace: &Workspace, folder: &Path) -> Option<Self> {
        let files = workspace.files();
        let owner = EnvironmentFolder(folder.to_owned()).owner();
        let lock = match files.try_lock_shared(&owner) {
            Ok(None) => return None,
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => None,
        };
        // Checked under the lock: before, it could have been deleted.
        is_ready(files, folder).then_some(Self { _lock: lock })
    }
}

/// Records that the environment in a folder belongs to this database. The folder must exist.
pub(crate) fn own(workspace: &Workspace, folder: &Path) -> io::Result<()> {
    let owner = EnvironmentFolder(folder.to_owned()).owner();
    if is_owned(workspace, folder) {
        return Ok(());
    }
    // Written in place, because other processes may have the file open and locked.
    let text = format!("{}\n", workspace.database_id);
    workspace.files().write(&owner, text.as_bytes())
}

/// Returns whether the environment in a folder was built for this database.
pub(crate) fn is_owned(workspace: &Workspace, folder: &Path) -> bool {
    is_marked(workspace, &EnvironmentFolder(folder.to_owned()).owner())
}

/// Returns whether a file names this database.
pub(crate) fn is_marked(workspace: &Workspace, file: &Path) -> bool {
    let text = workspace.files().read(file).unwrap_or_default();
    !workspace.database_id.is_empty()
        && String::from_utf8_lossy(&text).trim() == workspace.database_id
}
