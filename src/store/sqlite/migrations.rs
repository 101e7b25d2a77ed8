//! SQLite's migrations: plain SQL files, numbered, carried in the binary, never changed once they have landed, comments
//! included.
//!
//! `schema_migrations` keeps what was applied, with a checksum. A database that a newer `ade` migrated, or whose
//! migrations differ from the ones carried here, is refused before anything is read from it. When they are applied, under
//! which lock and after which backup, is decided in `migrate`.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

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
    Migration {
        version: 3,
        name: "live_queue",
        sql: include_str!("migrations/0003_live_queue.sql"),
    },
    Migration {
        version: 4,
        name: "identity_and_observed_time",
        sql: include_str!("migrations/0004_identity_and_observed_time.sql"),
    },
    Migration {
        version: 5,
        name: "computed_fields",
        sql: include_str!("migrations/0005_computed_fields.sql"),
    },
    Migration {
        version: 6,
        name: "short_ids_and_copies",
        sql: include_str!("migrations/0006_short_ids_and_copies.sql"),
    },
    Migration {
        version: 7,
        name: "failed_builds",
        sql: include_str!("migrations/0007_failed_builds.sql"),
    },
    Migration {
        version: 8,
        name: "running",
        sql: include_str!("migrations/0008_running.sql"),
    },
    Migration {
        version: 9,
        name: "api",
        sql: include_str!("migrations/0009_api.sql"),
    },
    Migration {
        version: 10,
        name: "trouble",
        sql: include_str!("migrations/0010_trouble.sql"),
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
    // A table that is made anew is dropped in between: with foreign keys on, the rows that refer to it would be deleted with
    // it. They are checked before the commit instead. The setting cannot be changed within a transaction.
    connection.pragma_update(None, "foreign_keys", false)?;
    let done = apply_unchecked(connection, now);
    connection.pragma_update(None, "foreign_keys", true)?;
    done
}

fn apply_unchecked(
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
    if !done.is_empty() {
        refuse_dangling_references(&transaction)?;
    }
    transaction.commit()?;
    Ok(done)
}

/// # Errors
/// A row refers to one that does not exist. That is how a foreign key fails that is checked at once.
fn refuse_dangling_references(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let dangling: Option<(String, String)> = transaction
        .query_row("PRAGMA foreign_key_check", [], |row| {
            Ok((row.get(0)?, row.get(2)?))
        })
        .optional()?;
    dangling.map_or(Ok(()), |(table, parent)| {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
        let message = format!("after the migration a row of {table} would refer to one of {parent} that does not exist");
        Err(rusqlite::Error::SqliteFailure(code, Some(message)))
    })
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
            "8a76f897d941169bfec7e28d82001e43ec16d6689f5df4e703600a9b97839e5c",
            "906e7295c102b4dbb16c5fa455d64d8845c5de0869f26094f2f68c4618cb3731",
            "b5ad02d1b6c2f1df988310b686c0a7a43ebe33412176f7790b85e406a8c64f44",
            "3c15cc5814b06887918d0d137104fe0f524052c9253ecfa34a257dc4e6b0c56e",
            "04c0a8139b796dec51516df6992034d41c82ae7ddfb61a702cb63646e693b4db",
            "5214eb14ba4620391a70cccade3ffa24e94da8ad49b872f83572bf5e64a870a0",
            "afd6c3dbcf407449261b74a84a11bda255259f92e90956ce4530dbe8dfe17323",
            "019e7d81879dad69f6a075c88f33306429f9dea6f68896e8719d05ac25dae288",
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
