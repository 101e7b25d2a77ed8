//! Leases by name, and the repair of times after the clock was set back.

use std::time::Duration;

use super::values::{changes, execute, instant, row};
use super::{SqlStore, runs};
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Row, Transaction, params};
use crate::store::{Clock, Holder, Leases, Result};

impl Leases for SqlStore {
    fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        token: &str,
        lease: Duration,
        clock: &Clock<'_>,
    ) -> Result<bool> {
        // One statement for the three ways to get a lease: it is not held (INSERT), it has expired, or this token renews it.
        // In any other case the WHERE of the upsert keeps it from changing the row. The last condition: a lease that expires
        // later than any that is taken now was taken before the clock was set back.
        let sql = "INSERT INTO leases (name, holder, token, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at
             WHERE leases.expires_at < ?5 OR leases.token = excluded.token OR leases.expires_at > ?6";
        self.write(|transaction| {
            let Some(now) = clock() else { return Ok(false) };
            let (end, latest) = (now.plus(lease).0, now.plus(lease * 2).0);
            changes(
                transaction,
                sql,
                params![name, holder, token, end, now.0, latest],
            )
        })
    }

    fn lease_holder(&self, name: &str) -> Result<Option<Holder>> {
        let sql = "SELECT holder, expires_at FROM leases WHERE name = ?1";
        let holder = |row: &Row<'_>| {
            Ok(Holder {
                name: row.get("holder")?,
                expires_at: instant(row, "expires_at")?,
            })
        };
        self.read(|connection| row(connection, sql, [name], holder))
    }

    fn release_lease(&self, name: &str, token: &str) -> Result<()> {
        let sql = "DELETE FROM leases WHERE name = ?1 AND token = ?2";
        self.write(|transaction| execute(transaction, sql, [name, token]).map(drop))
    }

    fn repair_times(
        &self,
        longest_wait: Duration,
        margin: Duration,
        clock: &Clock<'_>,
    ) -> Result<usize> {
        self.write(|transaction| {
            let Some(now) = clock() else { return Ok(0) };
            let longest: Option<i64> = transaction
                .prepare_cached("SELECT max(lease_ms) FROM workers")?
                .query_row([], |row| row.get(0))?;
            let longest = Duration::from_millis(longest.unwrap_or(0).unsigned_abs());
            let (due, expiry) = (now.plus(longest_wait), now.plus(longest + margin));
            Ok(repair_runs(transaction, due, expiry, now)?
                + repair_environments(transaction, due, expiry, now)?)
        })
    }
}

/// Repairs the times of environments. The conditions are ranges of the indexes of what waits and of what is leased.
fn repair_environments(
    transaction: &Transaction<'_>,
    due: Timestamp,
    expiry: Timestamp,
    now: Timestamp,
) -> driver::Result<usize> {
    let waiting = execute(
        transaction,
        "UPDATE environments SET available_at = ?2 WHERE status = 'queued' AND available_at > ?1",
        params![due.0, now.0],
    )?;
    let leased = execute(
        transaction,
        "UPDATE environments SET claim_expires_at = ?1 WHERE status = 'building' AND claim_expires_at > ?1",
        [expiry.0],
    )?;
    Ok(waiting + leased)
}

/// The runs of one environment that are due too late.
pub(super) const DUE_TOO_LATE: &str = "UPDATE queue SET available_at = ?3 WHERE environment_id = ?1 AND status = 'queued' AND available_at > ?2";

/// Repairs the times of runs. What waits is indexed by its environment.
fn repair_runs(
    transaction: &Transaction<'_>,
    due: Timestamp,
    expiry: Timestamp,
    now: Timestamp,
) -> driver::Result<usize> {
    let mut waiting = execute(
        transaction,
        "UPDATE queue SET available_at = ?2 WHERE environment_id IS NULL AND status = 'queued' AND available_at > ?1",
        params![due.0, now.0],
    )?;
    runs::each_environment(transaction, |wanted| {
        waiting += execute(transaction, DUE_TOO_LATE, params![wanted.id, due.0, now.0])?;
        Ok(true)
    })?;
    let leased = execute(
        transaction,
        "UPDATE queue SET claim_expires_at = ?1 WHERE run_id IN (SELECT run_id FROM queue_running WHERE claim_expires_at > ?1)",
        [expiry.0],
    )?;
    Ok(waiting + leased)
}
