//! Opens a database, and examines one.

use std::path::{Path, PathBuf};

use super::options::{self, Options};
use super::{SqliteStore, migrations};
use crate::clock::Timestamp;
use crate::settings::Settings;
use crate::store::schema::{MigrationState, SchemaStatus};
use crate::store::{Result, StoreError};

/// What to do about a database that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Return an error.
    Existing,
    /// Create and migrate it.
    CreateIfAbsent,
}

impl SqliteStore {
    /// The database file that the settings name.
    ///
    /// # Errors
    /// The URL is not a SQLite URL, or names no file.
    pub fn path(settings: &Settings, default: &Path) -> Result<PathBuf> {
        options::database_path(settings, default)
    }

    /// Opens the database and checks its schema.
    ///
    /// # Errors
    /// It is absent, behind, newer, altered, damaged, locked or out of reach.
    pub fn open(settings: &Settings, default: &Path, opening: Opening) -> Result<Self> {
        let options = Options::of(settings, default)?;
        if !options.path.exists() {
            match opening {
                Opening::Existing => return Err(StoreError::Absent { path: options.path }),
                Opening::CreateIfAbsent => {
                    Self::bring_up_to_date(&options)?;
                }
            }
        }
        let store = Self::connect(&options, false)?;
        let mut state = store.schema_status()?.state;
        if opening == Opening::CreateIfAbsent
            && matches!(state, MigrationState::Behind(pending) if pending == migrations::migrations().len())
        {
            // An empty file: a creation that was interrupted.
            Self::bring_up_to_date(&options)?;
            state = store.schema_status()?.state;
        }
        migrations::demand_current(&options.path, &state)?;
        Ok(store)
    }

    /// An empty database of the current schema in memory, for tests and simulations. It is gone when the last connection
    /// to `file:/<name>?vfs=memdb` is closed; another one in the same process shares it.
    ///
    /// # Errors
    /// The settings name a mode that SQLite does not have.
    pub fn in_memory(settings: &Settings, name: &str) -> Result<Self> {
        let path = PathBuf::from(format!("file:/{name}?vfs=memdb"));
        let store = Self::connect(&Options::at(settings, path), true)?;
        migrations::apply(&mut store.lock(), Timestamp::now())
            .map_err(|error| store.explain(error))?;
        Ok(store)
    }

    /// Reads the state of the database's schema, without changing anything.
    ///
    /// # Errors
    /// It is absent, damaged, locked or out of reach.
    pub fn status(settings: &Settings, default: &Path) -> Result<(PathBuf, SchemaStatus)> {
        let options = Options::of(settings, default)?;
        if !options.path.exists() {
            return Err(StoreError::Absent { path: options.path });
        }
        let status = Self::connect(&options, false)?.schema_status()?;
        Ok((options.path, status))
    }

    /// The schema's state.
    ///
    /// # Errors
    /// The database cannot be used.
    pub fn schema_status(&self) -> Result<SchemaStatus> {
        self.read(migrations::status)
    }

    /// Returns an error if the schema is not current.
    ///
    /// # Errors
    /// It is behind, newer or altered.
    pub fn demand_current(path: &Path, state: &MigrationState) -> Result<()> {
        migrations::demand_current(path, state)
    }

    /// Runs SQLite's own check of the file. Returns the problems that it found.
    ///
    /// # Errors
    /// The database cannot be used.
    pub fn integrity_problems(&self) -> Result<Vec<String>> {
        self.read(|connection| {
            // The first ten are enough to say that it is damaged. `quick_check` leaves out what takes longest: whether every
            // row has its entry in every index.
            let mut statement = connection.prepare("PRAGMA quick_check(10)")?;
            let lines = statement
                .query_map([], |row| row.get::<_, String>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        })
    }
}
