//! Leases by name, and the repair of times after the clock was set back.

use std::time::Duration;

use rusqlite::{Transaction, params};

use super::SqliteStore;
use super::prefix::Table;
use super::values::execute;
use crate::clock::Timestamp;
use crate::store::{Clock, Leases, Result};

impl Leases for SqliteStore {
    fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        token: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| acquire(transaction, name, holder, token, lease, now))
    }

    fn release_lease(&self, name: &str, token: &str) -> Result<()> {
        self.write(|transaction| release(transaction, name, token))
    }

    fn repair_times(
        &self,
        longest_wait: Duration,
        longest_lease: Duration,
        clock: &Clock<'_>,
    ) -> Result<usize> {
        self.write(|transaction| {
            let Some(now) = clock() else { return Ok(0) };
            let (due, expiry) = (now.plus(longest_wait), now.plus(longest_lease));
            Ok(repair(transaction, Table::Runs, due, expiry, now)?
                + repair(transaction, Table::Environments, due, expiry, now)?)
        })
    }
}

fn acquire(
    transaction: &Transaction<'_>,
    name: &str,
    holder: &str,
    token: &str,
    lease: Duration,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    // One statement for the three ways to get a lease: it is not held (INSERT), it has expired, or this token renews it.
    // In any other case the WHERE of the upsert keeps it from changing the row. The last condition: a lease that expires
    // later than any that is taken now was taken before the clock was set back.
    let changed = execute(
        transaction,
        "INSERT INTO leases (name, holder, token, expires_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at
         WHERE leases.expires_at < ?5 OR leases.token = excluded.token OR leases.expires_at > ?6",
        params![name, holder, token, now.plus(lease).0, now.0, now.plus(lease * 2).0],
    )?;
    Ok(changed == 1)
}

fn release(transaction: &Transaction<'_>, name: &str, token: &str) -> rusqlite::Result<()> {
    execute(
        transaction,
        "DELETE FROM leases WHERE name = ?1 AND token = ?2",
        [name, token],
    )?;
    Ok(())
}

/// Repairs the times of one table's records. The conditions are ranges of the table's indexes of what waits and of what is
/// leased.
fn repair(
    transaction: &Transaction<'_>,
    table: Table,
    due: Timestamp,
    expiry: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let name = table.name();
    let claimed = match table {
        Table::Runs => "running",
        Table::Environments => "building",
    };
    let waiting = execute(
        transaction,
        &format!(
            "UPDATE {name} SET available_at = ?2 WHERE status = 'queued' AND available_at > ?1"
        ),
        params![due.0, now.0],
    )?;
    let leased = execute(
        transaction,
        &format!(
            "UPDATE {name} SET claim_expires_at = ?1 WHERE status = '{claimed}' AND claim_expires_at > ?1"
        ),
        [expiry.0],
    )?;
    Ok(waiting + leased)
}
