//! Opens and checks databases, and tracks the file that a store is open on.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rusqlite::Connection;

use super::options::DatabaseOptions;
use super::{connection, error, migrate, migrations};
use crate::settings::Settings;
use crate::store::driver::{self, Backend};
use crate::store::schema::{Migration, MigrationState, OpenMode, SchemaStatus};
use crate::store::{Result, StoreError, Tables};
use crate::store::{Store, deliveries};

impl Store {
    /// Returns all migrations of this `ade`.
    pub fn migrations() -> &'static [Migration] {
        migrations::MIGRATIONS
    }

    /// Opens the database and checks its schema.
    ///
    /// # Errors
    /// It is absent, behind, newer, altered, damaged, locked, out of reach, or on a network.
    pub fn open(settings: &Settings, path: &Path, opening: OpenMode) -> Result<Self> {
        let options = DatabaseOptions::from_settings(settings, path);
        store(current(&options, opening)?, options)
    }

    /// Creates an empty database with the current schema in memory, for tests and simulations. It is gone when the last
    /// connection to `file:/<name>?vfs=memdb` is closed; connections in the same process share it.
    ///
    /// # Errors
    /// The settings name a mode that SQLite does not have.
    pub fn in_memory(settings: &Settings, name: &str) -> Result<Self> {
        let path = format!("file:/{name}?vfs=memdb");
        let options = DatabaseOptions::from_settings(settings, path.as_ref());
        let mut connection = migrate::connect(&options, true)?;
        migrate::apply_pending(&mut connection, &options)?;
        store(connection, options)
    }

    /// Reads the state of the database's schema, without changing anything.
    ///
    /// # Errors
    /// It is damaged, locked or out of reach.
    pub fn status(settings: &Settings, path: &Path) -> Result<SchemaStatus> {
        let options = DatabaseOptions::from_settings(settings, path);
        options.demand_own_disk()?;
        if !path.exists() {
            return Ok(SchemaStatus {
                path: path.to_owned(),
                applied: Vec::new(),
                known: Self::migrations(),
                state: MigrationState::Absent,
            });
        }
        let connection = migrate::connect(&options, false)?;
        migrate::schema_status(&connection, &options)
    }

    /// Runs SQLite's own check of the file. Returns the problems found.
    ///
    /// # Errors
    /// See [`Store::open`].
    pub(in crate::store) fn integrity_problems(
        settings: &Settings,
        path: &Path,
    ) -> Result<Vec<String>> {
        let options = DatabaseOptions::from_settings(settings, path);
        let connection = current(&options, OpenMode::Existing)?;
        // The quick check omits the slowest part: whether every row has its entry in every index.
        problems(&connection, "quick_check").map_err(|error| error::explain(&options, error))
    }
}

/// Copies a database file as it is at one moment into a new file, while other processes use it, and checks the copy. Returns
/// each table with the number of its rows.
///
/// # Errors
/// See [`open`](crate::store::open). Also if the file cannot be written, or if the copy is damaged, as the database is then.
pub fn copy(settings: &Settings, path: &Path, to: &Path) -> Result<Tables> {
    let options = DatabaseOptions::from_settings(settings, path);
    let connection = current(&options, OpenMode::Existing)?;
    // Counted and copied in one transaction, so that writes of other processes are in neither.
    let begun = connection.execute_batch("BEGIN");
    let counted = begun.and_then(|()| count(&connection));
    let counted = counted.map_err(|error| error::explain(&options, error))?;
    migrate::copy(&connection, &options, to)?;
    let damaged = |message| StoreError::Damaged {
        path: path.to_owned(),
        message,
    };
    match check(settings, to) {
        Ok(copied) if copied == counted => Ok(counted),
        Ok(_) => Err(damaged("its copy has different rows".to_owned())),
        Err(StoreError::Damaged { message, .. }) => Err(damaged(message)),
        Err(error) => Err(error),
    }
}

/// Checks a whole database file with any schema. Returns each table with the number of its rows.
///
/// # Errors
/// The file is damaged, or cannot be read.
pub fn check(settings: &Settings, path: &Path) -> Result<Tables> {
    let options = DatabaseOptions::from_settings(settings, path);
    let connection = migrate::connect(&options, false)?;
    let checked = problems(&connection, "integrity_check")
        .and_then(|problems| Ok((problems, count(&connection)?)));
    match checked.map_err(|error| error::explain(&options, error))? {
        (problems, tables) if problems.is_empty() => Ok(tables),
        (problems, _) => Err(StoreError::Damaged {
            path: options.path,
            message: problems.join("; "),
        }),
    }
}

/// Returns the problems that a check of SQLite finds: the first ten suffice to call a database damaged.
fn problems(connection: &Connection, check: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA {check}(10)"))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    lines
        .filter(|line| line.as_ref().map_or(true, |line| line != "ok"))
        .collect()
}

fn count(connection: &Connection) -> rusqlite::Result<Tables> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@'";
    let mut tables = connection.prepare(sql)?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?;
    let rows_of = |name: String| {
        let sql = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        Ok((name, rows.unsigned_abs()))
    };
    names.map(|name| rows_of(name?)).collect()
}

/// Opens a connection to a database whose schema is current.
fn current(options: &DatabaseOptions, opening: OpenMode) -> Result<Connection> {
    options.demand_own_disk()?;
    if !options.path.exists() {
        match opening {
            OpenMode::Existing => {
                let path = options.path.clone();
                return Err(StoreError::Absent { path });
            }
            OpenMode::CreateIfAbsent => {
                migrate::bring_up_to_date(options)?;
            }
        }
    }
    let connection = migrate::connect(options, false)?;
    let mut status = migrate::schema_status(&connection, options)?;
    if opening == OpenMode::CreateIfAbsent
        && status.state == MigrationState::Behind(status.known.len())
    {
        // An empty file is a creation that was interrupted.
        migrate::bring_up_to_date(options)?;
        status = migrate::schema_status(&connection, options)?;
    }
    status.demand_current()?;
    Ok(connection)
}

/// Returns the store on the connection that writes, which records deliveries with each end of a run.
fn store(connection: Connection, options: DatabaseOptions) -> Result<Store> {
    let connection = driver::Connection::Sqlite(connection);
    deliveries::record_with_ends(&connection, &options.deliveries)
        .map_err(|error| error::explain(&options, error))?;
    Ok(Store::on(connection, DatabaseFile::new(options)))
}

/// The numbers of a device and of a file on it.
type FileIdentity = (u64, u64);

fn file_identity(path: &Path) -> Option<FileIdentity> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// A database file that is open.
struct DatabaseFile {
    options: DatabaseOptions,
    /// The file that was opened; `None` for a database in memory.
    opened: Option<FileIdentity>,
}

impl DatabaseFile {
    fn new(options: DatabaseOptions) -> Self {
        let opened = file_identity(&options.path);
        Self { options, opened }
    }
}

impl Backend for DatabaseFile {
    fn reader(&self) -> Option<driver::Connection> {
        // A database in memory is visible only to its own connection.
        let is_file = self.options.path.is_file();
        let opened = is_file.then(|| connection::connect(&self.options, false).ok());
        opened.flatten().map(driver::Connection::Sqlite)
    }

    fn demand_in_place(&self) -> Result<()> {
        let path = &self.options.path;
        match file_identity(path) {
            // A database in memory has no file.
            found if self.opened.is_none() || found == self.opened => Ok(()),
            None => Err(StoreError::Absent { path: path.clone() }),
            Some(_) => Err(StoreError::Replaced { path: path.clone() }),
        }
    }

    fn demand_current_schema(&self, connection: &driver::Connection) -> Result<()> {
        match connection {
            driver::Connection::Sqlite(connection) => {
                migrate::schema_status(connection, &self.options)?.demand_current()
            }
            driver::Connection::Postgres(_) => Ok(()),
        }
    }

    fn explain(&self, error: driver::Error) -> StoreError {
        error::explain(&self.options, error)
    }
}
