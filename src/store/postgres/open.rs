//! Opens a schema on a server, and brings it up to date.

use super::address::Address;
use super::migrations;
use super::server::Server;
use crate::base::clock::Timestamp;
use crate::settings::Settings;
use crate::store::Store;
use crate::store::driver::{Backend, Connection};
use crate::store::schema::{MigrationOutcome, MigrationState, OpenMode, SchemaStatus};
use crate::store::{Result, StoreError};

impl Store {
    /// Opens a schema of a server's database for the host with this id, and checks it.
    ///
    /// # Errors
    /// It is absent, behind, newer or altered, or the server is out of reach or refuses.
    pub(in crate::store) fn on_server(
        settings: &Settings,
        address: &Address,
        host: &str,
        opening: OpenMode,
    ) -> Result<Self> {
        let server = Server::new(settings, address, host)?;
        let connection = server.connect()?;
        let mut status = server.status(&connection)?;
        if opening == OpenMode::CreateIfAbsent && status.state == MigrationState::Absent {
            bring_up_to_date(&server, &connection)?;
            status = server.status(&connection)?;
        }
        status.demand_current()?;
        Ok(Self::on(connection, server))
    }

    /// Creates the schema or brings it up to date. Any number of processes may call it at once: one works, the others wait.
    ///
    /// # Errors
    /// It is newer or altered, which changes nothing, or the server is out of reach or refuses.
    pub(in crate::store) fn migrate_on_server(
        settings: &Settings,
        address: &Address,
    ) -> Result<MigrationOutcome> {
        let server = Server::new(settings, address, "")?;
        let connection = server.connect()?;
        let before = server.status(&connection)?;
        let created = before.state == MigrationState::Absent;
        let applied = match before.state {
            MigrationState::Current => Vec::new(),
            MigrationState::Absent | MigrationState::Behind(_) => {
                bring_up_to_date(&server, &connection)?
            }
            _ => {
                before.demand_current()?;
                Vec::new()
            }
        };
        Ok(MigrationOutcome {
            applied,
            backup: None,
            path: server.place(),
            created,
        })
    }

    /// Reads the state of the schema, without changing anything.
    ///
    /// # Errors
    /// The server is out of reach or refuses.
    pub(in crate::store) fn status_on_server(
        settings: &Settings,
        address: &Address,
    ) -> Result<SchemaStatus> {
        let server = Server::new(settings, address, "")?;
        server.status(&server.connect()?)
    }
}

fn bring_up_to_date(
    server: &Server,
    connection: &Connection,
) -> Result<Vec<&'static crate::store::Migration>> {
    migrations::apply(connection, server.schema(), Timestamp::now()).map_err(|error| {
        match server.explain(error) {
            StoreError::Refused { path, source } => StoreError::Unreachable {
                path,
                message: source.to_string(),
                hint: "nothing was changed. The user in the URL needs the right to create a schema in this database"
                    .to_owned(),
            },
            error => error,
        }
    })
}
