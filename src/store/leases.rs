//! Leases by name, for work that only one process may do at a time; and the repair of times after the clock was set back.

use std::time::Duration;

use super::{Clock, Result};
use crate::base::clock::Timestamp;

/// The holder of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name that it gave.
    pub name: String,
    /// Until when the lease holds without a renewal.
    pub expires_at: Timestamp,
}

/// Leases by name, and the repair of times.
pub trait Leases {
    /// Takes or renews a lease by name. False: another process holds it, or the clock cannot be trusted. The clock is read with
    /// the database in hand: to a process that stood still since it looked at it, a lease that was taken meanwhile would seem
    /// to come from the future.
    fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        token: &str,
        lease: Duration,
        clock: &Clock<'_>,
    ) -> Result<bool>;

    /// Returns the holder of a lease, or the last one that did not release it.
    fn lease_holder(&self, name: &str) -> Result<Option<Holder>>;

    /// Releases a lease, if the token still holds it.
    fn release_lease(&self, name: &str, token: &str) -> Result<()>;

    /// Repairs times that lie too far in the future because the clock was set back. A queued run or environment that is due
    /// only after `longest_wait` becomes due now, and a lease that holds for longer than that of any registered process, and
    /// `margin`, is cut to that. Returns how many records were changed.
    fn repair_times(
        &self,
        longest_wait: Duration,
        margin: Duration,
        clock: &Clock<'_>,
    ) -> Result<usize>;
}
