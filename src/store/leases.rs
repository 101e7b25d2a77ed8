//! Leases by name, for what only one process may do at a time; and what a clock that went back means for leases of all kinds.

use std::time::Duration;

use super::{Clock, Result};
use crate::clock::Timestamp;

/// Leases by name, and leases after a clock went back.
pub trait Leases {
    /// Takes or renews a lease by name. False: somebody else holds it.
    ///
    /// # Errors
    /// The database can't serve.
    fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        token: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<bool>;

    /// Gives a lease up, if it is still this one's.
    ///
    /// # Errors
    /// The database can't serve.
    fn release_lease(&self, name: &str, token: &str) -> Result<()>;

    /// After a clock has gone back, what waits would wait for what it was before. Whatever run or environment is due only
    /// after `longest_wait` is due now, and whatever lease of one holds for longer than `longest_lease` holds for that.
    /// Returns how many were changed.
    ///
    /// # Errors
    /// The database can't serve.
    fn repair_times(
        &self,
        longest_wait: Duration,
        longest_lease: Duration,
        clock: &Clock<'_>,
    ) -> Result<usize>;
}
