//! The state of a database as a whole: whether it exists and is sound, and how its migrations compare with those that this
//! `ade` knows.
//!
//! These values are the same for every backend; a backend brings its own migrations and reads and applies them
//! (`sqlite/migrations.rs`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::driver::record;
use super::{Result, StoreError};
use crate::base::clock::Timestamp;

/// The tables of a database, each with the number of its rows.
pub type Tables = BTreeMap<String, u64>;

/// The behaviour for a database that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Return an error if it does not exist.
    Existing,
    /// Create and migrate the database.
    CreateIfAbsent,
}

/// One migration of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The number, from 1 without gaps.
    pub version: i64,
    /// The name of the migration.
    pub name: &'static str,
    /// The SQL statements of the migration.
    pub sql: &'static str,
}

impl Migration {
    /// Returns the SHA-256 of its statements.
    pub fn checksum(&self) -> String {
        crate::base::digest::sha256(self.sql).to_string()
    }
}

/// Lists all migrations, from the folder `migrations` beside the file that uses this macro: every backend has the same numbers
/// and names.
macro_rules! migrations {
    () => {
        migrations!(
            1 "0001" "schema", 2 "0002" "trouble", 3 "0003" "default", 4 "0004" "deleted", 5 "0005" "turns", 6 "0006" "totals",
            7 "0007" "deliveries", 8 "0008" "of_input", 9 "0009" "ended_token", 10 "0010" "told", 11 "0011" "operating",
            12 "0012" "left_out",
            13 "0013" "turns_stay", 14 "0014" "archived"
        )
    };
    ($($version:literal $number:literal $name:literal),*) => {
        &[$($crate::store::schema::Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("migrations/", $number, "_", $name, ".sql")),
        }),*]
    };
}

pub(super) use migrations;

/// A migration that was applied to a database.
#[derive(Clone, Debug)]
pub struct AppliedMigration {
    /// The number of the migration.
    pub version: i64,
    /// The name of the migration.
    pub name: String,
    /// The checksum of the migration when it was applied.
    pub checksum: String,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// The version of the `ade` that applied it.
    pub ade_version: String,
}

impl AppliedMigration {
    /// Selects the applied migrations of a database that has their table, the first migration first.
    pub(super) const ALL: &str = "SELECT version, name, checksum, applied_at, ade_version FROM schema_migrations ORDER BY version";
}

record!(AppliedMigration(row) { version, name, checksum, applied_at, ade_version });

/// The comparison of a database's migrations with those of this `ade`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// There is no database yet.
    Absent,
    /// All migrations are applied, and none is unknown.
    Current,
    /// This number of migrations is pending.
    Behind(usize),
    /// The database has this version, which this `ade` does not know.
    Ahead(i64),
    /// This migration differs from that of this `ade`.
    Altered(i64, String),
}

impl MigrationState {
    /// Compares the migrations that a database has with those of this `ade`.
    pub(super) fn compare(applied: &[AppliedMigration], known: &[Migration]) -> Self {
        for migration in applied {
            let same_version = |known: &&Migration| known.version == migration.version;
            if let Some(known) = known.iter().find(same_version)
                && known.checksum() != migration.checksum
            {
                return Self::Altered(migration.version, migration.name.clone());
            }
        }
        let newest = applied.last().map_or(0, |migration| migration.version);
        if newest > known.last().map_or(0, |migration| migration.version) {
            return Self::Ahead(newest);
        }
        match known.len() - applied.len() {
            0 => Self::Current,
            pending => Self::Behind(pending),
        }
    }
}

/// The migrations of a database and their state.
#[derive(Clone, Debug)]
pub struct SchemaStatus {
    /// The path of the database.
    pub path: PathBuf,
    /// The applied migrations, the first migration first.
    pub applied: Vec<AppliedMigration>,
    /// The migrations of this `ade`, the first migration first.
    pub known: &'static [Migration],
    /// The result of the comparison.
    pub state: MigrationState,
}

impl SchemaStatus {
    /// Returns an error if the schema is not current.
    ///
    /// # Errors
    /// The database is absent, behind, newer or altered.
    pub fn demand_current(&self) -> Result<()> {
        let path = self.path.clone();
        match &self.state {
            MigrationState::Current => Ok(()),
            MigrationState::Absent => Err(StoreError::Absent { path }),
            MigrationState::Behind(pending) => Err(StoreError::NotMigrated {
                path,
                pending: *pending,
            }),
            MigrationState::Ahead(found) => Err(StoreError::Newer {
                path,
                found: *found,
                known: self.known.last().map_or(0, |migration| migration.version),
            }),
            MigrationState::Altered(version, name) => Err(StoreError::Altered {
                path,
                version: *version,
                name: name.clone(),
            }),
        }
    }
}

/// The result of a database's own integrity check.
#[derive(Clone, Debug)]
pub struct DatabaseCheck {
    /// The path of the database.
    pub path: PathBuf,
    /// The problems, in the database's words; none if it is sound.
    pub problems: Vec<String>,
}

/// The records that were moved from one database into another.
#[derive(Clone, Debug, Default)]
pub struct MoveSummary {
    /// Each table with the number of its rows.
    pub tables: Vec<(&'static str, u64)>,
    /// The tables whose contents differ.
    pub different: Vec<&'static str>,
}

impl MoveSummary {
    /// Records the rows of a table, and whether both sides hold the same.
    pub(super) fn note(&mut self, table: &'static str, rows: u64, is_same: bool) {
        self.tables.push((table, rows));
        if !is_same {
            self.different.push(table);
        }
    }
}

/// The result of a migration.
#[derive(Clone, Debug)]
pub struct MigrationOutcome {
    /// The migrations that were applied.
    pub applied: Vec<&'static Migration>,
    /// The backup that was made first, if there was something to back up.
    pub backup: Option<PathBuf>,
    /// The path of the database.
    pub path: PathBuf,
    /// Whether the database was created.
    pub created: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARRIED: [Migration; 2] = [
        Migration {
            version: 1,
            name: "one",
            sql: "1",
        },
        Migration {
            version: 2,
            name: "two",
            sql: "2",
        },
    ];

    fn applied(version: i64, sql: &'static str) -> AppliedMigration {
        let name = "n";
        AppliedMigration {
            version,
            name: name.to_owned(),
            checksum: Migration { version, name, sql }.checksum(),
            applied_at: Timestamp(0),
            ade_version: String::new(),
        }
    }

    #[test]
    fn a_database_is_current_behind_ahead_or_altered() {
        let state = |applied: &[AppliedMigration]| MigrationState::compare(applied, &CARRIED);
        let (one, two) = (applied(1, "1"), applied(2, "2"));
        assert_eq!(state(&[]), MigrationState::Behind(2));
        assert_eq!(state(std::slice::from_ref(&one)), MigrationState::Behind(1));
        assert_eq!(state(&[one.clone(), two.clone()]), MigrationState::Current);
        assert_eq!(
            state(&[one, two.clone(), applied(3, "3")]),
            MigrationState::Ahead(3)
        );
        assert_eq!(
            state(&[applied(1, "other"), two, applied(3, "3")]),
            MigrationState::Altered(1, "n".to_owned()),
            "what was altered is said before what is unknown"
        );
    }
}
