//! The server that a store is open on.

use std::path::PathBuf;

use postgres::Config;

use crate::store::driver::postgres::Session;
use crate::store::driver::{Backend, Connection, Error};
use crate::store::{Result, StoreError};

/// A server, and how its schema is asked for.
pub(super) struct Server {
    config: Config,
    host: String,
}

impl Server {
    pub(super) fn of(config: Config, host: &str) -> Self {
        Self {
            config,
            host: host.to_owned(),
        }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }
}

impl Backend for Server {
    fn reader(&self) -> Option<Connection> {
        Session::connect(&self.config)
            .ok()
            .map(Connection::Postgres)
    }

    fn host(&self) -> Option<&str> {
        Some(&self.host)
    }

    fn demand_in_place(&self) -> Result<()> {
        Ok(())
    }

    fn explain(&self, error: Error) -> StoreError {
        // The name of the database stands for its place: a server has no path.
        let path = PathBuf::from(self.config.get_dbname().unwrap_or("postgres"));
        match error {
            Error::Unreachable(message) => StoreError::Unreachable {
                path,
                message,
                hint: "see whether the server runs and takes connections".to_owned(),
            },
            Error::Conflict(message) => StoreError::Unreachable {
                path,
                message,
                hint: "others were in the way each time; try again".to_owned(),
            },
            error => StoreError::Refused {
                path,
                source: Box::new(error),
            },
        }
    }
}
