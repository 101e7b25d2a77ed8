//! The store on SQLite: one file, any number of processes on one machine.
//!
//! One connection in each process that writes, behind a mutex, and a few that read. Writes are short `BEGIN IMMEDIATE` transactions: the write lock is taken
//! before the first read, so that what a transaction has read still holds when it writes, and so that waiting for the lock
//! follows the busy timeout, which SQLite ignores when a transaction turns from reading to writing. No transaction spans a
//! process or a file operation.
//!
//! - `identity`, `configurations`, `documents`, `tokens`, `environments`, `runs`, `results`, `copies`, `workers`, `leases`, `observed_time`,
//!   `collection`, `changes`, `pauses`, `deliveries` and `queue_statistics` mirror the files of the same names above: each implements its trait, with the
//!   statements beside it.
//! - `open` and `migrate` open, create and upgrade a database; `migrations` and its folder hold the schema, with each index.
//! - `options` reads the settings, `connection` and `busy` set a connection up, `transaction` lets threads take turns with it,
//!   `error` converts SQLite's errors, `values` holds what the statements share, `paths` stores paths relative to the data directory,
//!   `prefix` finds ids by a part of them.
//!
//! Live work is apart from history: `queue` holds the runs that are queued or running and nothing else, so what is done often
//! costs the same however many runs have ended; `runs` is written when a run is recorded and when it ends.
//!
//! Rules for all statements: a change of state names the state it starts from in its WHERE, and the claim's token where
//! there is a claim; the number of changed rows tells whether it happened. What ends a run or its claim has read both in the same
//! transaction (`runs/live.rs`). A partial index is used only by a query that contains the index's condition literally.
//! `plans.rs` holds the plans of the frequent statements.

mod busy;
mod changes;
mod collection;
mod configurations;
mod connection;
mod copies;
mod deliveries;
mod documents;
mod environments;
mod error;
mod identity;
mod leases;
mod migrate;
mod migrations;
mod observed_time;
mod open;
mod options;
mod paths;
mod pauses;
#[cfg(test)]
mod plan_tests;
mod prefix;
mod queue_statistics;
mod results;
mod runs;
#[cfg(test)]
mod tests;
mod tokens;
mod transaction;
mod values;
mod workers;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{MutexGuard, OnceLock};

use rusqlite::Connection;

use self::options::DatabaseOptions;
use self::transaction::{OneConnection, Transaction};
use super::{Result, Store, StoreError};

/// So many threads of a process read at once, beside the one that writes. With fewer than a small server has clients at once, some
/// wait several times as long as others do: no order is kept among those that wait for a connection.
const READERS: usize = 8;

/// The store on SQLite.
pub struct SqliteStore {
    shared: OneConnection,
    /// Further connections, for readers that meet a writer or each other: the write-ahead log lets them read what is committed,
    /// and they wait for no disk. Each is opened by the first that needs it.
    readers: [OnceLock<Option<OneConnection>>; READERS],
    /// Counts the readers that found all of them in use.
    waiting: AtomicUsize,
    options: DatabaseOptions,
    /// The file that was opened; a database in memory has none.
    file: Option<FileIdentity>,
}

/// The numbers of a device and of a file on it.
type FileIdentity = (u64, u64);

fn file_identity(path: &Path) -> Option<FileIdentity> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

impl Store for SqliteStore {}

impl SqliteStore {
    fn connect(options: &DatabaseOptions, create: bool) -> Result<Self> {
        let connection = connection::connect(options, create)
            .map_err(|error| error::explain(&options.path, options.busy_timeout, error))?;
        Ok(Self {
            shared: OneConnection::new(connection),
            readers: Default::default(),
            waiting: AtomicUsize::new(0),
            options: options.clone(),
            file: file_identity(&options.path),
        })
    }

    /// Reads without a transaction: several statements in `work` may see different states.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.reading()).map_err(|error| self.explain(error))
    }

    fn reading(&self) -> MutexGuard<'_, Connection> {
        if let Some(free) = self.shared.try_lock() {
            return free;
        }
        let open = || {
            // A database in memory is its connection's own.
            let is_file = self.options.path.is_file();
            let opened = is_file.then(|| connection::connect(&self.options, false).ok());
            opened.flatten().map(OneConnection::new)
        };
        for reader in &self.readers {
            let Some(reader) = reader.get_or_init(open) else {
                return self.shared.lock();
            };
            if let Some(free) = reader.try_lock() {
                return free;
            }
        }
        let turn = self.waiting.fetch_add(1, Ordering::Relaxed) % READERS;
        let next = self.readers[turn].get().and_then(Option::as_ref);
        next.unwrap_or(&self.shared).lock()
    }

    /// Writes in one transaction.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.shared.write(work).map_err(|error| self.explain(error))
    }

    /// A database that was moved away or replaced under this process is still open, but the files that its records name are no
    /// longer where this process looks for them, and others look into another one: it takes on and claims nothing.
    fn demand_in_place(&self) -> Result<()> {
        let path = &self.options.path;
        // One in memory has no file.
        match file_identity(path) {
            found if self.file.is_none() || found == self.file => Ok(()),
            None => Err(StoreError::Absent { path: path.clone() }),
            Some(_) => Err(StoreError::Replaced { path: path.clone() }),
        }
    }

    fn explain(&self, error: rusqlite::Error) -> StoreError {
        error::explain(&self.options.path, self.options.busy_timeout, error)
    }
}
