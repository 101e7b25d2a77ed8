//! What the store asks of a database beyond its statements.

use std::time::Duration;

use super::connection::Connection;
use super::error::Error;
use crate::base::cancel::Cancel;
use crate::store::{Result, StoreError};

/// The database that a store is open on.
pub trait Backend: Send + Sync {
    /// One more connection, for readers. `None`: the database has but the one.
    fn reader(&self) -> Option<Connection>;

    /// The host that its sessions work for, where several share the database.
    fn host(&self) -> Option<&str> {
        None
    }

    /// A connection for heartbeats alone, so that no long statement delays them. `None`: they go the way of all that is written.
    fn for_heartbeats(&self) -> Option<Connection> {
        None
    }

    /// A database that was moved away or replaced under this process is still open, but the files that its records name are no
    /// longer where this process looks for them, and others look into another one: it takes on and claims nothing.
    fn demand_in_place(&self) -> Result<()>;

    /// Calls `ring` whenever a transaction has woken those who sleep, until `end` is set. `false`: this database cannot.
    fn listen(&self, _ring: &dyn Fn(), _end: &Cancel) -> bool {
        false
    }

    /// From now on a server has so long for each answer: somebody waits for it.
    fn answer_within(&self, _: Duration) {}

    /// Looks at the schema once more, where other processes may migrate it while it is open.
    fn demand_current_schema(&self, _: &Connection) -> Result<()> {
        Ok(())
    }

    /// What an error means for the user.
    fn explain(&self, error: Error) -> StoreError;
}
