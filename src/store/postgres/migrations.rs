//! PostgreSQL's migrations, with the same numbers, tables and columns as SQLite's.

use crate::base::clock::Timestamp;
use crate::store::driver::{Connection, Result, params};
use crate::store::schema::{AppliedMigration, Migration, migrations};

/// All migrations of this `ade`.
pub(super) const MIGRATIONS: &[Migration] = migrations!();

/// Creates the schema if it does not exist, and applies pending migrations, in one transaction. Processes that try at once
/// wait for each other. Returns the applied migrations.
pub(super) fn apply(
    connection: &Connection,
    schema: &str,
    now: Timestamp,
) -> Result<Vec<&'static Migration>> {
    connection.execute_batch(&format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtext('ade migrations'), hashtext('{schema}'));
         CREATE SCHEMA IF NOT EXISTS {schema};
         CREATE TABLE IF NOT EXISTS schema_migrations (version bigint PRIMARY KEY NOT NULL, name text NOT NULL, checksum text NOT NULL,
             applied_at bigint NOT NULL, ade_version text NOT NULL)"
    ))?;
    let made = apply_pending(connection, now);
    let end = if made.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute_batch(end);
    let applied = made?;
    ended.map(|()| applied)
}

fn apply_pending(connection: &Connection, now: Timestamp) -> Result<Vec<&'static Migration>> {
    let known = "SELECT 1 FROM schema_migrations WHERE version = ?1";
    let mut applied = Vec::new();
    for migration in MIGRATIONS {
        if connection.exists(known, [migration.version])? {
            continue;
        }
        connection.execute_batch(migration.sql)?;
        let note = "INSERT INTO schema_migrations (version, name, checksum, applied_at, ade_version) VALUES (?1, ?2, ?3, ?4, ?5)";
        let Migration { version, name, .. } = migration;
        let values = params![version, name, migration.checksum(), now, crate::VERSION];
        connection.execute(note, values)?;
        applied.push(migration);
    }
    Ok(applied)
}

/// Returns the migrations of a schema; none if there is no schema.
pub(super) fn applied(connection: &Connection) -> Result<Vec<AppliedMigration>> {
    let exists = "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL";
    match connection.exists(exists, [])? {
        true => connection.rows(AppliedMigration::ALL, []),
        false => Ok(Vec::new()),
    }
}
