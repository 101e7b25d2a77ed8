//! Which processes use an environment, and which database it belongs to.
//!
//! In each environment's folder a file names the database that it belongs to. A process that runs an engine in the environment
//! holds a lock on that file, shared with the others that do; collection takes it alone before it deletes the folder. So
//! an environment is in use for as long as a live process has it open, whatever the records say: after `ade env build
//! --force`, they name another folder. The lock goes with its process. Where it cannot be
//! taken, a run does without, and the records alone keep its environment; collection deletes nothing that it cannot lock.

use std::io;
use std::path::Path;

use crate::environment::is_ready;
use crate::settings::paths::EnvironmentFolder;
use crate::system::machine::HeldLock;
use crate::workspace::Workspace;

/// An environment that this process uses; released when dropped.
pub struct InUse {
    _lock: Option<Box<dyn HeldLock>>,
}

impl InUse {
    /// Marks the environment in a folder as used, for as long as the value lives. `None`: there is none, or it is being
    /// deleted.
    pub fn mark(workspace: &Workspace, folder: &Path) -> Option<Self> {
        let files = workspace.files();
        let owner = EnvironmentFolder(folder.to_owned()).owner();
        let lock = match files.try_lock_shared(&owner) {
            Ok(None) => return None,
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => None,
        };
        // Only now: before, it could have been deleted.
        is_ready(files, folder).then_some(Self { _lock: lock })
    }
}

/// Notes that the environment in a folder belongs to this database; the folder exists.
pub(crate) fn own(workspace: &Workspace, folder: &Path) -> io::Result<()> {
    let owner = EnvironmentFolder(folder.to_owned()).owner();
    if is_owned(workspace, folder) {
        return Ok(());
    }
    // In place, for others may have it open and locked.
    let text = format!("{}\n", workspace.database_id);
    workspace.files().write(&owner, text.as_bytes())
}

/// Whether the environment in a folder was built for this database.
pub(crate) fn is_owned(workspace: &Workspace, folder: &Path) -> bool {
    is_marked(workspace, &EnvironmentFolder(folder.to_owned()).owner())
}

/// Whether a file names this database.
pub(crate) fn is_marked(workspace: &Workspace, file: &Path) -> bool {
    let text = workspace.files().read(file).unwrap_or_default();
    !workspace.database_id.is_empty()
        && String::from_utf8_lossy(&text).trim() == workspace.database_id
}
