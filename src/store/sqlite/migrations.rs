//! SQLite's migrations: plain SQL files, numbered, carried in the binary, never changed once they have landed, comments
//! included.
//!
//! `schema_migrations` keeps what was applied, with a checksum. A database that a newer `ade` migrated, or whose
//! migrations differ from the ones carried here, is refused before anything is read from it. When they are applied, under
//! which lock and after which backup, is decided in `migrate`.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::clock::Timestamp;
use crate::store::schema::{AppliedMigration, Migration};

/// All migrations that this `ade` carries.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "queue_and_records",
        sql: include_str!("migrations/0001_queue_and_records.sql"),
    },
    Migration {
        version: 2,
        name: "workers",
        sql: include_str!("migrations/0002_workers.sql"),
    },
];

const CREATE_SCHEMA_MIGRATIONS: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL, ade_version TEXT NOT NULL
) STRICT";

/// Reads the applied migrations. The database may be an empty file, without even the table of migrations.
pub(super) fn applied(connection: &Connection) -> rusqlite::Result<Vec<AppliedMigration>> {
    let has_table = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
            [],
            |_| Ok(()),
        )
        .optional()?
        .is_some();
    if !has_table {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT version, name, checksum, applied_at, ade_version FROM schema_migrations ORDER BY version")?;
    let rows = statement.query_map([], |row| {
        Ok(AppliedMigration {
            version: row.get(0)?,
            name: row.get(1)?,
            checksum: row.get(2)?,
            applied_at: Timestamp(row.get(3)?),
            ade_version: row.get(4)?,
        })
    })?;
    rows.collect()
}

/// Applies what is pending, in one transaction with its entries in `schema_migrations`: a process that opens the database
/// meanwhile sees either the old or the new schema, and an interrupted creation leaves an empty file. The caller holds the
/// migration lock.
pub(super) fn apply(
    connection: &mut Connection,
    now: Timestamp,
) -> rusqlite::Result<Vec<&'static Migration>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(CREATE_SCHEMA_MIGRATIONS)?;
    let mut done = Vec::new();
    for migration in MIGRATIONS {
        let present = transaction
            .prepare("SELECT 1 FROM schema_migrations WHERE version = ?1")?
            .exists([migration.version])?;
        if !present {
            transaction.execute_batch(migration.sql)?;
            transaction.execute(
                "INSERT INTO schema_migrations (version, name, checksum, applied_at, ade_version) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![migration.version, migration.name, migration.checksum(), now.0, crate::VERSION],
            )?;
            done.push(migration);
        }
    }
    transaction.commit()?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_without_gaps() {
        for (position, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, i64::try_from(position).unwrap() + 1);
        }
    }

    #[test]
    fn what_landed_is_never_changed() {
        // Existing databases hold these checksums; after a change here they would be refused as altered.
        let known = [
            "51d508ef3b0ac3fa559a76c5a7955c2346de1b7eae8c4d3ca965a8d14f79eb78",
            "f24949fce39220ed65c6de95b8615c66aa2d75da463ca29ddb411642d7e76e46",
        ];
        assert_eq!(
            MIGRATIONS
                .iter()
                .map(Migration::checksum)
                .collect::<Vec<_>>(),
            known
        );
    }
}
