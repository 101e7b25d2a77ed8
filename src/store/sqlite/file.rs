//! The file that a store is open on.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::options::DatabaseOptions;
use super::{connection, error, migrate};
use crate::store::driver::{self, Backend, Connection};
use crate::store::{Result, StoreError};

/// The numbers of a device and of a file on it.
type FileIdentity = (u64, u64);

fn file_identity(path: &Path) -> Option<FileIdentity> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// An open database.
pub(super) struct DatabaseFile {
    pub(super) options: DatabaseOptions,
    /// The file that was opened; a database in memory has none.
    opened: Option<FileIdentity>,
}

impl DatabaseFile {
    pub(super) fn of(options: DatabaseOptions) -> Self {
        let opened = file_identity(&options.path);
        Self { options, opened }
    }
}

impl Backend for DatabaseFile {
    fn reader(&self) -> Option<Connection> {
        // A database in memory is its connection's own.
        let is_file = self.options.path.is_file();
        let opened = is_file.then(|| connection::connect(&self.options, false).ok());
        opened.flatten().map(Connection::Sqlite)
    }

    fn demand_in_place(&self) -> Result<()> {
        let path = &self.options.path;
        match file_identity(path) {
            // One in memory has no file.
            found if self.opened.is_none() || found == self.opened => Ok(()),
            None => Err(StoreError::Absent { path: path.clone() }),
            Some(_) => Err(StoreError::Replaced { path: path.clone() }),
        }
    }

    fn demand_current_schema(&self, connection: &Connection) -> Result<()> {
        match connection {
            Connection::Sqlite(connection) => {
                migrate::schema_status(connection, &self.options)?.demand_current()
            }
            Connection::Postgres(_) => Ok(()),
        }
    }

    fn explain(&self, error: driver::Error) -> StoreError {
        error::explain(&self.options, error)
    }
}
