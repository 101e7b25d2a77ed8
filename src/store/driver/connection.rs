//! A connection, and a write transaction on it.

use std::ops::Deref;

use rusqlite::TransactionBehavior;

use super::error::Result;
use super::postgres::Session;
use super::statement::{Record, Statement};
use super::value::Params;

/// A connection to one of the databases.
pub enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Session>),
}

impl Connection {
    /// Prepares a statement, or takes the one that is kept prepared.
    pub fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Self::Postgres(session) => Ok(Statement::Postgres(session, session.prepare(sql)?)),
        }
    }

    /// Executes a statement.
    pub fn execute(&self, sql: &str, values: impl Params) -> Result<()> {
        self.changed(sql, values).map(drop)
    }

    /// The same. Returns how many rows it changed.
    pub fn changed(&self, sql: &str, values: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(values)
    }

    /// The same of one that changes one row or none. Returns whether it did.
    pub fn changes(&self, sql: &str, values: impl Params) -> Result<bool> {
        Ok(self.changed(sql, values)? == 1)
    }

    /// Reads all rows of a statement.
    pub fn rows<T: Record>(&self, sql: &str, values: impl Params) -> Result<Vec<T>> {
        self.prepare_cached(sql)?.rows(values)
    }

    /// Reads the row of a statement, if there is one.
    pub fn row<T: Record>(&self, sql: &str, values: impl Params) -> Result<Option<T>> {
        self.prepare_cached(sql)?.first(values)
    }

    /// The same of a statement that always gives one.
    pub fn one<T: Record>(&self, sql: &str, values: impl Params) -> Result<T> {
        self.prepare_cached(sql)?.one(values)
    }

    /// Whether a statement finds a row.
    pub fn exists(&self, sql: &str, values: impl Params) -> Result<bool> {
        self.prepare_cached(sql)?.exists(values)
    }

    /// Executes statements that take no values and are seldom executed.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Postgres(session) => session.batch(sql),
        }
    }

    /// Whether each statement is a message to a server, which serves others at the same time.
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Begins to write. SQLite's write lock is taken before the first read, so that what is read still holds when it is written.
    pub(super) fn begin(&self) -> Result<Transaction<'_>> {
        let begun = match self {
            Self::Sqlite(connection) => Begun::Sqlite(rusqlite::Transaction::new_unchecked(
                connection,
                TransactionBehavior::Immediate,
            )?),
            Self::Postgres(session) => {
                session.begin()?;
                Begun::Postgres(session)
            }
        };
        Ok(Transaction {
            connection: self,
            begun,
        })
    }
}

/// Writes of which all happen or none: one that is dropped is rolled back. Statements that change anything take this.
pub struct Transaction<'c> {
    connection: &'c Connection,
    begun: Begun<'c>,
}

enum Begun<'c> {
    Sqlite(rusqlite::Transaction<'c>),
    Postgres(&'c Session),
    Ended,
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Transaction<'_> {
    /// Locks the rows that a statement finds, until the end of the transaction, and says whether there are any; what was read before
    /// is read anew. SQLite's one write lock is held already, and there the statement is not executed.
    pub fn lock(&self, sql: &str, values: impl Params) -> Result<bool> {
        match &self.begun {
            Begun::Postgres(_) => self.exists(sql, values),
            Begun::Sqlite(_) | Begun::Ended => Ok(true),
        }
    }

    /// Lets one transaction at a time go on from here: for what is decided by rows that are not there, which no lock is on.
    pub fn gate(&self, name: &str) -> Result<()> {
        let sql = "SELECT 1 FROM pg_advisory_xact_lock(hashtext(current_schema()), hashtext(?1))";
        self.lock(sql, [name]).map(drop)
    }

    /// The same where nobody is to wait: whether no other transaction is beyond it.
    pub fn gate_is_free(&self, name: &str) -> Result<bool> {
        let sql =
            "SELECT 1 WHERE pg_try_advisory_xact_lock(hashtext(current_schema()), hashtext(?1))";
        self.lock(sql, [name])
    }

    /// Executes a statement of which nobody wants to know how many rows it changed: on its way to a server it waits for the next one,
    /// or the commit, which fails with its error.
    pub fn later(&self, sql: &str, values: impl Params) -> Result<()> {
        self.prepare_cached(sql)?.later(values)
    }

    /// Once this is committed, processes that sleep until something may be claimed look for it. For SQLite that is done by
    /// `system::bell`.
    pub fn wake(&self) {
        if let Begun::Postgres(session) = self.begun {
            session.wake();
        }
    }

    /// When this connection wrote something that it need not write again soon: a message to a server takes longer than to remember.
    pub fn noted(&self, what: &str) -> Option<i64> {
        match self.begun {
            Begun::Postgres(session) => session.noted(what),
            Begun::Sqlite(_) | Begun::Ended => None,
        }
    }

    /// Remembers that it was written, until the connection is lost or something is rolled back.
    pub fn note(&self, what: &str, at: i64) {
        if let Begun::Postgres(session) = self.begun {
            session.note(what, at);
        }
    }

    pub(super) fn commit(mut self) -> Result<()> {
        match std::mem::replace(&mut self.begun, Begun::Ended) {
            Begun::Sqlite(transaction) => Ok(transaction.commit()?),
            Begun::Postgres(session) => session.commit(),
            Begun::Ended => Ok(()),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if let Begun::Postgres(session) = self.begun {
            session.roll_back();
        }
    }
}
