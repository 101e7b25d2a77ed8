//! Tracks since when the database is in use, so that nothing is deleted because a clock jumped.
//!
//! Every write of a time by which ages are judged also records the time of the wall clock. A long interval between two such
//! records is a gap: either no process was working in it, or the clock jumped over it, and it is impossible to tell which.

use super::Call;
use super::driver::{self, Transaction, params, record};
use super::{Result, Store};
use crate::base::clock::Timestamp;

/// The maximum interval between records that is no gap, in milliseconds: ten days. Nights, weekends and holidays are no gaps.
const GAP: i64 = 10 * 86_400_000;

/// The maximum time in milliseconds by which the clock may be behind the last record without having been set back. Processes
/// that write a time they read a moment ago are behind by less.
const BEHIND: i64 = 300_000;

/// The minimum interval between two records, in milliseconds.
const OFTEN: i64 = 30_000;

impl Store {
    /// Records the time of the wall clock.
    pub fn observe(&self, now: Timestamp) -> Result<()> {
        self.observed(Call::Look, Some(now), |store| {
            store.write_at(now, |_| Ok(()))
        })
    }

    /// Returns since when the database is in use, if the clock now says `now`: the first record after the last gap of more
    /// than ten days, or after the clock was set back by more than five minutes. `None`: there was neither. Records nothing.
    pub fn in_use_since(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let last: Option<ClockReading> = self.row(LAST, [])?;
        Ok(last.and_then(|last| last.in_use_since(now)).map(Timestamp))
    }

    /// Writes a time by which collection judges ages, and records it as observed in the same transaction.
    pub(super) fn write_at<T>(
        &self,
        now: Timestamp,
        mut work: impl FnMut(&Transaction<'_>) -> driver::Result<T>,
    ) -> Result<T> {
        self.write(|transaction| {
            observe(transaction, now)?;
            work(transaction)
        })
    }
}

/// The last recorded time of the clock.
struct ClockReading {
    seen_at: i64,
    in_use_since: Option<i64>,
}

impl ClockReading {
    /// Returns since when the database is in use at the next record.
    fn in_use_since(&self, now: Timestamp) -> Option<i64> {
        let goes_on = (-BEHIND..=GAP).contains(&(now.0 - self.seen_at));
        if goes_on {
            self.in_use_since
        } else {
            Some(now.0)
        }
    }
}

const LAST: &str = "SELECT seen_at, in_use_since FROM observed_time";

record!(ClockReading(row) { seen_at, in_use_since });

/// Records a time in the transaction that writes it, if collection judges ages by it: otherwise a record that was used after
/// the clock was set back would look older than it is, once the clock is right again.
pub(super) fn observe(transaction: &Transaction<'_>, now: Timestamp) -> driver::Result<()> {
    let noted = transaction.noted("observed_time");
    if noted.is_some_and(|at| (at..at + OFTEN).contains(&now.0)) {
        return Ok(());
    }
    let last: Option<ClockReading> = transaction.row(LAST, [])?;
    if let Some(last) = &last
        && (last.seen_at..last.seen_at + OFTEN).contains(&now.0)
    {
        transaction.note("observed_time", last.seen_at);
        return Ok(());
    }
    // Another process that is about to record the time records the same.
    if !transaction.gate_is_free("observed_time")? {
        return Ok(());
    }
    transaction.later(
        "INSERT INTO observed_time (one, seen_at, in_use_since) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET seen_at = excluded.seen_at, in_use_since = excluded.in_use_since",
        params![now, last.and_then(|last| last.in_use_since(now))],
    )?;
    transaction.note("observed_time", now.0);
    Ok(())
}
