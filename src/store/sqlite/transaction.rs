//! The connection of a process, and write transactions on it.
//!
//! The threads of a process take the connection in turn, and each write is one short transaction of its own: a failure or a
//! panic within undoes all of it, and nothing of another thread's.

use std::sync::{Mutex, MutexGuard, TryLockError};

use rusqlite::{Connection, TransactionBehavior};

use crate::base::mutex::lock;

/// Statements that change anything take this.
pub(super) use rusqlite::Transaction;

/// A connection for all threads of a process.
pub(super) struct OneConnection(Mutex<Connection>);

impl OneConnection {
    pub(super) fn new(connection: Connection) -> Self {
        Self(Mutex::new(connection))
    }

    /// The connection, where no other thread has it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.0.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The connection.
    pub(super) fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic within a transaction has rolled it back: the connection is sound.
        lock(&self.0)
    }

    /// Runs `work` in a write transaction.
    ///
    /// # Errors
    /// The work failed or the transaction could not be begun or committed; then nothing was changed.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut connection = self.lock();
        // The write lock is taken before the first read. A transaction that is dropped is rolled back.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_write_changes_all_or_nothing_and_a_panic_stops_no_other_thread() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (name TEXT UNIQUE NOT NULL)")
            .unwrap();
        let shared = OneConnection::new(connection);
        let insert = |transaction: &Transaction<'_>, name: &str| {
            transaction.execute("INSERT INTO t VALUES (?1)", [name])
        };
        let count = || {
            let count = "SELECT count(*) FROM t";
            shared
                .lock()
                .query_row(count, [], |row| row.get::<_, i64>(0))
        };

        let failed = shared.write(|transaction| {
            insert(transaction, "one")?;
            insert(transaction, "one")
        });
        assert!(failed.is_err());
        assert_eq!(count().unwrap(), 0);

        // SQLite itself ends a transaction where the disk is full, say.
        let lost = shared.write(|transaction| {
            insert(transaction, "one")?;
            transaction.execute_batch("ROLLBACK")
        });
        assert!(lost.is_err());
        assert_eq!(count().unwrap(), 0);

        let panicked = catch_unwind(AssertUnwindSafe(|| {
            shared.write(|transaction| -> rusqlite::Result<()> {
                insert(transaction, "one")?;
                panic!("a bug");
            })
        }));
        assert!(panicked.is_err());
        assert!(shared.try_lock().is_some());
        assert_eq!(count().unwrap(), 0);

        let written = std::thread::scope(|scope| {
            let write = || shared.write(|transaction| insert(transaction, "one"));
            scope.spawn(write).join().unwrap()
        });
        assert_eq!(written.unwrap(), 1);
        assert_eq!(count().unwrap(), 1);
    }
}
