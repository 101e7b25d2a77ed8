//! The server that a store is open on, and the settings of its sessions.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::migrations::{self, MIGRATIONS};
use crate::base::cancel::Cancel;
use crate::settings::Settings;
use crate::store::driver::postgres::{AnswerTimeout, ServerSession};
use crate::store::driver::{Backend, Connection, Error};
use crate::store::schema::{MigrationState, SchemaStatus};
use crate::store::{DeliveryKind, Result, StoreError};

/// How often a listening process checks whether it must end, and tries to reconnect.
const LOOK_FOR_THE_END: Duration = Duration::from_secs(1);

/// The time limit for answers, unless [`Backend::answer_within`] sets another.
const PATIENCE: Duration = Duration::from_secs(40);

/// A server, and the settings of each session with it.
pub(super) struct Server {
    address: Address,
    tls: MakeRustlsConnect,
    patience: Arc<AnswerTimeout>,
    host: String,
}

impl Server {
    /// Prepares sessions for the host with this id, whose environments they read and write.
    ///
    /// # Errors
    /// The certificates that the address names cannot be read.
    pub fn new(settings: &Settings, address: &Address, host: &str) -> Result<Self> {
        let kinds: Vec<&str> = DeliveryKind::from_settings(settings)
            .into_iter()
            .map(DeliveryKind::as_str)
            .collect();
        let data = &settings.data_dir;
        let real = data.canonicalize().unwrap_or_else(|_| data.clone());
        let mut address = address.clone();
        let schema = address.schema.clone();
        // Abandoned connections and transactions are ended, because they hold locks.
        let options = options(&[
            ("search_path", &schema),
            ("ade.host", host),
            ("ade.data", &data.to_string_lossy()),
            ("ade.data_resolved", &real.to_string_lossy()),
            ("ade.deliveries", &kinds.join(",")),
            ("lock_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "15s"),
            ("default_transaction_isolation", "read committed"),
            // The statements are written for rows that indexes find one after the other, as in SQLite. A connection plans each
            // statement once, whatever the tables hold at that moment: a plan that reads a whole table would remain after it
            // has grown.
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
        ]);
        address.config.options(&options);
        Ok(Self {
            tls: address.tls()?,
            patience: Arc::new(AnswerTimeout::new(PATIENCE)),
            address,
            host: host.to_owned(),
        })
    }

    /// Reads the state of the schema, without changing anything.
    pub fn status(&self, connection: &Connection) -> Result<SchemaStatus> {
        let applied = migrations::applied(connection).map_err(|error| self.explain(error))?;
        let state = match applied.is_empty() {
            true => MigrationState::Absent,
            false => MigrationState::compare(&applied, MIGRATIONS),
        };
        Ok(SchemaStatus {
            path: self.place(),
            applied,
            known: MIGRATIONS,
            state,
        })
    }

    /// Returns a session that connects with its first statement.
    fn session(&self, config: &Config) -> Connection {
        Connection::Postgres(Box::new(ServerSession::new(
            config,
            &self.tls,
            &self.patience,
        )))
    }

    /// Connects and returns the session.
    pub fn connect(&self) -> Result<Connection> {
        let (config, tls) = (&self.address.config, &self.tls);
        let session = ServerSession::connect(config, tls, &self.patience)
            .map_err(|error| self.explain(error))?;
        Ok(Connection::Postgres(Box::new(session)))
    }

    pub fn schema(&self) -> &str {
        &self.address.schema
    }

    /// Returns the address to be shown.
    pub fn place(&self) -> PathBuf {
        PathBuf::from(&self.address.shown)
    }
}

/// Formats settings of a session as options: `-c name=value`, with a backslash before spaces.
fn options(settings: &[(&str, &str)]) -> String {
    settings
        .iter()
        .fold(String::new(), |mut text, (name, value)| {
            let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
            let _ = write!(text, "-c {name}={value} ");
            text
        })
}

impl Backend for Server {
    fn reader(&self) -> Option<Connection> {
        Some(self.session(&self.address.config))
    }

    fn for_heartbeats(&self) -> Option<Connection> {
        let mut config = self.address.config.clone();
        let options = config.get_options().unwrap_or_default();
        // A server that crashes may lose a heartbeat, as a network may: the next one comes long before the lease ends.
        let options = format!("{options} -c synchronous_commit=off");
        config.options(options);
        Some(self.session(&config))
    }

    fn listen(&self, ring: &dyn Fn(), end: &Cancel) -> bool {
        let (config, tls) = (&self.address.config, &self.tls);
        while !end.is_cancelled() {
            let listening =
                ServerSession::connect(config, tls, &self.patience).and_then(|session| {
                    session.listen()?;
                    // Notifications may have been missed without a connection.
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

    fn demand_current_schema(&self, connection: &Connection) -> Result<()> {
        self.status(connection)?.demand_current()
    }

    fn answer_within(&self, most: Duration) {
        self.patience.set(most);
    }

    fn host(&self) -> Option<&str> {
        Some(&self.host)
    }

    fn demand_in_place(&self) -> Result<()> {
        Ok(())
    }

    fn explain(&self, error: Error) -> StoreError {
        let path = self.place();
        let unreachable = |message, hint: &str| StoreError::Unreachable {
            path: path.clone(),
            message,
            hint: hint.to_owned(),
        };
        match error {
            Error::Unreachable(message) => unreachable(
                message,
                "check that the server runs, accepts connections and has a database with this name",
            ),
            Error::Denied(message) => unreachable(
                message,
                "check the user, password and database in ADE_DATABASE_URL, and whether the server admits this user (pg_hba.conf); the user must own the schema, or be allowed to create it",
            ),
            Error::Untrusted(message) => unreachable(
                message,
                "the URL must name the host as the server's certificate does. If the system does not trust the certificate's issuer, ?sslrootcert=FILE names the issuer's certificates",
            ),
            Error::Conflict(message) => unreachable(
                message,
                "other processes got in the way each time; try again",
            ),
            // No `ade` wrote this value.
            Error::Unreadable { .. } => StoreError::Damaged {
                path,
                message: error.to_string(),
            },
            error => StoreError::Refused {
                path,
                source: Box::new(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_hold_spaces_and_backslashes() {
        assert_eq!(
            options(&[("ade.data", r"/my data\x"), ("a", "1")]),
            r"-c ade.data=/my\ data\\x -c a=1 "
        );
    }
}
