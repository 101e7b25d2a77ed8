//! Which file, and how it is used: all that the store reads of the settings, read in one place.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::settings::{Resolved, Settings};
use crate::store::{Result, StoreError};

/// What the settings say about the database.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) path: PathBuf,
    pub(super) journal_mode: String,
    pub(super) synchronous: String,
    pub(super) busy_timeout: Duration,
}

impl Options {
    /// Those of the database that the settings name; of `default` where they name none.
    ///
    /// # Errors
    /// The URL is not a SQLite URL, or names no file.
    pub(super) fn of(settings: &Settings, default: &Path) -> Result<Self> {
        Ok(Self::at(settings, database_path(settings, default)?))
    }

    /// Those of a database in a place of its own.
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
        // As it may be shown: with its password masked.
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
