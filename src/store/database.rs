//! The database in the settings as a whole: decides which backend serves it, and opens, migrates and examines it.
//!
//! The URL decides. All code outside [`store`](super) uses the functions here and does not depend on a backend.

use std::path::{Path, PathBuf};

use super::postgres::address::Address;
use super::schema::{DatabaseCheck, MigrationOutcome, MoveSummary, OpenMode, SchemaStatus};
use super::sqlite::check;
use super::{Result, Store, StoreError};
use crate::settings::{ResolvedSetting, Settings};

/// A database with the backend that serves it.
enum Database {
    Sqlite(PathBuf),
    Postgres(Box<Address>),
}

/// The location of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file of this host.
    File(PathBuf),
    /// A server, which several hosts share: its address without a password, as a path that is only shown.
    Server(PathBuf),
}

impl Location {
    /// Returns the file if the database is a file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }

    /// Returns the file or the address to be shown.
    pub fn shown(&self) -> &Path {
        match self {
            Self::File(shown) | Self::Server(shown) => shown,
        }
    }
}

/// Opens the database in the settings, or the database at `default` if the settings name none, and checks its schema. A
/// database on a server ([`Location::Server`]) is opened for the host with this id.
///
/// # Errors
/// It is absent, behind, newer, altered, damaged, locked or out of reach, or no backend serves its URL.
pub fn open(settings: &Settings, default: &Path, host: &str, opening: OpenMode) -> Result<Store> {
    match Database::from_settings(settings, default)? {
        Database::Sqlite(path) => Store::open(settings, &path, opening),
        Database::Postgres(address) => Store::on_server(settings, &address, host, opening),
    }
}

/// Creates the database or brings its schema up to date. Any number of processes may call it at once: one works, the others
/// wait and find it done.
///
/// # Errors
/// It is newer, altered, damaged, locked or out of reach; then nothing was changed. Or no backend serves its URL.
pub fn migrate(settings: &Settings, default: &Path) -> Result<MigrationOutcome> {
    match Database::from_settings(settings, default)? {
        Database::Sqlite(path) => Store::migrate(settings, &path),
        Database::Postgres(address) => Store::migrate_on_server(settings, &address),
    }
}

/// Returns the location of the database in the settings.
///
/// # Errors
/// No backend serves its URL.
pub fn location(settings: &Settings, default: &Path) -> Result<Location> {
    Ok(match Database::from_settings(settings, default)? {
        Database::Sqlite(path) => Location::File(path),
        Database::Postgres(address) => Location::Server(PathBuf::from(&address.shown)),
    })
}

/// Reads the state of the database's schema, without changing anything.
///
/// # Errors
/// It is damaged, locked or out of reach, or no backend serves its URL.
pub fn status(settings: &Settings, default: &Path) -> Result<SchemaStatus> {
    match Database::from_settings(settings, default)? {
        Database::Sqlite(path) => Store::status(settings, &path),
        Database::Postgres(address) => Store::status_on_server(settings, &address),
    }
}

/// Moves all records of a SQLite database to the server in the settings, whose schema has none; if it already has the same
/// records, nothing is done. Returns the moved tables, and the tables that differ: then nothing was changed.
///
/// # Errors
/// A database cannot be used, or the settings name no server.
pub fn move_records(settings: &Settings, from: &Path, host: &str) -> Result<MoveSummary> {
    match Database::from_settings(settings, from)? {
        Database::Sqlite(path) => Err(StoreError::Absent { path }),
        Database::Postgres(address) => {
            let source = Store::open(settings, from, OpenMode::Existing)?;
            let target = Store::on_server(settings, &address, host, OpenMode::Existing)?;
            match target.is_empty()? {
                true => {
                    check(settings, from)?;
                    target.take_from(&source)
                }
                false => target.compared_with(&source),
            }
        }
    }
}

/// Returns the version of the newest schema that this `ade` knows.
pub fn newest_schema() -> i64 {
    Store::NEWEST_SCHEMA
}

/// Opens an existing database and checks its integrity. A server checks its data by itself.
///
/// # Errors
/// See [`open`].
pub fn examine(settings: &Settings, default: &Path) -> Result<DatabaseCheck> {
    match Database::from_settings(settings, default)? {
        Database::Sqlite(path) => {
            let problems = Store::integrity_problems(settings, &path)?;
            Ok(DatabaseCheck { path, problems })
        }
        Database::Postgres(address) => {
            let status = Store::status_on_server(settings, &address)?;
            status.demand_current()?;
            Ok(DatabaseCheck {
                path: status.path,
                problems: Vec::new(),
            })
        }
    }
}

impl Database {
    /// Returns the database in the settings.
    ///
    /// # Errors
    /// No backend serves the URL, or it names no database.
    fn from_settings(settings: &Settings, default: &Path) -> Result<Self> {
        let Some(url) = &settings.database_url else {
            return Ok(Self::Sqlite(default.to_owned()));
        };
        let refuse = |reason: &str| {
            // For the error message, with the password masked.
            let shown = settings
                .resolved
                .iter()
                .find(|resolved| resolved.setting.name == "ADE_DATABASE_URL")
                .and_then(ResolvedSetting::shown);
            Err(StoreError::BadUrl {
                url: shown.unwrap_or_default(),
                reason: reason.to_owned(),
            })
        };
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return match Address::parse(url, settings) {
                Ok(address) => Ok(Self::Postgres(Box::new(address))),
                Err(reason) => refuse(&reason),
            };
        }
        let Some(rest) = url.strip_prefix("sqlite://") else {
            return refuse("this ade serves sqlite:/// and postgresql:// URLs");
        };
        match rest.strip_prefix('/') {
            None | Some("") => refuse("it names no file"),
            Some(path) => Ok(Self::Sqlite(settings.folder.join(path))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::settings::Inputs;

    #[test]
    fn a_url_that_names_no_file_is_refused() {
        for bad in ["sqlite://", "sqlite:///", "mysql://x/y"] {
            let settings = Settings::resolve(&Inputs {
                flags: BTreeMap::from([("ADE_DATABASE_URL", bad.to_owned())]),
                variables: BTreeMap::new(),
                folder: "/here".into(),
                program: None,
            });
            let database = Database::from_settings(&settings.unwrap(), Path::new("/d"));
            assert!(matches!(database, Err(StoreError::BadUrl { .. })), "{bad}");
        }
    }
}
