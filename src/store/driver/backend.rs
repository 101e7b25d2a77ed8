//! The operations of a database beyond statements.

use std::time::Duration;

use super::connection::Connection;
use super::error::Error;
use crate::base::cancel::Cancel;
use crate::store::{Result, StoreError};

/// The database that a store is open on.
pub trait Backend: Send + Sync {
    /// Opens another connection for readers. `None`: the database has only the first connection.
    fn reader(&self) -> Option<Connection>;

    /// Returns the host that its sessions work for, if several hosts share the database.
    fn host(&self) -> Option<&str> {
        None
    }

    /// Opens a connection only for heartbeats, so that no long statement delays them. `None`: heartbeats use the connection
    /// for writes.
    fn for_heartbeats(&self) -> Option<Connection> {
        None
    }

    /// Returns an error if the database was moved away or replaced. It is still open in this process, but the files that its
    /// records name are no longer where this process expects them, and other processes use another database: so this process
    /// records and claims nothing.
    fn demand_in_place(&self) -> Result<()>;

    /// Calls `ring` whenever a transaction has woken sleeping processes, until `end` is set. `false`: this database cannot do
    /// that.
    fn listen(&self, _ring: &dyn Fn(), _end: &Cancel) -> bool {
        false
    }

    /// Sets the time limit for each answer of a server from now on, because somebody waits for it.
    fn answer_within(&self, _: Duration) {}

    /// Checks the schema again, if other processes may migrate it while it is open.
    fn demand_current_schema(&self, _: &Connection) -> Result<()> {
        Ok(())
    }

    /// Explains an error to the user.
    fn explain(&self, error: Error) -> StoreError;
}
