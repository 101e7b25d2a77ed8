//! The server that a store is open on.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;

use crate::base::cancel::Cancel;
use crate::store::driver::postgres::Session;
use crate::store::driver::{Backend, Connection, Error};
use crate::store::{Result, StoreError};

/// So often a process that listens looks whether it is to end, and tries to connect again where it cannot.
const LOOK_FOR_THE_END: Duration = Duration::from_secs(1);

/// A server, and how its schema is asked for.
pub(super) struct Server {
    config: Config,
}

impl Server {
    pub(super) fn of(config: Config) -> Self {
        Self { config }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }
}

impl Backend for Server {
    fn reader(&self) -> Option<Connection> {
        Some(Connection::Postgres(Box::new(Session::new(&self.config))))
    }

    fn for_heartbeats(&self) -> Option<Connection> {
        let mut config = self.config.clone();
        let options = config.get_options().unwrap_or_default();
        // A server that breaks down may lose one, as a network may: the next one comes long before the lease ends.
        let patient = format!("{options} -c synchronous_commit=off");
        config.options(patient);
        Some(Connection::Postgres(Box::new(Session::new(&config))))
    }

    fn demand_in_place(&self) -> Result<()> {
        Ok(())
    }

    fn listen(&self, ring: &dyn Fn(), end: &Cancel) -> bool {
        while !end.is_cancelled() {
            let listening = Session::connect(&self.config).and_then(|session| {
                session.listen()?;
                // What was missed without a connection.
                ring();
                while !end.is_cancelled() {
                    if session.wait(LOOK_FOR_THE_END)? {
                        ring();
                    }
                }
                Ok(())
            });
            if listening.is_err() {
                end.wait(LOOK_FOR_THE_END);
            }
        }
        true
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
