//! The settings of a database file: the only place where the store on SQLite reads the settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::files;
use crate::base::files::SharedDisk;
use crate::settings::Settings;
use crate::store::{DeliveryKind, Result, StoreError};

/// The journal mode with a write-ahead log.
const WAL: &str = "WAL";

/// The settings of a database file.
#[derive(Clone, Debug)]
pub(super) struct DatabaseOptions {
    pub path: PathBuf,
    /// The path of the data directory.
    pub data: PathBuf,
    pub journal_mode: String,
    pub synchronous: String,
    pub busy_timeout: Duration,
    /// The ways in which ends of runs are delivered.
    pub deliveries: Vec<DeliveryKind>,
}

impl DatabaseOptions {
    /// Returns the options for the database at a path.
    pub fn from_settings(settings: &Settings, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            data: settings.data_dir.clone(),
            journal_mode: settings.sqlite_journal_mode.clone(),
            synchronous: settings.sqlite_synchronous.clone(),
            busy_timeout: settings.sqlite_busy_timeout,
            deliveries: DeliveryKind::from_settings(settings),
        }
    }

    /// Checks that a write-ahead log is possible. It needs memory that all its users share, which processes of different
    /// machines do not have. The other journal modes need only locks.
    ///
    /// # Errors
    /// The database has or is to get such a log, and is on a file system that other machines use too.
    pub fn demand_own_disk(&self) -> Result<()> {
        match files::shared(&self.path) {
            Some(SharedDisk::Network(kind)) if self.journal_mode == WAL => {
                Err(StoreError::OnNetwork {
                    path: self.path.clone(),
                    kind,
                })
            }
            _ => Ok(()),
        }
    }
}
