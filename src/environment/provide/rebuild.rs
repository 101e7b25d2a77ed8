//! Building a ready environment again: its folder is gone, or a rebuild was asked for.
//!
//! What is built again is built in a new folder: runs may still use the old one, or a builder stand still in it, and the lock
//! that would tell of either may be gone with its files.

use std::path::Path;

use crate::environment::is_ready;
use crate::environment::needed::prepare::key_folder;
use crate::settings::paths;
use crate::settings::paths::EnvironmentFolder;
use crate::store::{EnvironmentRecord, EnvironmentStatus, StoreError};
use crate::system::machine::Files;
use crate::workspace::Workspace;

/// Ready by its record and on disk.
pub fn is_usable(files: &dyn Files, environment: &EnvironmentRecord) -> bool {
    environment.status == EnvironmentStatus::Ready && is_ready(files, &environment.folder)
}

/// A recorded package of a ready environment that is not there any more. To look for it takes longer than a run may.
pub fn missing(environment: &EnvironmentRecord) -> Option<String> {
    let contents = environment.contents.as_ref()?;
    let folder = EnvironmentFolder(environment.folder.clone());
    crate::environment::building::measure::missing(&folder.venv(), &contents.packages)
}

/// Requeues a ready environment, to be built from `snapshot` in a new folder. False: another process has built or requeued it
/// since it was read.
pub fn requeue(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    snapshot: &Path,
) -> Result<bool, StoreError> {
    let machine = &workspace.machine;
    let key = key_folder(workspace, &environment.key);
    let folder = paths::environment(&key, &machine.new_id());
    workspace
        .store
        .requeue_environment(environment, &folder, snapshot, machine.now())
}
