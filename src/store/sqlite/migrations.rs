//! SQLite's migrations: plain, numbered SQL files in the binary. They never change once they have landed, including comments.
//!
//! `schema_migrations` records the applied migrations with their checksums. A database that a newer `ade` migrated, or whose
//! migrations differ from those of this `ade`, is refused before anything is read from it. `migrate` decides when they are
//! applied, under which lock and after which backup.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::base::clock::Timestamp;
use crate::store::driver;
use crate::store::schema::{AppliedMigration, Migration, migrations};

/// All migrations of this `ade`.
pub(super) const MIGRATIONS: &[Migration] = migrations!();

const CREATE_SCHEMA_MIGRATIONS: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL, ade_version TEXT NOT NULL
) STRICT";

/// Reads the applied migrations. The database may be an empty file, even without the table of migrations.
pub(super) fn applied(connection: &Connection) -> driver::Result<Vec<AppliedMigration>> {
    let has_table =
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'";
    if !connection.prepare(has_table)?.exists([])? {
        return Ok(Vec::new());
    }
    let all = connection.prepare_cached(AppliedMigration::ALL)?;
    driver::Statement::Sqlite(all).rows([])
}

/// Applies pending migrations in one transaction with their entries in `schema_migrations`: a process that opens the database
/// meanwhile sees either the old or the new schema, and an interrupted creation leaves an empty file. The caller holds the
/// migration lock.
pub(super) fn apply(
    connection: &mut Connection,
    now: Timestamp,
) -> rusqlite::Result<Vec<&'static Migration>> {
    // A table that is rebuilt is dropped in between: with foreign keys enabled, the rows that refer to it would be deleted
    // with it. They are checked before the commit instead. The setting cannot be changed within a transaction.
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
                params![migration.version, migration.name, migration.checksum(), now, crate::VERSION],
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

/// Checks all foreign keys.
///
/// # Errors
/// A row refers to a row that does not exist. The error is that of an immediate foreign key.
fn refuse_dangling_references(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let dangling: Option<(String, String)> = transaction
        .query_row("PRAGMA foreign_key_check", [], |row| {
            Ok((row.get(0)?, row.get(2)?))
        })
        .optional()?;
    dangling.map_or(Ok(()), |(table, parent)| {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
        let message = format!("after the migration a row of {table} would refer to a row of {parent} that does not exist");
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
            "f4d3a579f78955789dbf6ce5520d434884482ed13d9de43c5857cf3f06044627",
            "2c6a75df15115842dd3d71b44c9944a56cc4140467ee8bc9b5bcc6102b25dfc8",
            "0ac4efbba1204a7b2f24786b7172cb0e78be336326372c98b1d3b5b24ab01be9",
            "3b9aca5aac59918f6a39d3ca1c8747b78900c3aed3f5915c33a1f00095fd52e3",
            "d49ad2a5c8807e74f44b08e210b8bc377ea9623597b8acbb04268daf28cc6800",
            "41c91d5180e58585604c7ef06e37012768a99248851f64090340c776310bf2af",
            "77de4435aaac78c2974796f20fcc9b0ace705484e470714528dc6d29e9010b8e",
            "52225e37f5b4593d8603a90d43d847869ffa06d1f05872e2a953480cb1842fba",
            "68738edc78681865e4da90e786881313bd86d5d2027987f5cf3d5ef97cad3818",
            "6dc9b3ae2b8de81e95a6d50597dedcb170cba3be3f0652c1dc5bb947565eaf94",
            "53bbb79e0056ca6d2340d071ee259c90763e1b596b9ac20d62fcf604dd6036d9",
            "861d54e8e44856e8b51dfa73dbabdf2791242eeeac90a0dafaa962b38617004d",
            "4b54324236c2dd96730c71818599cc7d53ba38c45aaf24e3d793d85bafce5c81",
            "0de832e478009f7ce5e14d704f09755581e37a58baebf45641b1bef00f54f257",
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
