//! The store as statements of SQL, written once for every database.
//!
//! One connection in each process that writes, behind a mutex, and a few that read; to a server all of them write. Writes are short
//! transactions: what one has read still holds when it writes. No transaction spans a process or a file operation.
//!
//! - `identity`, `configurations`, `documents`, `tokens`, `environments`, `hosts`, `runs`, `results`, `run_logs`, `copies`, `workers`, `leases`, `observed_time`,
//!   `collection`, `changes`, `pauses`, `deliveries` and `queue_statistics` mirror the files of the same names above: each implements its trait, with the
//!   statements beside it.
//! - `values` holds what the statements share, `prefix` finds ids by a part of them, `limits` counts what a submitter or a workspace has, and
//!   `together` sends what threads of a process ask a server for at the same time.
//! - What runs the statements is in `driver/`; a folder for each database beside this one opens it and holds its schema.
//!
//! Live work is apart from history: `queue` holds the runs that are queued or running and nothing else, so what is done often
//! costs the same however many runs have ended; `runs` is written when a run is recorded and when it ends.
//!
//! Rules for all statements: a change of state names the state it starts from in its WHERE, and the claim's token where
//! there is a claim; the number of changed rows tells whether it happened. What ends a run or its claim has read both in the same
//! transaction (`runs/live.rs`). A partial index is used only by a query that contains the index's condition literally.
//! A path is written and looked for as `relative(?)` and read as `absolute(column)`: each database knows both functions.
//! `plan_tests.rs` holds the plans of the frequent statements on SQLite.

mod changes;
mod collection;
mod configurations;
mod copies;
pub(in crate::store) mod deliveries;
mod documents;
mod environments;
mod hosts;
mod identity;
mod leases;
mod limits;
mod observed_time;
mod pauses;
#[cfg(test)]
mod plan_tests;
mod prefix;
mod queue_statistics;
mod results;
mod run_logs;
mod runs;
mod together;
mod tokens;
mod values;
mod workers;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{MutexGuard, OnceLock};

use self::together::{Beat, End, Together};
use super::driver::{self, Backend, Connection, OneConnection, Transaction};
use super::{Result, Store};

/// So many threads of a process read at once, beside the one that writes. With fewer than a small server has clients at once, some
/// wait several times as long as others do: no order is kept among those that wait for a connection.
const READERS: usize = 8;

/// The store on a database that speaks SQL.
pub struct SqlStore {
    pub(super) shared: OneConnection,
    /// Further connections, for readers that meet a writer or each other. Each is opened by the first that needs it.
    readers: [OnceLock<Option<OneConnection>>; READERS],
    /// Of heartbeats, where they have their own.
    heartbeats: OnceLock<Option<OneConnection>>,
    is_server: bool,
    /// The last claim found nothing.
    was_idle: AtomicBool,
    /// Heartbeats, looks at claims, and ends of runs that go to a server together.
    beats: Together<Beat, Option<bool>>,
    looks: Together<Beat, Option<bool>>,
    ends: Together<End, bool>,
    /// Counts the readers that found all of them in use.
    waiting: AtomicUsize,
    backend: Box<dyn Backend>,
}

impl Store for SqlStore {}

impl SqlStore {
    pub(super) fn on(connection: Connection, backend: impl Backend + 'static) -> Self {
        Self {
            is_server: connection.is_server(),
            shared: OneConnection::new(connection),
            readers: Default::default(),
            heartbeats: OnceLock::new(),
            was_idle: AtomicBool::new(true),
            beats: Together::default(),
            looks: Together::default(),
            ends: Together::default(),
            waiting: AtomicUsize::new(0),
            backend: Box::new(backend),
        }
    }

    /// Reads without a transaction: several statements in `work` may see different states.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> driver::Result<T>) -> Result<T> {
        work(&self.reading()).map_err(|error| self.explain(error))
    }

    fn reading(&self) -> MutexGuard<'_, Connection> {
        if let Some(free) = self.shared.try_lock() {
            return free;
        }
        let open = || self.backend.reader().map(OneConnection::new);
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

    /// A connection to write on. A server's serve each for itself, and its locks keep writers apart.
    fn writing(&self) -> MutexGuard<'_, Connection> {
        if self.is_server {
            return self.reading();
        }
        self.shared.lock()
    }

    /// Writes in one transaction.
    pub(super) fn write<T>(
        &self,
        work: impl FnMut(&Transaction<'_>) -> driver::Result<T>,
    ) -> Result<T> {
        let written = self.writing().write(work);
        written.map_err(|error| self.explain(error))
    }

    /// Writes what is new, where the database is still the one that others look into.
    fn write_new<T>(&self, work: impl FnMut(&Transaction<'_>) -> driver::Result<T>) -> Result<T> {
        self.demand_in_place()?;
        self.write(work)
    }

    /// Writes with one statement, which waits for no other of this process: so heartbeats are in time.
    fn write_one<T>(&self, work: impl FnMut(&Connection) -> driver::Result<T>) -> Result<T> {
        let own = || self.backend.for_heartbeats().map(OneConnection::new);
        let own = self.heartbeats.get_or_init(own).as_ref();
        let written = own.unwrap_or(&self.shared).lock().write_one(work);
        written.map_err(|error| self.explain(error))
    }

    fn demand_in_place(&self) -> Result<()> {
        self.backend.demand_in_place()
    }

    pub(super) fn explain(&self, error: driver::Error) -> super::StoreError {
        self.backend.explain(error)
    }
}
