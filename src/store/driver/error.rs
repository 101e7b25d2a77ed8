//! What a database answers instead of what was asked for.

use rusqlite::types::{FromSqlError, ValueRef};

use crate::store::StoreError;

/// The outcome of every statement.
pub type Result<T> = std::result::Result<T, Error>;

/// A statement failed. What it means for the user says the backend, which knows its database's codes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The records do not allow the operation, which has changed nothing.
    #[error(transparent)]
    Unmet(Box<StoreError>),
    /// A statement that gives one row gave none.
    #[error("a row is missing")]
    NoRow,
    /// A column holds what no `ade` writes there.
    #[error("the column {column} holds {found}")]
    Unreadable {
        /// Its name or position.
        column: String,
        /// What it holds.
        found: String,
    },
    /// SQLite's own.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Another transaction was in the way: nothing was changed, and the same may succeed at once.
    #[error("{0}")]
    Conflict(String),
    /// The server could not be asked, or gave up the connection.
    #[error("{0}")]
    Unreachable(String),
    /// The server does not let this user in, or not to this database.
    #[error("{0}")]
    Denied(String),
    /// Who answers is not shown to be the server.
    #[error("{0}")]
    Untrusted(String),
    /// The server refused a statement.
    #[error("{0}")]
    Refused(String),
}

impl From<StoreError> for Error {
    fn from(unmet: StoreError) -> Self {
        Self::Unmet(Box::new(unmet))
    }
}

impl Error {
    /// A column holds a value that cannot be read, for this reason.
    pub(super) fn unreadable(
        column: &dyn std::fmt::Display,
        why: FromSqlError,
        value: ValueRef<'_>,
    ) -> Self {
        let found = match (why, value) {
            (FromSqlError::Utf8Error(why), _) => why.to_string(),
            (FromSqlError::Other(why), _) => why.to_string(),
            (_, ValueRef::Text(text)) => format!("Text({:?})", String::from_utf8_lossy(text)),
            (_, ValueRef::Blob(bytes)) => format!("Bytes({bytes:?})"),
            (_, other) => format!("{other:?}"),
        };
        let column = column.to_string();
        Self::Unreadable { column, found }
    }
}
