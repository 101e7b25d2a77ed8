//! Named leases for work that only one process may do at a time; the renewal of claims; and the repair of times after the
//! clock was set back.

use std::time::Duration;

use super::Call;
use super::driver::{self, Transaction, params, record};
use super::{Claim, Clock, Result, Store, runs};
use crate::base::clock::Timestamp;
use crate::system::lease::{Heartbeat, RenewableLease, UnreachableStore};

/// The maximum time between renewals of a claim on a server, where they are the only sign of life that other hosts see.
const BEATS_ON_SERVER: Duration = Duration::from_secs(10);

/// The holder of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name that the holder gave.
    pub name: String,
    /// When the lease expires unless it is renewed.
    pub expires_at: Timestamp,
}

/// The run or environment that a claim is on, by its id.
#[derive(Clone, Copy, Debug)]
pub enum ClaimTarget<'a> {
    /// A run that is being executed.
    Run(&'a str),
    /// An environment that is being built.
    Environment(&'a str),
}

/// A claim with the store that records it.
pub struct ClaimLease<'a> {
    /// The store that records the claim.
    pub store: &'a Store,
    /// The claimed run or environment.
    pub on: ClaimTarget<'a>,
    /// The claim that is renewed.
    pub claim: &'a Claim,
}

impl RenewableLease for ClaimLease<'_> {
    fn length(&self) -> Duration {
        self.claim.lease
    }
    fn renewed_every(&self) -> Duration {
        let third = (self.claim.lease / 3).max(Duration::from_secs(1));
        let most = match self.is_of_several_machines() {
            true => BEATS_ON_SERVER,
            false => Duration::MAX,
        };
        third.min(most).min(self.claim.lease)
    }
    fn is_of_several_machines(&self) -> bool {
        self.store.host().is_some()
    }
    fn renew(&self, now: Timestamp) -> std::result::Result<Heartbeat, UnreachableStore> {
        let beat = match self.on {
            ClaimTarget::Run(id) => self.store.heartbeat_run(id, self.claim, now),
            ClaimTarget::Environment(id) => self.store.heartbeat_environment(id, self.claim, now),
        };
        beat.map_err(|_| UnreachableStore)
    }
    fn watch(&self) -> Option<std::result::Result<Heartbeat, UnreachableStore>> {
        match self.on {
            ClaimTarget::Run(id) => {
                let beat = self.store.watch_run(id, self.claim);
                Some(beat.map_err(|_| UnreachableStore))
            }
            // A build is not cancelled through its record.
            ClaimTarget::Environment(_) => None,
        }
    }
}

impl Store {
    /// Takes or renews a lease by name. False: another process holds it, or the clock cannot be trusted. The clock is read
    /// inside the transaction: to a process that was suspended after reading the clock, a lease taken meanwhile would seem to
    /// come from the future.
    pub fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        token: &str,
        lease: Duration,
        clock: &Clock<'_>,
    ) -> Result<bool> {
        self.observed(Call::AcquireLease(token), None, |store| {
            // One statement covers the three ways to get a lease: it is not held (INSERT), it has expired, or this token
            // renews it. Otherwise the WHERE of the upsert prevents a change. The last condition: a lease that expires later
            // than any lease taken now was taken before the clock was set back.
            let sql = "INSERT INTO leases (name, holder, token, expires_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at
                 WHERE leases.expires_at < ?5 OR leases.token = excluded.token OR leases.expires_at > ?6";
            store.write(|transaction| {
                let Some(now) = clock() else { return Ok(false) };
                let (end, latest) = (now.plus(lease), now.plus(lease * 2));
                transaction.changes(sql, params![name, holder, token, end, now, latest])
        })
        })
    }

    /// Returns the holder of a lease, or its last holder if it was not released.
    pub fn lease_holder(&self, name: &str) -> Result<Option<Holder>> {
        let sql = "SELECT holder, expires_at FROM leases WHERE name = ?1";
        self.row(sql, [name])
    }

    /// Releases a lease, if the token still holds it.
    pub fn release_lease(&self, name: &str, token: &str) -> Result<()> {
        self.observed(Call::ReleaseLease, None, |store| {
            let sql = "DELETE FROM leases WHERE name = ?1 AND token = ?2";
            store.execute(sql, [name, token])
        })
    }

    /// Repairs times that are too far in the future because the clock was set back. A queued run or environment that is due
    /// only after `longest_wait` becomes due now, and a lease that lasts longer than the longest lease of a registered process
    /// plus `margin` is cut to that. Returns the number of changed records.
    pub fn repair_times(
        &self,
        longest_wait: Duration,
        margin: Duration,
        clock: &Clock<'_>,
    ) -> Result<usize> {
        self.observed(Call::CorrectTimes, None, |store| {
            store.write(|transaction| {
                let Some(now) = clock() else { return Ok(0) };
                let longest = "SELECT coalesce(max(lease_ms), 0) FROM workers";
                let longest = Duration::from_millis(transaction.one(longest, [])?);
                let (due, expiry) = (now.plus(longest_wait), now.plus(longest + margin));
                Ok(repair_runs(transaction, due, expiry, now)?
                    + repair_environments(transaction, due, expiry, now)?)
            })
        })
    }
}

record!(Holder(row) { expires_at; name: row.get("holder")? });

/// Repairs the times of environments. The conditions are ranges in the indexes of waiting and leased environments.
fn repair_environments(
    transaction: &Transaction<'_>,
    due: Timestamp,
    expiry: Timestamp,
    now: Timestamp,
) -> driver::Result<usize> {
    let waiting = transaction.changed(
        "UPDATE environments SET available_at = ?2 WHERE status = 'queued' AND available_at > ?1",
        params![due, now],
    )?;
    let leased = transaction.changed(
        "UPDATE environments SET claim_expires_at = ?1 WHERE status = 'building' AND claim_expires_at > ?1",
        [expiry],
    )?;
    Ok(waiting + leased)
}

/// Repairs the runs of one environment that are due too late.
pub(super) const DUE_TOO_LATE: &str = "UPDATE queue SET available_at = ?3 WHERE environment_id = ?1 AND status = 'queued' AND available_at > ?2";

/// Repairs the times of runs. Waiting runs are indexed by environment.
fn repair_runs(
    transaction: &Transaction<'_>,
    due: Timestamp,
    expiry: Timestamp,
    now: Timestamp,
) -> driver::Result<usize> {
    let mut waiting = transaction.changed(
        "UPDATE queue SET available_at = ?2 WHERE environment_id IS NULL AND status = 'queued' AND available_at > ?1",
        params![due, now],
    )?;
    runs::each_environment(transaction, |wanted| {
        waiting += transaction.changed(DUE_TOO_LATE, params![wanted.id, due, now])?;
        Ok(true)
    })?;
    let leased = transaction.changed(
        "UPDATE queue SET claim_expires_at = ?1 WHERE run_id IN (SELECT run_id FROM queue_running WHERE claim_expires_at > ?1)",
        [expiry],
    )?;
    Ok(waiting + leased)
}
