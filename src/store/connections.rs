//! The connections to the database, and the rules for all statements.
//!
//! Each process has one connection that writes, behind a mutex, and a few that read; on a server all of them write. Writes are
//! short transactions: values that a transaction has read still hold when it writes. No transaction spans a process or a file
//! operation.
//!
//! Live work is separate from history: `queue` holds only the runs that are queued or running, so the cost of frequent
//! operations does not depend on the number of ended runs; `runs` is written when a run is recorded and when it ends.
//!
//! Rules for all statements: a change of state names the state it starts from in its WHERE, and the claim's token if there is
//! a claim; the number of changed rows shows whether it happened. A statement that ends a run or its claim has read both in
//! the same transaction (`runs/live.rs`). A partial index is used only by a query that contains the index's condition
//! literally. A path is written and searched as `relative(?)` and read as `absolute(column)`: each database knows both
//! functions. `suite/plans.rs` holds the plans of the frequent statements on SQLite.

use std::any::Any;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, OnceLock};

use super::driver::{self, Backend, Connection, FromRow, Params, SharedConnection, Transaction};
use super::together::{ClaimCheck, RequestBatcher, RunEnd};
use super::{Call, Observer, Result};
use crate::base::clock::Timestamp;

/// The number of threads of a process that can read at once, besides the thread that writes. If a small server had fewer than
/// its clients at once, some would wait several times as long as others: threads that wait for a connection are not served in
/// order.
const READERS: usize = 8;

/// The queue and the records, in an SQL database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(super) connections: Arc<Connections>,
    pub(super) observer: Option<Arc<dyn Observer>>,
}

/// The connections of a store; see the module.
pub(super) struct Connections {
    pub shared: SharedConnection,
    /// Further connections, for readers that meet a writer or each other. Each is opened when it is first needed.
    readers: [OnceLock<Option<SharedConnection>>; READERS],
    /// The connection for heartbeats, if they have their own.
    heartbeats: OnceLock<Option<SharedConnection>>,
    pub is_server: bool,
    /// The number of claims in a row that found a run.
    pub claims_in_a_row: AtomicU32,
    /// Heartbeats, checks of claims, and ends of runs that are sent to a server in batches.
    pub beats: RequestBatcher<ClaimCheck, Option<bool>>,
    pub looks: RequestBatcher<ClaimCheck, Option<bool>>,
    pub ends: RequestBatcher<RunEnd, bool>,
    /// Counts the readers that found all connections in use.
    waiting: AtomicUsize,
    pub backend: Box<dyn Backend>,
}

impl Store {
    pub(super) fn on(connection: Connection, backend: impl Backend + 'static) -> Self {
        let connections = Connections {
            is_server: connection.is_server(),
            shared: SharedConnection::new(connection),
            readers: Default::default(),
            heartbeats: OnceLock::new(),
            claims_in_a_row: AtomicU32::new(0),
            beats: RequestBatcher::default(),
            looks: RequestBatcher::default(),
            ends: RequestBatcher::default(),
            waiting: AtomicUsize::new(0),
            backend: Box::new(backend),
        };
        Self {
            connections: Arc::new(connections),
            observer: None,
        }
    }

    /// Returns the store as one process reaches it, with all calls observed.
    #[must_use]
    pub fn observed_by(&self, observer: Arc<dyn Observer>) -> Self {
        Self {
            observer: Some(observer),
            ..self.clone()
        }
    }

    /// Makes a call that is observed as a single call, whatever it reads and writes.
    pub(super) fn observed<T: 'static>(
        &self,
        call: Call<'_>,
        now: Option<Timestamp>,
        work: impl FnOnce(&Self) -> Result<T>,
    ) -> Result<T> {
        let Some(observer) = &self.observer else {
            return work(self);
        };
        observer.before(&call, now)?;
        // Its reads and writes are parts of the call.
        let answer = work(&Self {
            observer: None,
            ..self.clone()
        });
        observer.after(&call, answer.as_ref().map(|answer| answer as &dyn Any))?;
        answer
    }

    /// Makes a call that is observed as a look.
    pub(super) fn look<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let Some(observer) = &self.observer else {
            return work();
        };
        observer.before(&Call::Look, None)?;
        let answer = work();
        observer.after(&Call::Look, answer.as_ref().map(|_| &() as &dyn Any))?;
        answer
    }

    /// Reads without a transaction: several statements in `work` may see different states.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> driver::Result<T>) -> Result<T> {
        self.look(|| work(&self.connections.reading()).map_err(|error| self.explain(error)))
    }

    /// Writes in one transaction.
    pub(super) fn write<T>(
        &self,
        work: impl FnMut(&Transaction<'_>) -> driver::Result<T>,
    ) -> Result<T> {
        self.look(|| {
            let written = self.connections.writing().write(work);
            written.map_err(|error| self.explain(error))
        })
    }

    /// Reads all rows of a statement.
    pub(super) fn rows<T: FromRow>(&self, sql: &str, values: impl Params) -> Result<Vec<T>> {
        self.read(|store| store.rows(sql, values))
    }

    /// Reads the first row of a statement, if any.
    pub(super) fn row<T: FromRow>(&self, sql: &str, values: impl Params) -> Result<Option<T>> {
        self.read(|store| store.row(sql, values))
    }

    /// Reads the row of a statement that always returns a row.
    pub(super) fn one<T: FromRow>(&self, sql: &str, values: impl Params) -> Result<T> {
        self.read(|store| store.one(sql, values))
    }

    /// Executes one statement in its own transaction.
    pub(super) fn execute(&self, sql: &str, values: impl Params + Copy) -> Result<()> {
        self.write(|store| store.execute(sql, values))
    }

    /// Executes a statement that changes at most one row. Returns whether it changed a row.
    pub(super) fn changes(&self, sql: &str, values: impl Params + Copy) -> Result<bool> {
        self.write(|store| store.changes(sql, values))
    }

    /// Writes new records, if the database is still the one that other processes use.
    pub(super) fn write_new<T>(
        &self,
        work: impl FnMut(&Transaction<'_>) -> driver::Result<T>,
    ) -> Result<T> {
        self.demand_in_place()?;
        self.write(work)
    }

    /// Writes with one statement, without waiting for other statements of this process: so heartbeats are in time.
    pub(super) fn write_one<T>(
        &self,
        work: impl FnMut(&Connection) -> driver::Result<T>,
    ) -> Result<T> {
        let written = self.connections.of_heartbeats().lock().write_one(work);
        written.map_err(|error| self.explain(error))
    }

    pub(super) fn demand_in_place(&self) -> Result<()> {
        self.connections.backend.demand_in_place()
    }

    pub(super) fn explain(&self, error: driver::Error) -> super::StoreError {
        match error {
            driver::Error::Unmet(unmet) => *unmet,
            error => self.connections.backend.explain(error),
        }
    }
}

impl Connections {
    pub fn reading(&self) -> MutexGuard<'_, Connection> {
        if let Some(free) = self.shared.try_lock() {
            return free;
        }
        let open = || self.backend.reader().map(SharedConnection::new);
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

    /// Returns a connection to write on. Connections to a server are independent, and its locks keep writers apart.
    fn writing(&self) -> MutexGuard<'_, Connection> {
        if self.is_server {
            return self.reading();
        }
        self.shared.lock()
    }

    pub fn of_heartbeats(&self) -> &SharedConnection {
        let own = || self.backend.for_heartbeats().map(SharedConnection::new);
        let own = self.heartbeats.get_or_init(own).as_ref();
        own.unwrap_or(&self.shared)
    }
}
