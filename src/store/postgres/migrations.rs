//! PostgreSQL's migrations: the same numbers as SQLite's, with the same tables and columns.

use crate::base::clock::Timestamp;
use crate::store::driver::postgres::Session;
use crate::store::driver::{Connection, Result, params};
use crate::store::schema::Migration;

/// All migrations of this `ade`.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "schema",
        sql: include_str!("migrations/0001_schema.sql"),
    },
    Migration {
        version: 2,
        name: "trouble",
        sql: include_str!("migrations/0002_trouble.sql"),
    },
    Migration {
        version: 3,
        name: "default",
        sql: include_str!("migrations/0003_default.sql"),
    },
    Migration {
        version: 4,
        name: "deleted",
        sql: include_str!("migrations/0004_deleted.sql"),
    },
    Migration {
        version: 5,
        name: "turns",
        sql: include_str!("migrations/0005_turns.sql"),
    },
    Migration {
        version: 6,
        name: "totals",
        sql: include_str!("migrations/0006_totals.sql"),
    },
    Migration {
        version: 7,
        name: "deliveries",
        sql: include_str!("migrations/0007_deliveries.sql"),
    },
    Migration {
        version: 8,
        name: "of_input",
        sql: include_str!("migrations/0008_of_input.sql"),
    },
];

/// Makes the schema where there is none, and applies what is pending, in one transaction. Processes that try at once wait for each other.
pub(super) fn apply(session: Session, schema: &str, now: Timestamp) -> Result<Connection> {
    let connection = Connection::Postgres(Box::new(session));
    connection.execute_batch(&format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtext('ade migrations'), hashtext('{schema}'));
         CREATE SCHEMA IF NOT EXISTS {schema};
         CREATE TABLE IF NOT EXISTS schema_migrations (version bigint PRIMARY KEY NOT NULL, name text NOT NULL, checksum text NOT NULL,
             applied_at bigint NOT NULL, ade_version text NOT NULL)"
    ))?;
    let known = "SELECT 1 FROM schema_migrations WHERE version = ?1";
    for migration in MIGRATIONS {
        if connection
            .prepare_cached(known)?
            .exists([migration.version])?
        {
            continue;
        }
        connection.execute_batch(migration.sql)?;
        let note = "INSERT INTO schema_migrations (version, name, checksum, applied_at, ade_version) VALUES (?1, ?2, ?3, ?4, ?5)";
        connection.prepare_cached(note)?.execute(params![
            migration.version,
            migration.name,
            migration.checksum(),
            now.0,
            env!("CARGO_PKG_VERSION"),
        ])?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(connection)
}
