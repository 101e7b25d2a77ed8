//! Records which data directory a database belongs to, so that no process combines a database with the files of another.

use super::driver::record;
use super::{Result, Store};
use crate::base::clock::Timestamp;

/// A database and its data directory. The directory holds the same ids in a file ([`crate::workspace::identity`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id of the database.
    pub database_id: String,
    /// The id of the data directory.
    pub data_id: String,
}

impl Store {
    /// Returns the identity, if the database has one.
    pub fn identity(&self) -> Result<Option<Identity>> {
        self.row(READ, [])
    }

    /// Records an identity if the database has none. Returns the identity that it then has: of several processes that try at
    /// once, one wins.
    pub fn bind(&self, new: &Identity, now: Timestamp) -> Result<Identity> {
        self.write_at(now, |transaction| {
            transaction.execute(
                "INSERT INTO identity (one, database_id, data_id) VALUES (1, ?1, ?2) ON CONFLICT (one) DO NOTHING",
                [&new.database_id, &new.data_id],
            )?;
            Ok(transaction.row(READ, [])?.unwrap_or_else(|| new.clone()))
        })
    }

    /// Replaces the identity of the database.
    pub fn rebind(&self, new: &Identity) -> Result<()> {
        self.execute(
            "INSERT INTO identity (one, database_id, data_id) VALUES (1, ?1, ?2)
                 ON CONFLICT (one) DO UPDATE SET database_id = excluded.database_id, data_id = excluded.data_id",
            [&new.database_id, &new.data_id],
        )
    }
}

const READ: &str = "SELECT database_id, data_id FROM identity";

record!(Identity(row) { database_id, data_id });
