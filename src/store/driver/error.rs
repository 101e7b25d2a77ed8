//! The errors of database statements.

use rusqlite::types::{FromSqlError, ValueRef};

use crate::store::StoreError;

/// The result of every statement.
pub type Result<T> = std::result::Result<T, Error>;

/// A statement failed. The backend, which knows its database's error codes, explains the error to the user.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The records do not allow the operation, which changed nothing.
    #[error(transparent)]
    Unmet(Box<StoreError>),
    /// A statement that always returns a row returned none.
    #[error("a row is missing")]
    NoRow,
    /// A column holds a value that no `ade` writes there.
    #[error("the column {column} holds {found}")]
    Unreadable {
        /// The column's name or position.
        column: String,
        /// The value in the column.
        found: String,
    },
    /// An error of SQLite itself.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The transaction conflicted with another: nothing was changed, and a repetition may succeed at once.
    #[error("{0}")]
    Conflict(String),
    /// The server is out of reach, or closed the connection.
    #[error("{0}")]
    Unreachable(String),
    /// The server does not admit this user, or not to this database.
    #[error("{0}")]
    Denied(String),
    /// The certificate does not prove that this is the server.
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
    /// Returns the error for a column whose value cannot be read.
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
