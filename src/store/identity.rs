//! Which data directory a database belongs to, so that no process works with the one and the files of another.

use super::Result;
use crate::base::clock::Timestamp;

/// A database and its data directory. The directory holds the same ids in a file ([`crate::workspace::identity`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The database.
    pub database_id: String,
    /// The data directory.
    pub data_id: String,
}

/// The identity in the store.
pub trait Identities {
    /// Returns the identity, once the database has one.
    fn identity(&self) -> Result<Option<Identity>>;

    /// Records an identity where the database has none. Returns the one that it has then: of several processes that try
    /// at once, one wins.
    fn bind(&self, new: &Identity, now: Timestamp) -> Result<Identity>;

    /// Gives the database another identity.
    fn rebind(&self, new: &Identity) -> Result<()>;
}
