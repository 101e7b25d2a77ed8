//! The database file and how it is used: the only place where the store reads the settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::settings::{Resolved, Settings};
use crate::store::{Result, StoreError};

/// The settings of the database.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) path: PathBuf,
    pub(super) journal_mode: String,
    pub(super) synchronous: String,
    pub(super) busy_timeout: Duration,
}

impl Options {
    /// The options for the database that the settings name; for `default` where they name none.
    ///
    /// # Errors
    /// The URL is not a SQLite URL, or names no file.
    pub(super) fn of(settings: &Settings, default: &Path) -> Result<Self> {
        Ok(Self::at(settings, database_path(settings, default)?))
    }

    /// The options for a database at another path.
    pub(super) fn at(settings: &Settings, path: PathBuf) -> Self {
        Self {
            path,
            journal_mode: settings.sqlite_journal_mode.clone(),
            synchronous: settings.sqlite_synchronous.clone(),
            busy_timeout: settings.sqlite_busy_timeout,
        }
    }
}

/// The database file that the settings name.
///
/// # Errors
/// The URL is not a SQLite URL, or names no file.
pub(super) fn database_path(settings: &Settings, default: &Path) -> Result<PathBuf> {
    let Some(url) = &settings.database_url else {
        return Ok(default.to_owned());
    };
    let refuse = |reason: &str| {
        // For the error message: with the password masked.
        let shown = settings
            .resolved
            .iter()
            .find(|resolved| resolved.setting.name == "ADE_DATABASE_URL")
            .and_then(Resolved::shown);
        Err(StoreError::BadUrl {
            url: shown.unwrap_or_default(),
            reason: reason.to_owned(),
        })
    };
    let Some(rest) = url.strip_prefix("sqlite://") else {
        return refuse("this ade serves sqlite:/// URLs");
    };
    match rest.strip_prefix('/') {
        None | Some("") => refuse("it names no file"),
        Some(path) => Ok(settings.folder.join(path)),
    }
}
