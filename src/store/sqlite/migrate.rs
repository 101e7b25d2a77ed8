//! Creates a database and brings its schema up to date: only once, however many processes try, and never partly.
//!
//! A lock file beside the database lets one process work while the others wait. A new database is created under another name
//! and renamed; an old database is backed up before it is changed.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::options::DatabaseOptions;
use super::{connection, error, migrations};
use crate::base::clock::Timestamp;
use crate::base::counted::bytes;
use crate::base::files;
use crate::base::files::FileError;
use crate::settings::Settings;
use crate::settings::paths::DatabaseFile;
use crate::store::Store;
use crate::store::schema::{Migration, MigrationOutcome, MigrationState, SchemaStatus};
use crate::store::{Result, StoreError};
use crate::system::lock::Lock;

/// The additional bytes for the log of a migration and its index.
const LOG: u64 = 256 << 10;

impl Store {
    /// The number of the newest migration.
    pub(in crate::store) const NEWEST_SCHEMA: i64 =
        migrations::MIGRATIONS[migrations::MIGRATIONS.len() - 1].version;

    /// Creates the database or brings its schema up to date. Any number of processes may call it at once: one works,
    /// the others wait and find it done.
    ///
    /// # Errors
    /// It is newer, altered, damaged, locked, out of reach, or on a network; then nothing was changed.
    pub fn migrate(settings: &Settings, path: &Path) -> Result<MigrationOutcome> {
        let options = DatabaseOptions::from_settings(settings, path);
        options.demand_own_disk()?;
        bring_up_to_date(&options)
    }
}

pub(super) fn connect(options: &DatabaseOptions, create: bool) -> Result<Connection> {
    connection::connect(options, create).map_err(|error| error::explain(options, error))
}

pub(super) fn schema_status(
    connection: &Connection,
    options: &DatabaseOptions,
) -> Result<SchemaStatus> {
    let applied =
        migrations::applied(connection).map_err(|error| error::explain(options, error))?;
    let known = migrations::MIGRATIONS;
    Ok(SchemaStatus {
        path: options.path.clone(),
        state: MigrationState::compare(&applied, known),
        applied,
        known,
    })
}

pub(super) fn bring_up_to_date(options: &DatabaseOptions) -> Result<MigrationOutcome> {
    let path = &options.path;
    if let Some(folder) = path.parent() {
        // The database holds the senders' data: if this creates the data directory, only its owner may open it.
        if folder.starts_with(&options.data) {
            files::create_private_folder(&options.data)?;
        }
        files::create_private_folder(folder)?;
    }
    let _lock = migration_lock(path)?;
    if !path.exists() {
        return Ok(MigrationOutcome {
            applied: create_file(options)?,
            backup: None,
            path: path.clone(),
            created: true,
        });
    }
    let mut connection = connect(options, true).map_err(|error| no_room(path).unwrap_or(error))?;
    let (applied, backup) = upgrade(&mut connection, options)?;
    Ok(MigrationOutcome {
        applied,
        backup,
        path: path.clone(),
        created: false,
    })
}

/// Creates a database under another name and renames it, so that no process sees an incomplete database. The caller holds the
/// migration lock.
fn create_file(options: &DatabaseOptions) -> Result<Vec<&'static Migration>> {
    let path = &options.path;
    let beside = DatabaseFile(path).unfinished(&uuid::Uuid::new_v4().to_string());
    let elsewhere = DatabaseOptions {
        path: beside.clone(),
        ..options.clone()
    };
    let made = connect(&elsewhere, true)
        .and_then(|mut connection| apply_pending(&mut connection, &elsewhere));
    // The connection is closed, so the write-ahead log has been written into the file.
    let moved = made.and_then(|applied| {
        File::open(&beside)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&beside, path))
            .map_err(FileError::on("create", path))?;
        if let Some(folder) = path.parent() {
            files::sync_folder(folder);
        }
        Ok(applied)
    });
    if moved.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    moved
}

/// Applies the pending migrations, after a backup unless the database is empty. The caller holds the migration lock.
fn upgrade(
    connection: &mut Connection,
    options: &DatabaseOptions,
) -> Result<(Vec<&'static Migration>, Option<PathBuf>)> {
    let status = schema_status(connection, options)?;
    match &status.state {
        MigrationState::Current => return Ok((Vec::new(), None)),
        MigrationState::Behind(_) => {}
        _ => status.demand_current()?,
    }
    let backup = if !status.applied.is_empty() {
        if let Some(error) = no_room(&options.path) {
            return Err(error);
        }
        Some(back_up(connection, options, &status)?)
    } else if has_tables(connection).map_err(|error| error::explain(options, error))? {
        return Err(StoreError::Damaged {
            path: options.path.clone(),
            message: "it has tables that ade did not create".to_owned(),
        });
    } else {
        None
    };
    Ok((apply_pending(connection, options)?, backup))
}

/// Applies the pending migrations. The caller holds the migration lock, or is the only user of the database.
pub(super) fn apply_pending(
    connection: &mut Connection,
    options: &DatabaseOptions,
) -> Result<Vec<&'static Migration>> {
    migrations::apply(connection, Timestamp::now()).map_err(|error| error::explain(options, error))
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migrations'";
    connection.prepare(sql)?.exists([])
}

/// Writes a complete copy into a new file, page by page; damage is copied too, and a check of the copy finds it. Unlike a copy
/// of the file, it contains the write-ahead log, and nothing of an open transaction. It is one step of one read transaction,
/// so it does not restart whenever another process writes.
pub(super) fn copy(connection: &Connection, options: &DatabaseOptions, to: &Path) -> Result<()> {
    let step = || -> rusqlite::Result<StepResult> {
        let mut target = Connection::open(to)?;
        Backup::new(connection, &mut target)?.step(-1)
    };
    match step() {
        Ok(StepResult::Done) => Ok(()),
        Ok(_) => Err(StoreError::Locked {
            path: options.path.clone(),
            waited_seconds: options.busy_timeout.as_secs_f64(),
        }),
        Err(error) => Err(error::explain(options, error)),
    }
}

/// Makes a complete copy beside the database; its name contains the schema version.
fn back_up(
    connection: &Connection,
    options: &DatabaseOptions,
    status: &SchemaStatus,
) -> Result<PathBuf> {
    let version = status
        .applied
        .last()
        .map_or(0, |migration| migration.version);
    let target = DatabaseFile(&options.path).backup(version, Timestamp::now());
    let beside = DatabaseFile::unfinished_backup(&target);
    let _ = std::fs::remove_file(&beside);
    copy(connection, options, &beside)?;
    File::open(&beside)
        .and_then(|file| file.sync_all())
        .map_err(FileError::on("sync", &beside))?;
    std::fs::rename(&beside, &target).map_err(FileError::on("write", &target))?;
    if let Some(folder) = target.parent() {
        files::sync_folder(folder);
    }
    Ok(target)
}

/// Returns an error if there is not enough space for a backup of the database and the following changes.
fn no_room(path: &Path) -> Option<StoreError> {
    let size = std::fs::metadata(path).ok()?.len();
    let (needed, free) = (2 * size + LOG, files::room(path).ok()?);
    (free < needed).then(|| StoreError::Unreachable {
        path: path.to_owned(),
        message: format!(
            "migrating it needs {} of free space beside it, for a backup and the change; {} are free",
            bytes(needed),
            bytes(free)
        ),
        hint: "nothing was changed. Free some space there: the previous version of ade can still remove runs and environments (`ade runs rm`, `ade env gc`), and you may delete older backups beside the database (.bak)".to_owned(),
    })
}

/// Takes the lock of the operating system beside the database by which migrations and first creations exclude each other. It
/// is held until it is dropped.
fn migration_lock(path: &Path) -> Result<Lock> {
    Ok(Lock::take(&DatabaseFile(path).lock())?)
}
