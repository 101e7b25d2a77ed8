//! Which data directory the database belongs to.

use super::SqlStore;
use super::values::{execute, row};
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection};
use crate::store::{Identities, Identity, Result};

impl Identities for SqlStore {
    fn identity(&self) -> Result<Option<Identity>> {
        self.read(read)
    }

    fn bind(&self, new: &Identity, now: Timestamp) -> Result<Identity> {
        self.write_at(now, |transaction| {
            execute(
                transaction,
                "INSERT INTO identity (one, database_id, data_id) VALUES (1, ?1, ?2) ON CONFLICT (one) DO NOTHING",
                [&new.database_id, &new.data_id],
            )?;
            Ok(read(transaction)?.unwrap_or_else(|| new.clone()))
        })
    }

    fn rebind(&self, new: &Identity) -> Result<()> {
        self.write(|transaction| {
            execute(
                transaction,
                "INSERT INTO identity (one, database_id, data_id) VALUES (1, ?1, ?2)
                 ON CONFLICT (one) DO UPDATE SET database_id = excluded.database_id, data_id = excluded.data_id",
                [&new.database_id, &new.data_id],
            )
            .map(drop)
        })
    }
}

fn read(connection: &Connection) -> driver::Result<Option<Identity>> {
    row(
        connection,
        "SELECT database_id, data_id FROM identity",
        [],
        |row| {
            Ok(Identity {
                database_id: row.get("database_id")?,
                data_id: row.get("data_id")?,
            })
        },
    )
}
