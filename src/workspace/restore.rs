//! Restores a backup into an empty data directory: `ade restore`; or only checks it: `ade backup --verify`.
//!
//! The whole archive is read and its checksum verified before anything is written. The database is put in place last: it has a
//! temporary name until it has checked itself and the old claims are ended. So a partly restored data directory has no
//! database.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::backup::damaged;
use super::backup::{ABOUT, BackupManifest, demand_whole, look_through, read};
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, code};
use crate::settings::Settings;
use crate::settings::paths::{DATABASE, Paths};
use crate::store::{self, OpenMode, StoreError};
use crate::workspace::Workspace;

/// An empty folder that a new file system contains.
const OF_FILE_SYSTEM: &str = "lost+found";

/// A summary of a finished restore.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreSummary {
    /// The path of the data directory.
    pub data_dir: PathBuf,
    /// The backup's description of itself.
    #[serde(flatten)]
    pub about: BackupManifest,
    /// The number of files written, including the database.
    pub files: u64,
    /// The number of runs that were running at the time of the backup. They are queued again, or failed if the settings say so.
    pub recovered: u64,
    /// Whether the database is from an older `ade`, so that `ade migrate` is needed.
    pub needs_migration: bool,
}

/// A backup that was checked.
#[derive(Clone, Debug, Serialize)]
pub struct BackupCheck {
    /// The path of the backup.
    pub file: PathBuf,
    /// The backup's description of itself.
    #[serde(flatten)]
    pub about: BackupManifest,
    /// The number of files in it, including the database.
    pub files: u64,
}

/// Restores a backup into the data directory that the settings name, which must be empty.
///
/// # Errors
/// The data directory is not empty or not in one piece, or the backup is damaged or newer; nothing is written then. Or a file
/// cannot be written.
pub fn restore(settings: &Settings, paths: &Paths, file: &Path) -> Result<RestoreSummary, Error> {
    demand_whole(settings, paths)?;
    let data = paths.data();
    let opened = opened(file)?;
    if !held(data).map_err(FileError::on("read", data))?.is_empty() {
        let message = format!(
            "a backup is restored into an empty data directory only, and {} is not empty",
            data.display()
        );
        return Err(Error::refused(code::NOT_EMPTY, message)
            .hint("choose an empty one with --data-dir, or move its contents away"));
    }
    let (about, _) = look_through(&opened, file, None)?;
    let restored = fill(settings, paths, &opened, file, about);
    if restored.is_err() {
        // The folder was empty, so everything in it comes from here.
        for entry in held(data).unwrap_or_default() {
            let _ = match entry.is_dir() {
                true => files::remove_read_only_tree(&entry),
                false => fs::remove_file(&entry),
            };
        }
    }
    restored
}

fn opened(file: &Path) -> Result<File, Error> {
    File::open(file).map_err(|error| FileError::on("read", file)(error).unreadable())
}

/// Returns the entries of a folder. Empty if there is no such folder.
fn held(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut held = files::entries_of(folder)?;
    held.retain(|path| !path.ends_with(OF_FILE_SYSTEM));
    Ok(held)
}

/// Checks a backup without restoring it: its checksum, and its database, which is extracted to a temporary file.
///
/// # Errors
/// It is damaged or newer, or cannot be read.
pub fn verify(settings: &Settings, file: &Path) -> Result<BackupCheck, Error> {
    let opened = opened(file)?;
    let place = tempfile::tempdir().map_err(FileError::on("write", &std::env::temp_dir()))?;
    let database = place.path().join("database");
    let (about, files) = look_through(&opened, file, Some(&database))?;
    demand_sound(settings, &database, file, &about)?;
    Ok(BackupCheck {
        file: file.to_owned(),
        about,
        files,
    })
}

/// Checks that the database of a backup is sound and has the number of rows that the backup records.
fn demand_sound(
    settings: &Settings,
    database: &Path,
    file: &Path,
    about: &BackupManifest,
) -> Result<(), Error> {
    let reason = match store::check(settings, database) {
        Ok(tables) if about.tables.is_empty() || tables == about.tables => return Ok(()),
        Ok(_) => "the rows of its database differ from those that were backed up".to_owned(),
        Err(StoreError::Damaged { message, .. }) => format!("its database is damaged: {message}"),
        Err(error) => return Err(error.into()),
    };
    Err(damaged(file, &reason))
}

fn fill(
    settings: &Settings,
    paths: &Paths,
    opened: &File,
    file: &Path,
    about: BackupManifest,
) -> Result<RestoreSummary, Error> {
    let data = paths.data();
    let failed = || FileError::on("write", data);
    files::create_private_folder(data)?;
    let database = data.join(DATABASE);
    let beside = database.with_extension("restored");
    let mut folders = Vec::new();
    let mut written = 0;
    let unpacked = read(opened, |path, bytes, header| {
        let to = match path == Path::new(DATABASE) {
            true => beside.clone(),
            false => data.join(path),
        };
        if path == Path::new(ABOUT) {
            return Ok(());
        }
        let mode = header.mode()? & 0o7777;
        if header.entry_type().is_dir() {
            fs::create_dir_all(&to)?;
            folders.push((to, mode));
            return Ok(());
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create_new(&to)?;
        io::copy(bytes, &mut file)?;
        written += 1;
        file.set_permissions(Permissions::from_mode(mode))
    });
    unpacked.map_err(failed())?;
    // A read-only folder gets its mode after its content.
    for (folder, mode) in folders.iter().rev() {
        fs::set_permissions(folder, Permissions::from_mode(*mode)).map_err(failed())?;
    }
    demand_sound(settings, &beside, file, &about)?;
    let (recovered, needs_migration) = end_claims(settings, &beside)?;
    let synced = File::open(data).and_then(|folder| Ok(rustix::fs::syncfs(&folder)?));
    synced.map_err(failed())?;
    fs::rename(&beside, &database).map_err(failed())?;
    database
        .parent()
        .iter()
        .for_each(|to| files::sync_folder(to));
    if !needs_migration {
        Workspace::open(settings.clone(), OpenMode::Existing)?;
    }
    Ok(RestoreSummary {
        data_dir: data.to_owned(),
        about,
        files: written,
        recovered,
        needs_migration,
    })
}

/// Ends the claims of a restored database, since none of its processes is here. Returns the number of claimed runs, and whether
/// the database must be migrated first.
pub(super) fn end_claims(settings: &Settings, database: &Path) -> Result<(u64, bool), StoreError> {
    let settings = Settings {
        database_url: None,
        ..settings.clone()
    };
    let store = match store::open(&settings, database, "", OpenMode::Existing) {
        Err(StoreError::NotMigrated { .. }) => return Ok((0, true)),
        opened => opened?,
    };
    let now = crate::base::clock::Timestamp::now();
    let builds = store::BuildAttempts {
        most: settings.worker.max_attempts,
        backoff: &|_| std::time::Duration::ZERO,
    };
    let mut recovered = 0;
    for worker in store.workers()? {
        let runs = store.reclaim(&worker.id, settings.worker.recovery, &builds, now)?;
        recovered += runs.len() as u64;
        store.remove_worker(&worker.id)?;
    }
    Ok((recovered, false))
}
