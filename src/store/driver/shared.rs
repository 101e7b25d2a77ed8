//! A connection that the threads of a process share, and write transactions on it.
//!
//! The threads take turns, and each write is one short transaction: a failure or a panic undoes all of its changes, and no
//! changes of other threads.

use std::sync::{Mutex, MutexGuard, TryLockError};

use super::connection::{Connection, Transaction};
use super::error::{Error, Result};
use crate::base::mutex::lock;

/// The maximum number of attempts at a transaction that conflicts with others.
const TRIES: u32 = 10;

/// A connection that all threads of a process share.
pub struct SharedConnection(Mutex<Connection>);

impl SharedConnection {
    pub fn new(connection: Connection) -> Self {
        Self(Mutex::new(connection))
    }

    /// Returns the connection if no other thread is using it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.0.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Waits for the connection and returns it.
    pub fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic within a transaction has rolled it back, so the connection is usable.
        lock(&self.0)
    }
}

impl Connection {
    /// Runs `work` in a write transaction; repeats it if it conflicted with another transaction.
    ///
    /// # Errors
    /// The work failed, or the transaction could not be begun or committed; then nothing was changed.
    pub fn write<T>(&self, mut work: impl FnMut(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut once = || -> Result<T> {
            let transaction = self.begin()?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        let mut tries = 1;
        loop {
            match once() {
                Err(Error::Conflict(_)) if tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    /// Runs a single statement, which on a server is a transaction by itself.
    pub fn write_one<T>(&self, mut work: impl FnMut(&Self) -> Result<T>) -> Result<T> {
        if self.is_server() {
            return work(self);
        }
        self.write(|transaction| work(transaction))
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_write_changes_all_or_nothing_and_a_panic_stops_no_other_thread() {
        let connection = Connection::Sqlite(rusqlite::Connection::open_in_memory().unwrap());
        connection
            .execute_batch("CREATE TABLE t (name TEXT UNIQUE NOT NULL)")
            .unwrap();
        let shared = SharedConnection::new(connection);
        let insert = |transaction: &Transaction<'_>, name: &str| {
            let sql = "INSERT INTO t VALUES (?1)";
            transaction.prepare_cached(sql)?.execute([name])
        };
        let count = || {
            let connection = shared.lock();
            connection.one::<i64>("SELECT count(*) FROM t", [])
        };

        let failed = shared.lock().write(|transaction| {
            insert(transaction, "one")?;
            insert(transaction, "one")
        });
        assert!(failed.is_err());
        assert_eq!(count().unwrap(), 0);

        // SQLite ends a transaction by itself if, for example, the disk is full.
        let lost = shared.lock().write(|transaction| {
            insert(transaction, "one")?;
            transaction.execute_batch("ROLLBACK")
        });
        assert!(lost.is_err());
        assert_eq!(count().unwrap(), 0);

        let panicked = catch_unwind(AssertUnwindSafe(|| {
            shared.lock().write(|transaction| -> Result<()> {
                insert(transaction, "one")?;
                panic!("a bug");
            })
        }));
        assert!(panicked.is_err());
        assert!(shared.try_lock().is_some());
        assert_eq!(count().unwrap(), 0);

        let written = std::thread::scope(|scope| {
            let write = || {
                shared
                    .lock()
                    .write(|transaction| insert(transaction, "one"))
            };
            scope.spawn(write).join().unwrap()
        });
        assert_eq!(written.unwrap(), 1);
        assert_eq!(count().unwrap(), 1);
    }
}
