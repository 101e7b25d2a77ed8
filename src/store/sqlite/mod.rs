//! The store on SQLite: one file, any number of processes on one machine.
//!
//! One connection in each process, behind a mutex. Writes are short `BEGIN IMMEDIATE` transactions: the write lock is taken
//! before the first read, so that what a transaction has read still holds when it writes, and so that waiting for the lock
//! follows the busy timeout, which SQLite ignores when a transaction turns from reading to writing. No transaction spans a
//! process or a file operation.
//!
//! - `configurations`, `environments`, `runs`, `results`, `workers`, `leases`, `queue_statistics` mirror the files of the same
//!   names above: each implements its trait, with the statements beside it.
//! - `open` and `migrate` open, create and upgrade a database; `migrations` and its folder hold the schema, with each index.
//! - `options` reads the settings, `connection` and `busy` set a connection up, `error` converts SQLite's errors, `values`
//!   and `prefix` hold what the statements share.
//!
//! Rules for all statements: a change of state names the state it starts from in its WHERE, and the claim's token where
//! there is a claim; the number of changed rows tells whether it happened. A condition that repeats another one
//! (`status = 'queued' AND status IN ('queued', 'running')`) is there for a partial index, which SQLite uses only if the
//! query contains the index's condition literally. `plans.rs` holds the plans of the frequent statements.

mod busy;
mod configurations;
mod connection;
mod environments;
mod error;
mod leases;
mod migrate;
mod migrations;
mod open;
mod options;
mod prefix;
mod queue_statistics;
mod results;
mod runs;
mod values;
mod workers;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::options::Options;
use super::{Result, StoreError};

/// The store on SQLite.
pub struct SqliteStore {
    path: PathBuf,
    connection: Mutex<Connection>,
    busy_timeout: Duration,
}

impl SqliteStore {
    fn connect(options: &Options, create: bool) -> Result<Self> {
        let connection = connection::connect(options, create)
            .map_err(|error| error::explain(&options.path, options.busy_timeout, error))?;
        Ok(Self {
            path: options.path.clone(),
            connection: Mutex::new(connection),
            busy_timeout: options.busy_timeout,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic inside a transaction rolled it back; the connection itself is sound.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads without a transaction: several statements in `work` may see different states.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.lock()).map_err(|error| self.explain(error))
    }

    /// Writes in one transaction.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let mut connection = self.lock();
        let run = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|error| self.explain(error))
    }

    fn explain(&self, error: rusqlite::Error) -> StoreError {
        error::explain(&self.path, self.busy_timeout, error)
    }
}
