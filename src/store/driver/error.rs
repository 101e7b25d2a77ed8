//! What a database answers instead of what was asked for.

use crate::store::StoreError;

/// The outcome of every statement.
pub(in crate::store) type Result<T> = std::result::Result<T, Error>;

/// A statement failed. What it means for the user says the backend, which knows its database's codes.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum Error {
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
    /// A column holds what cannot be read.
    pub(in crate::store) fn unreadable(
        column: &dyn std::fmt::Display,
        found: impl Into<String>,
    ) -> Self {
        Self::Unreadable {
            column: column.to_string(),
            found: found.into(),
        }
    }
}
