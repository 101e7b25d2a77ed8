//! Several hosts that execute runs from one database, and the clock that they share.
//!
//! A host is a data directory. Each builds the environments that it executes runs in, so an environment is another one on each host,
//! with the same id: what the store says of environments it says of those of its own host. Runs are claimed by any host whose environment
//! is ready. A database that is a file has one host.

use std::time::Duration;

use super::{Result, RunRecord};
use crate::base::clock::Timestamp;

/// The hosts of the database. What is given here holds for a database of one host.
pub trait Hosts {
    /// The host that the store works for, by the id of its data directory. `None`: there is no other.
    fn host(&self) -> Option<&str> {
        None
    }

    /// What the clock says that all hosts go by. `None`: that of this machine is the one.
    fn server_time(&self) -> Result<Option<Timestamp>> {
        Ok(None)
    }

    /// From now on a server has so long for each answer: somebody waits for it.
    fn answer_within(&self, _most: Duration) {}

    /// Looks whether the database is still the one that was opened: in its place, and of a schema that this `ade` knows.
    ///
    /// # Errors
    /// It is not, or does not answer.
    fn demand_known_schema(&self) -> Result<()> {
        Ok(())
    }

    /// Returns a run for each environment that this host has not and should build: no host at work has it or is about to, or more runs
    /// have been due for ten seconds than those hosts have free slots.
    fn runs_without_host(&self, _now: Timestamp) -> Result<Vec<RunRecord>> {
        Ok(Vec::new())
    }

    /// Deletes the records of other hosts' environments that were last used, or changed, before a time and that no queued or running run
    /// needs, where no process works for that host. Returns how many.
    fn forget_hosts(&self, _before: Timestamp) -> Result<usize> {
        Ok(0)
    }
}
