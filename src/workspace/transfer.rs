//! Moves a data directory's records from its SQLite database to a server, once: `ade migrate --from sqlite`. The directory
//! becomes the first host of the server's database; both keep their ids.
//!
//! The records are written in one transaction, and both sides are compared before it is committed. Only then is the old
//! database renamed, so that no process continues to use it. If this process dies in between, the same command compares both
//! again and continues.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::fleet;
use super::restore::end_claims;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, code};
use crate::settings::Settings;
use crate::settings::paths::{DatabaseFile, Paths};
use crate::store::{self, Location, OpenMode, StoreError};
use crate::system::machine::Disk;
use crate::workspace::Workspace;
use crate::workspace::identity;

/// A summary of a finished transfer.
#[derive(Clone, Debug, Serialize)]
pub struct TransferSummary {
    /// The database that has the records now.
    pub database: PathBuf,
    /// The new path of the file that had the records.
    pub moved_from: PathBuf,
    /// The tables with their numbers of rows.
    pub tables: Vec<(&'static str, u64)>,
    /// The number of documents, snapshots and runs whose files were put into the object store. `None` if the settings name
    /// none.
    pub files_of: Option<u64>,
}

/// Moves the records of the database that `from` names (`sqlite`: the data directory's own) to the server that the settings
/// name.
///
/// # Errors
/// The server has other records, or processes are at work; nothing is changed then. Or a database cannot be used.
pub fn transfer(settings: &Settings, paths: &Paths, from: &str) -> Result<TransferSummary, Error> {
    let database = match store::location(settings, &paths.database())? {
        Location::Server(database) => database,
        Location::File(database) => {
            let message = format!("the database {} is not on a server", database.display());
            return Err(Error::usage(code::SETTINGS_INVALID, message)
                .hint("name the server with --database-url postgresql://user@host/database"));
        }
    };
    let of_source = Settings {
        database_url: from.starts_with("sqlite:").then(|| from.to_owned()),
        ..settings.clone()
    };
    let source = match store::location(&of_source, &paths.database())? {
        Location::File(source) if from == "sqlite" || of_source.database_url.is_some() => source,
        _ => {
            let message = format!("records cannot be moved from {from:?}");
            return Err(Error::usage(code::SETTINGS_INVALID, message)
                .hint("use --from sqlite for the database of the data directory, or --from sqlite:////path/of/a/file"));
        }
    };
    // The data directory must belong to the source, and nobody may be at work with either.
    identity::record(&of_source, paths)?;
    demand_rest(&of_source, paths, &source)?;
    end_claims(&of_source, &source)?;
    store::migrate(settings, &paths.database())?;
    let host = identity::host(settings, paths)?;
    let moved = store::move_records(settings, &source, &host)?;
    if !moved.different.is_empty() {
        let message = format!("the database {} has records already", database.display());
        return Err(Error::refused(code::NOT_EMPTY, message).hint(format!(
            "nothing was changed; choose another schema with ?schema=NAME in the URL. Tables that differ: {}",
            moved.different.join(", ")
        )));
    }
    let files_of = put_files(settings)?;
    Ok(TransferSummary {
        files_of,
        database,
        moved_from: put_aside(&source)?,
        tables: moved.tables,
    })
}

/// Puts the files that the records name into the object store, unless they are there. Returns the number of documents,
/// snapshots and runs.
fn put_files(settings: &Settings) -> Result<Option<u64>, Error> {
    let workspace = Workspace::open(settings.clone(), OpenMode::Existing)?;
    let Some(objects) = &workspace.objects else {
        return Ok(None);
    };
    let mut count = 0;
    for known in workspace.store.workspaces()? {
        let id = &known.id;
        for configuration in folders_in(&workspace.paths.configurations(id))? {
            let name = configuration.file_name().unwrap_or_default();
            let snapshots = workspace.paths.snapshots(id, &name.to_string_lossy());
            for snapshot in folders_in(&snapshots)? {
                objects.snapshot_recorded(&snapshot)?;
                count += 1;
            }
        }
        for document in folders_in(&workspace.paths.documents(id))? {
            for file in entries_of(&document)? {
                objects.put_file(&file)?;
            }
            count += 1;
        }
        for folder in folders_in(&workspace.paths.runs(id))? {
            let run = folder.file_name().unwrap_or_default().to_string_lossy();
            match workspace.store.run(id, &run) {
                Ok(run) if run.status.is_terminal() => objects.put_ended(&run)?,
                Ok(run) => objects.put_file(&run.input_path)?,
                // Collection deletes this folder.
                Err(StoreError::NotFound { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            count += 1;
        }
    }
    Ok(Some(count))
}

/// Returns the folders in a folder. Empty if it does not exist.
fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let is_own = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_dir() && !name.starts_with('.')
    };
    Ok(entries_of(folder)?.into_iter().filter(is_own).collect())
}

fn entries_of(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    files::entries_of(folder).map_err(FileError::on("read", folder))
}

fn demand_rest(settings: &Settings, paths: &Paths, source: &Path) -> Result<(), Error> {
    let store = store::open(settings, source, "", OpenMode::Existing)?;
    let at_work = fleet::living_of(&store, &Disk, paths)?;
    if at_work.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = at_work.into_iter().map(|worker| worker.name).collect();
    Err(identity::refused_at_work(source, &names))
}

/// Renames the database. Its connections are closed, so its log is already part of it.
fn put_aside(source: &Path) -> Result<PathBuf, FileError> {
    let aside = DatabaseFile(source).moved();
    std::fs::rename(source, &aside).map_err(FileError::on("rename", source))?;
    if let Some(folder) = source.parent() {
        files::sync_folder(folder);
    }
    Ok(aside)
}
