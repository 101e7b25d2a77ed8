//! A connection to a database, and write transactions on it.

use std::ops::Deref;

use rusqlite::TransactionBehavior;

use super::error::Result;
use super::postgres::ServerSession;
use super::statement::{FromRow, Statement};
use super::value::Params;

/// A connection to one of the two kinds of databases.
pub enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(Box<ServerSession>),
}

impl Connection {
    /// Returns a prepared statement, from the cache if it was prepared before.
    pub fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Self::Postgres(session) => Ok(Statement::Postgres(session, session.prepare(sql)?)),
        }
    }

    /// Executes a statement without reading rows.
    pub fn execute(&self, sql: &str, values: impl Params) -> Result<()> {
        self.changed(sql, values).map(drop)
    }

    /// Executes a statement. Returns the number of rows that it changed.
    pub fn changed(&self, sql: &str, values: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(values)
    }

    /// Executes a statement that changes at most one row. Returns whether it changed a row.
    pub fn changes(&self, sql: &str, values: impl Params) -> Result<bool> {
        Ok(self.changed(sql, values)? == 1)
    }

    /// Reads all rows of a statement.
    pub fn rows<T: FromRow>(&self, sql: &str, values: impl Params) -> Result<Vec<T>> {
        self.prepare_cached(sql)?.rows(values)
    }

    /// Reads the first row of a statement, if any.
    pub fn row<T: FromRow>(&self, sql: &str, values: impl Params) -> Result<Option<T>> {
        self.prepare_cached(sql)?.first(values)
    }

    /// Reads the row of a statement that always returns a row.
    pub fn one<T: FromRow>(&self, sql: &str, values: impl Params) -> Result<T> {
        self.prepare_cached(sql)?.one(values)
    }

    /// Returns whether a statement finds a row.
    pub fn exists(&self, sql: &str, values: impl Params) -> Result<bool> {
        self.prepare_cached(sql)?.exists(values)
    }

    /// Executes statements without values that are rarely executed.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Postgres(session) => session.batch(sql),
        }
    }

    /// Returns whether each statement is a message to a server, which serves other clients at the same time.
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Begins a write transaction. SQLite takes the write lock before the first read, so that values that were read still hold
    /// when the transaction writes.
    pub(super) fn begin(&self) -> Result<Transaction<'_>> {
        let begun = match self {
            Self::Sqlite(connection) => BackendTransaction::Sqlite(
                rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?,
            ),
            Self::Postgres(session) => {
                session.begin()?;
                BackendTransaction::Postgres(session)
            }
        };
        Ok(Transaction {
            connection: self,
            begun,
        })
    }
}

/// A transaction whose writes all happen or none; it rolls back if it is dropped. Statements that change anything need one.
pub struct Transaction<'c> {
    connection: &'c Connection,
    begun: BackendTransaction<'c>,
}

enum BackendTransaction<'c> {
    Sqlite(rusqlite::Transaction<'c>),
    Postgres(&'c ServerSession),
    Ended,
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Transaction<'_> {
    /// Locks the rows that a statement finds until the end of the transaction, and returns whether there are any; values that
    /// were read before must be read again. SQLite already holds its only write lock, so there the statement is not executed.
    pub fn lock(&self, sql: &str, values: impl Params) -> Result<bool> {
        match &self.begun {
            BackendTransaction::Postgres(_) => self.exists(sql, values),
            BackendTransaction::Sqlite(_) | BackendTransaction::Ended => Ok(true),
        }
    }

    /// Lets only one transaction at a time pass: for decisions that depend on missing rows, which cannot be locked.
    pub fn gate(&self, name: &str) -> Result<()> {
        let sql = "SELECT 1 FROM pg_advisory_xact_lock(hashtext(current_schema()), hashtext(?1))";
        self.lock(sql, [name]).map(drop)
    }

    /// Like [`gate`](Self::gate), but without waiting: returns whether no other transaction is past the gate.
    pub fn gate_is_free(&self, name: &str) -> Result<bool> {
        let sql =
            "SELECT 1 WHERE pg_try_advisory_xact_lock(hashtext(current_schema()), hashtext(?1))";
        self.lock(sql, [name])
    }

    /// Executes a statement whose number of changed rows does not matter. On a server it waits for the next statement or the
    /// commit, which then fails with its error.
    pub fn later(&self, sql: &str, values: impl Params) -> Result<()> {
        self.prepare_cached(sql)?.later(values)
    }

    /// Wakes processes that sleep until a run may be claimed, once this transaction is committed. For SQLite, `system::bell`
    /// wakes them.
    pub fn wake(&self) {
        if let BackendTransaction::Postgres(session) = self.begun {
            session.wake();
        }
    }

    /// Returns when this connection last wrote a value that need not be written again soon: a message to a server takes longer
    /// than remembering.
    pub fn noted(&self, what: &str) -> Option<i64> {
        match self.begun {
            BackendTransaction::Postgres(session) => session.noted(what),
            BackendTransaction::Sqlite(_) | BackendTransaction::Ended => None,
        }
    }

    /// Remembers the time of such a write, until the connection is lost or a transaction is rolled back.
    pub fn note(&self, what: &str, at: i64) {
        if let BackendTransaction::Postgres(session) = self.begun {
            session.note(what, at);
        }
    }

    pub(super) fn commit(mut self) -> Result<()> {
        match std::mem::replace(&mut self.begun, BackendTransaction::Ended) {
            BackendTransaction::Sqlite(transaction) => Ok(transaction.commit()?),
            BackendTransaction::Postgres(session) => session.commit(),
            BackendTransaction::Ended => Ok(()),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if let BackendTransaction::Postgres(session) = self.begun {
            session.roll_back();
        }
    }
}
