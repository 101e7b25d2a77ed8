//! A connection, and a write transaction on it.

use std::ops::Deref;

use rusqlite::TransactionBehavior;

use super::error::Result;
use super::statement::Statement;

/// A connection to one of the databases.
pub(in crate::store) enum Connection {
    Sqlite(rusqlite::Connection),
}

impl Connection {
    /// Prepares a statement, or takes the one that is kept prepared.
    pub(in crate::store) fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
        }
    }

    /// Executes statements that take no values and are seldom executed.
    pub(in crate::store) fn execute_batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
        }
    }

    /// Begins to write. SQLite's write lock is taken before the first read, so that what is read still holds when it is written.
    pub(super) fn begin(&self) -> Result<Transaction<'_>> {
        let begun = match self {
            Self::Sqlite(connection) => Begun::Sqlite(rusqlite::Transaction::new_unchecked(
                connection,
                TransactionBehavior::Immediate,
            )?),
        };
        Ok(Transaction {
            connection: self,
            begun,
        })
    }
}

/// Writes of which all happen or none: one that is dropped is rolled back. Statements that change anything take this.
pub(in crate::store) struct Transaction<'c> {
    connection: &'c Connection,
    begun: Begun<'c>,
}

enum Begun<'c> {
    Sqlite(rusqlite::Transaction<'c>),
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Transaction<'_> {
    pub(super) fn commit(self) -> Result<()> {
        match self.begun {
            Begun::Sqlite(transaction) => Ok(transaction.commit()?),
        }
    }
}
