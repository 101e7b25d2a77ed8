//! How a database file is used: the only place where the store on SQLite reads the settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::settings::Settings;

/// The settings of the database.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) path: PathBuf,
    pub(super) journal_mode: String,
    pub(super) synchronous: String,
    pub(super) busy_timeout: Duration,
}

impl Options {
    /// The options for the database at a path.
    pub(super) fn of(settings: &Settings, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            journal_mode: settings.sqlite_journal_mode.clone(),
            synchronous: settings.sqlite_synchronous.clone(),
            busy_timeout: settings.sqlite_busy_timeout,
        }
    }
}
