//! Deletes parts of the cache that no build has used for a long time.
//!
//! All data directories of a user share the cache, and their processes may be using it. A part is set aside by a rename, under
//! a lock that every build holds as a shared lock ([`CacheFolder::lock`]), so nothing is deleted during a build. Builds update
//! the modification time of a part's folder; it is the time of the last use.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::pass::{Pass, RemovedItem, Report};
use crate::base::files::{FileError, is_partial};
use crate::settings::paths::{CacheFolder, WORKER_LOCK};
use crate::store::StoreError;
use crate::system::lock::Lock;
use crate::system::machine::FoundKind;
use crate::workspace::Workspace;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) {
    let (workspace, files) = (pass.workspace, pass.workspace.files());
    let Some(ttl) = workspace.settings.worker.cache_ttl else {
        return;
    };
    for cache in workspace.paths.caches() {
        if pass.is_stopped() {
            return;
        }
        let mut cold = parts(workspace, &cache);
        report.scanned += cold.len() as u64;
        cold.retain(|part| is_cold(pass, part, ttl));
        // Measured before the lock is taken, because builds wait for the lock.
        let measured = cold.into_iter().map(|part| {
            let removed = RemovedItem {
                kind: "cache",
                id: part.display().to_string(),
                name: String::new(),
                reason: "no build has used it for long",
                bytes: files.exclusive_bytes(&part),
            };
            (removed, part)
        });
        let cold: Vec<(RemovedItem, PathBuf)> = measured.collect();
        if pass.options.dry_run {
            cold.into_iter()
                .for_each(|(removed, _)| report.add(removed));
        } else {
            set_aside(pass, &cache, cold, ttl, report);
            // Also deletes what a process left that died before it had deleted it.
            for folder in files.folders(&cache.0) {
                if CacheFolder::is_trash(&folder) {
                    let emptied = files.remove_tree(&folder);
                    // A collection of another data directory may be deleting it, too.
                    if emptied.is_err() && files.exists(&folder) {
                        report.deleted(&folder, emptied);
                    }
                }
            }
        }
    }
}

/// Returns everything that is deleted as a whole: download caches, tools, engines, environments that are kept for others,
/// caches of workspaces. Environments have their own links or copies of these files. Links, and folders that the settings put
/// elsewhere, do not belong to this cache.
fn parts(workspace: &Workspace, cache: &CacheFolder) -> Vec<PathBuf> {
    let files = workspace.files();
    let tools = cache.tools();
    let mut parts: Vec<PathBuf> = files.folders(&cache.0);
    parts.retain(|folder| cache.downloads().contains(folder));
    let parents = [cache.engines(), cache.environments(), cache.of_workspaces()];
    for parent in parents.iter().filter(|parent| !files.is_link(parent)) {
        let found = files.folders(parent).into_iter();
        parts.extend(found.filter(|folder| !is_partial(folder)));
    }
    let tools = files.folders(&tools.0).into_iter();
    parts.extend(tools.filter(|folder| !is_partial(folder)));
    let chosen = workspace.paths.chosen_caches().into_iter().flatten();
    for chosen in chosen {
        parts.retain(|part| !chosen.starts_with(part));
    }
    parts
}

fn is_cold(pass: &Pass<'_>, part: &Path, ttl: Duration) -> bool {
    let found = pass.workspace.files().find(part);
    found.is_ok_and(|found| pass.ages.is_older(found.modified, ttl))
}

/// Renames parts out of the cache while no build uses it. Parts that were used in the meantime stay.
fn set_aside(
    pass: &Pass<'_>,
    cache: &CacheFolder,
    cold: Vec<(RemovedItem, PathBuf)>,
    ttl: Duration,
    report: &mut Report,
) {
    let machine = &*pass.workspace.machine;
    if cold.is_empty() {
        return;
    }
    // If a build is under way, or there are no locks, a later collection finds these.
    let Ok(Some(_alone)) = Lock::try_take(machine, &cache.lock()) else {
        return;
    };
    for (removed, part) in cold {
        if !is_cold(pass, &part, ttl) {
            continue;
        }
        let trash = cache.trash(&machine.new_token());
        match machine.files().rename(&part, &trash) {
            Ok(()) => report.add(removed),
            Err(error) => report.fail(FileError::on("delete", &part)(error)),
        }
    }
}

/// Deletes lock files that no process holds any more. A process that died is found by its lock, and its file is deleted with
/// its record (`src/workspace/fleet.rs`). The remaining ones are files of processes that died before they were recorded.
pub(super) fn collect_lock_files(pass: &Pass<'_>) -> Result<(), StoreError> {
    let workspace = pass.workspace;
    let files = workspace.files();
    let workers = workspace.store.workers()?;
    let known: HashSet<_> = workers.into_iter().map(|worker| worker.lock_path).collect();
    let locks = workspace.paths.worker_locks();
    for (name, kind) in files.names(&locks).unwrap_or_default() {
        let path = locks.join(&name);
        let is_leftover = kind == FoundKind::File
            && name.ends_with(WORKER_LOCK)
            && !known.contains(&path)
            && pass.is_leftover(&path);
        if !is_leftover || pass.options.dry_run || pass.is_stopped() {
            continue;
        }
        // Its process may be about to register.
        if let Ok(Some(_lock)) = Lock::try_take(&*workspace.machine, &path) {
            let _ = files.remove_file(&path);
        }
    }
    Ok(())
}
