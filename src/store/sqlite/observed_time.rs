//! The time that processes have seen pass.

use rusqlite::{Connection, OptionalExtension};

use super::SqliteStore;
use super::values::execute;
use crate::clock::Timestamp;
use crate::store::sqlite::transaction::Transaction;
use crate::store::{ObservedTime, Result, Unseen};

/// A stretch that is shorter than this, in milliseconds, counts as seen.
const SHORT: i64 = 300_000;

/// Noted so often at most, in milliseconds: much more often than [`SHORT`].
const OFTEN: i64 = 30_000;

impl ObservedTime for SqliteStore {
    fn observe(&self, now: Timestamp) -> Result<()> {
        self.write_at(now, |_| Ok(()))
    }

    fn unseen(&self, now: Timestamp) -> Result<Vec<Unseen>> {
        self.read(|connection| unseen(connection, now))
    }
}

impl SqliteStore {
    /// Writes in one transaction a time by which collection judges ages: that time is noted as observed with it.
    pub(super) fn write_at<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.write(|transaction| {
            observe(transaction, now)?;
            work(transaction)
        })
    }
}

fn last(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT seen_at FROM observed_time")?
        .query_row([], |row| row.get(0))
        .optional()
}

/// Whatever time is written by which collection judges ages is observed in the same transaction: else what was used after the
/// clock was set back would look older than it is, once the clock is right again.
pub(super) fn observe(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let last = last(transaction)?;
    if last.is_some_and(|last| (last..last + OFTEN).contains(&now.0)) {
        return Ok(());
    }
    if let Some(last) = last {
        if now.0 - last > SHORT {
            execute(
                transaction,
                "INSERT INTO unseen_time (from_at, to_at) VALUES (?1, ?2) ON CONFLICT (from_at) DO UPDATE SET to_at = max(to_at, excluded.to_at)",
                [last, now.0],
            )?;
        } else if now.0 < last {
            // What was noted while the clock was ahead did not happen then. What is between here and there comes again.
            execute(
                transaction,
                "DELETE FROM unseen_time WHERE from_at >= ?1",
                [now.0],
            )?;
            execute(
                transaction,
                "UPDATE unseen_time SET to_at = ?1 WHERE to_at > ?1",
                [now.0],
            )?;
        }
    }
    execute(
        transaction,
        "INSERT INTO observed_time (one, seen_at) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET seen_at = excluded.seen_at",
        [now.0],
    )?;
    Ok(())
}

fn unseen(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Unseen>> {
    let mut statement = connection.prepare_cached(
        "SELECT from_at, to_at FROM unseen_time WHERE from_at < ?1 ORDER BY from_at DESC",
    )?;
    let kept = statement.query_map([now.0], |row| {
        Ok(Unseen {
            from: Timestamp(row.get(0)?),
            to: Timestamp(row.get::<_, i64>(1)?.min(now.0)),
        })
    })?;
    let mut stretches = Vec::new();
    if let Some(last) = last(connection)?
        && now.0 - last > SHORT
    {
        stretches.push(Unseen {
            from: Timestamp(last),
            to: now,
        });
    }
    for stretch in kept {
        stretches.push(stretch?);
    }
    Ok(stretches)
}
