//! Rebuilds a ready environment, because its folder is gone or unreadable, its files have changed, or a rebuild was asked for.
//!
//! A rebuild uses a new folder: runs may still use the old one, or a suspended builder may go on in it, and the lock that would
//! reveal either may be gone with its files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use crate::base::mutex::lock;
use crate::environment::building::contents::Contents;
use crate::environment::is_ready;
use crate::environment::needed::prepare::environment_folder;
use crate::settings::paths::EnvironmentFolder;
use crate::store::{EnvironmentRecord, EnvironmentStatus, StoreError};
use crate::system::machine::FileSystem;
use crate::workspace::Workspace;

/// The time for which a comparison of files stays valid. With many small runs, only a few compare some hundred files.
const COMPARED_FOR: Duration = Duration::from_secs(1);

/// The time of the last successful comparison of each environment, by folder.
static COMPARED: LazyLock<Mutex<HashMap<PathBuf, Instant>>> = LazyLock::new(Mutex::default);

/// Returns whether an environment is ready by its record, and its files are unchanged, or were a moment ago.
pub fn is_usable(files: &dyn FileSystem, environment: &EnvironmentRecord) -> bool {
    environment.status == EnvironmentStatus::Ready
        && is_ready(files, &environment.folder)
        && is_whole(environment)
}

fn is_whole(environment: &EnvironmentRecord) -> bool {
    let begun = Instant::now();
    let compared = lock(&COMPARED).get(&environment.folder).copied();
    if compared.is_some_and(|compared| begun - compared < COMPARED_FOR) {
        return true;
    }
    let is_whole = damage(environment).is_none();
    if is_whole {
        lock(&COMPARED).insert(environment.folder.clone(), begun);
    }
    is_whole
}

/// Returns the reason, in words, why the files of an environment that is ready by its record cannot be used.
pub(crate) fn defect(files: &dyn FileSystem, environment: &EnvironmentRecord) -> Option<String> {
    let folder = &environment.folder;
    if is_ready(files, folder) {
        damage(environment)
    } else {
        Some("its folder is gone, incomplete, or cannot be read".to_owned())
    }
}

/// Returns the first difference, in words, between the files of a ready environment and those that were built. Returns `None`
/// if there is no record of its files.
pub fn damage(environment: &EnvironmentRecord) -> Option<String> {
    let folder = EnvironmentFolder(environment.folder.clone());
    match Contents::read(&folder.files()) {
        Ok(record) => record?.difference(&folder.venv()),
        Err(_) => Some(format!("{} cannot be read", folder.files().display())),
    }
}

/// Requeues a ready environment, which is then built from `snapshot` in a new folder. Returns false if another process has
/// built or requeued it since it was read.
pub fn requeue(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    snapshot: &Path,
) -> Result<bool, StoreError> {
    let machine = &workspace.machine;
    let folder = environment_folder(workspace, &environment.key, &machine.new_id());
    workspace
        .store
        .requeue_environment(environment, &folder, snapshot, machine.now())
}
