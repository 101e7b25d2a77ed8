//! Building a ready environment again: its folder is gone, or a rebuild was asked for.
//!
//! Collection sets a folder aside before it deletes the record, and gives the folder its name back where the record has to
//! stay. Whoever looks in between waits until that has ended, and ends it where the collecting process died. What is built
//! again is built in a new folder: runs may still use the old one, or a builder stand still in it, and the lock that would
//! tell of either may be gone with its files.

use std::path::Path;
use std::time::Duration;

use super::gc::{self, Restored};
use super::is_ready;
use super::prepare::key_folder;
use crate::cancel::Cancel;
use crate::layout;
use crate::machine::Files;
use crate::store::{EnvironmentRecord, EnvironmentStatus, StoreError};
use crate::workspace::Workspace;

/// How often one that found a folder set aside looks again, and how many times.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: u32 = 40;

/// Ready by its record and on disk.
pub fn is_usable(files: &dyn Files, environment: &EnvironmentRecord) -> bool {
    environment.status == EnvironmentStatus::Ready && is_ready(files, &environment.folder)
}

/// As [`is_usable`], where a collection has the folder set aside: once that has ended. One that stands still for too long is
/// not waited for.
pub fn is_usable_soon(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    cancel: &Cancel,
) -> bool {
    let (machine, files) = (&*workspace.machine, workspace.files());
    if environment.status != EnvironmentStatus::Ready {
        return false;
    }
    for _ in 0..LOOKS {
        if is_ready(files, &environment.folder) {
            return true;
        }
        match gc::restore(workspace, environment) {
            // It may have got its name back between the two looks.
            Restored::NotAside => break,
            Restored::Done => {}
            Restored::Busy => {
                if machine.wait(cancel, LOOK_AGAIN) {
                    break;
                }
            }
        }
    }
    is_ready(files, &environment.folder)
}

/// Requeues a ready environment, to be built from `snapshot` in a new folder. False: another process has built or requeued it
/// since it was read.
///
/// # Errors
/// The store cannot be used.
pub fn requeue(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    snapshot: &Path,
) -> Result<bool, StoreError> {
    let machine = &workspace.machine;
    let key = key_folder(workspace, &environment.key);
    let folder = layout::environment(&key, &machine.new_id());
    workspace
        .store
        .requeue_environment(environment, &folder, snapshot, machine.now())
}
