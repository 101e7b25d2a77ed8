//! The content of the database, read through a connection of its own with plain SQL, so that the store is not asked about itself.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags, Row};

#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    pub status: String,
    pub attempts: u32,
    pub most: u32,
    pub available_at: i64,
    pub created_at: i64,
    pub environment: Option<String>,
    pub token: Option<String>,
    pub claimed_by: Option<String>,
    pub process: Option<String>,
    pub expires_at: Option<i64>,
    pub cancel_requested: bool,
    pub completed_at: Option<i64>,
    pub exit_code: Option<i32>,
    /// Its priority and its submitter.
    pub turn: (i64, String),
}

impl RunRow {
    pub fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "succeeded" | "failed" | "cancelled")
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentRow {
    pub status: String,
    pub folder: String,
    pub token: Option<String>,
    pub expires_at: Option<i64>,
    pub available_at: i64,
    pub attempts: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRow {
    pub worker: String,
    pub outcome: Option<String>,
    pub has_ended: bool,
}

/// The content of the database at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub runs: BTreeMap<String, RunRow>,
    pub environments: BTreeMap<String, EnvironmentRow>,
    pub attempts: BTreeMap<(String, u32), AttemptRow>,
    /// True if the configuration, or everything, is paused.
    pub is_paused: bool,
    /// The times of the last use of environments; if never used, of their last change.
    pub used: BTreeMap<String, i64>,
}

/// A connection to the database in memory that the store of this name uses.
pub fn connect(name: &str, access: OpenFlags) -> Connection {
    let flags = access | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(format!("file:/{name}?vfs=memdb"), flags).unwrap()
}

/// A connection that reads snapshots.
pub struct Window {
    connection: Connection,
    version: Option<i64>,
}

impl Window {
    pub fn open(name: &str) -> Self {
        Self {
            connection: connect(name, OpenFlags::SQLITE_OPEN_READ_ONLY),
            version: None,
        }
    }

    /// Returns a snapshot, if the database may have changed since the last look.
    pub fn look(&mut self) -> Option<Snapshot> {
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .unwrap();
        if self.version == Some(version) {
            return None;
        }
        self.version = Some(version);
        Some(Snapshot {
            runs: self.rows(
                "SELECT r.id, coalesce(r.status, q.status, 'in no queue'), coalesce(q.attempt_count, r.attempt_count), r.max_attempts,
                 coalesce(q.available_at, 0), r.created_at, coalesce(q.environment_id, r.environment_id), q.claim_token, q.claimed_by, q.claim_process,
                 q.claim_expires_at, coalesce(q.cancel_requested_at, r.cancel_requested_at) IS NOT NULL, r.completed_at, r.exit_code, coalesce(q.priority, 1), coalesce(q.submitter, '')
                 FROM runs r LEFT JOIN queue q ON q.run_id = r.id",
                |row| {
                    let run = RunRow {
                        status: row.get(1)?,
                        attempts: row.get(2)?,
                        most: row.get(3)?,
                        available_at: row.get(4)?,
                        created_at: row.get(5)?,
                        environment: row.get(6)?,
                        token: row.get(7)?,
                        claimed_by: row.get(8)?,
                        process: row.get(9)?,
                        expires_at: row.get(10)?,
                        cancel_requested: row.get(11)?,
                        completed_at: row.get(12)?,
                        exit_code: row.get(13)?,
                        turn: (row.get(14)?, row.get(15)?),
                    };
                    Ok((row.get(0)?, run))
                },
            ),
            environments: self.rows(
                "SELECT id, status, claim_token, claim_expires_at, available_at, attempt_count, folder FROM environments",
                |row| {
                    let environment = EnvironmentRow {
                        status: row.get(1)?,
                        token: row.get(2)?,
                        expires_at: row.get(3)?,
                        available_at: row.get(4)?,
                        attempts: row.get(5)?,
                        folder: format!("/data/{}", row.get::<_, String>(6)?),
                    };
                    Ok((row.get(0)?, environment))
                },
            ),
            is_paused: !self
                .rows("SELECT configuration_id, paused_at FROM pauses", |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                })
                .is_empty(),
            used: self.rows(
                "SELECT id, coalesce(last_used_at, updated_at) FROM environments",
                |row| Ok((row.get(0)?, row.get(1)?)),
            ),
            attempts: self.rows(
                "SELECT run_id, attempt, worker, outcome, completed_at IS NOT NULL FROM run_attempts",
                |row| {
                    let attempt = AttemptRow {
                        worker: row.get(2)?,
                        outcome: row.get(3)?,
                        has_ended: row.get(4)?,
                    };
                    Ok(((row.get(0)?, row.get(1)?), attempt))
                },
            ),
        })
    }

    fn rows<K: Ord, V>(
        &self,
        sql: &str,
        row: impl Fn(&Row<'_>) -> rusqlite::Result<(K, V)>,
    ) -> BTreeMap<K, V> {
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        statement
            .query_map([], |found| row(found))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap()
    }
}
