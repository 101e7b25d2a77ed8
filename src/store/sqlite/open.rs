//! Opens a database, and examines one.

use std::path::Path;

use super::options::DatabaseOptions;
use super::{SqliteStore, deliveries, migrations};
use crate::settings::Settings;
use crate::store::schema::{Migration, MigrationState, Opening, SchemaStatus};
use crate::store::{Result, StoreError};

impl SqliteStore {
    /// All migrations of this `ade`.
    pub fn migrations() -> &'static [Migration] {
        migrations::MIGRATIONS
    }

    /// Opens the database and checks its schema.
    ///
    /// # Errors
    /// It is absent, behind, newer, altered, damaged, locked, out of reach, or on a network.
    pub fn open(settings: &Settings, path: &Path, opening: Opening) -> Result<Self> {
        let options = DatabaseOptions::of(settings, path);
        options.demand_own_disk()?;
        if !options.path.exists() {
            match opening {
                Opening::Existing => return Err(StoreError::Absent { path: options.path }),
                Opening::CreateIfAbsent => {
                    Self::bring_up_to_date(&options)?;
                }
            }
        }
        let store = Self::connect(&options, false)?;
        let mut status = store.schema_status()?;
        if opening == Opening::CreateIfAbsent
            && status.state == MigrationState::Behind(status.known.len())
        {
            // An empty file: a creation that was interrupted.
            Self::bring_up_to_date(&options)?;
            status = store.schema_status()?;
        }
        status.demand_current()?;
        store.record_deliveries()?;
        Ok(store)
    }

    /// An empty database of the current schema in memory, for tests and simulations. It is gone when the last connection
    /// to `file:/<name>?vfs=memdb` is closed; another one in the same process shares it.
    ///
    /// # Errors
    /// The settings name a mode that SQLite does not have.
    pub fn in_memory(settings: &Settings, name: &str) -> Result<Self> {
        let path = format!("file:/{name}?vfs=memdb");
        let store = Self::connect(&DatabaseOptions::of(settings, path.as_ref()), true)?;
        store.apply_pending()?;
        store.record_deliveries()?;
        Ok(store)
    }

    /// The one connection that writes records what is to be told with each end.
    fn record_deliveries(&self) -> Result<()> {
        let recorded = deliveries::record_with_ends(&self.shared.lock(), &self.options.deliveries);
        recorded.map_err(|error| self.explain(error))
    }

    /// Reads the state of the database's schema, without changing anything.
    ///
    /// # Errors
    /// It is damaged, locked or out of reach.
    pub fn status(settings: &Settings, path: &Path) -> Result<SchemaStatus> {
        let options = DatabaseOptions::of(settings, path);
        options.demand_own_disk()?;
        if !path.exists() {
            return Ok(SchemaStatus {
                path: path.to_owned(),
                applied: Vec::new(),
                known: Self::migrations(),
                state: MigrationState::Absent,
            });
        }
        Self::connect(&options, false)?.schema_status()
    }

    /// The schema's state.
    pub fn schema_status(&self) -> Result<SchemaStatus> {
        let applied = self.read(migrations::applied)?;
        let known = Self::migrations();
        Ok(SchemaStatus {
            path: self.options.path.clone(),
            state: MigrationState::of(&applied, known),
            applied,
            known,
        })
    }

    /// Runs SQLite's own check of the file. Returns the problems that it found.
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
