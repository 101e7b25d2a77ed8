//! Opens a schema on a server.

use std::time::Duration;

use tokio_postgres::Config;

use super::migrations;
use super::server::Server;
use crate::base::clock::Timestamp;
use crate::settings::Settings;
use crate::store::driver::Backend;
use crate::store::driver::postgres::Session;
use crate::store::sql::SqlStore;
use crate::store::{DeliveryKind, Result, StoreError};

impl SqlStore {
    /// Opens a schema of a server's database, and makes it or brings it up to date first. No setting leads here yet, because files,
    /// locks and clocks still belong to one machine.
    ///
    /// # Errors
    /// The address names no server, or the server is out of reach or refuses.
    pub fn on_server(settings: &Settings, address: &str, schema: &str) -> Result<Self> {
        let mut config: Config = address.parse().map_err(|error: tokio_postgres::Error| {
            // Without the address, which may hold a password.
            StoreError::BadUrl {
                url: "postgres:".to_owned(),
                reason: error.to_string(),
            }
        })?;
        let kinds: Vec<&str> = DeliveryKind::of(settings)
            .into_iter()
            .map(DeliveryKind::as_str)
            .collect();
        // A connection that nobody answers is given up, and so is a transaction that its process forgot: both hold locks.
        config
            .options(format!(
                "-c search_path={schema} -c ade.deliveries={} -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s",
                kinds.join(",")
            ))
            .connect_timeout(Duration::from_secs(10))
            .tcp_user_timeout(Duration::from_secs(10));
        let server = Server::of(config);
        let opened = Session::connect(server.config())
            .and_then(|session| migrations::apply(session, schema, Timestamp::now()));
        match opened {
            Ok(connection) => Ok(Self::on(connection, server)),
            Err(error) => Err(server.explain(error)),
        }
    }
}
