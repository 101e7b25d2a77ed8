//! The address of a server: `postgresql://user@host:port/database?…`, as PostgreSQL's own programs read it.
//!
//! Except for a socket of this machine, the connection is encrypted and the server's certificate is verified, unless the
//! address contains `sslmode=disable`: an unverified server may be anybody. `schema=NAME` gives the schema of the tables; the
//! default is `ade`. The password is in the address or in a setting, and is never shown.

use std::fmt::Write as _;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::{load_certs_from_paths, load_native_certs};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::settings::{Settings, mask_password};
use crate::store::{Result, StoreError};

/// The default schema of the tables.
const SCHEMA: &str = "ade";

/// The default port of servers, which is not shown.
const PORT: u16 = 5432;

/// The result of parsing; the error is a reason, without the address.
type ParseResult<T> = std::result::Result<T, String>;

/// The address of a server, and the settings of connections to it.
#[derive(Clone)]
pub struct Address {
    pub config: Config,
    pub schema: String,
    /// The address without a password.
    pub shown: String,
    /// The address as it was given, with the password masked.
    given: String,
    trusted: TrustedRoots,
}

/// The certificates that are trusted.
#[derive(Clone)]
enum TrustedRoots {
    /// No certificate is requested.
    All,
    /// The certificates of the system.
    OfSystem,
    /// The certificates of a file.
    OfFile(String),
}

/// The parameters of an address that are for `ade` and not for the server.
#[derive(Default)]
struct AddressOptions {
    mode: Option<String>,
    certificates: Option<String>,
    schema: Option<String>,
}

impl Address {
    /// Parses an address. The error is a reason, without the address.
    pub fn parse(given: &str, settings: &Settings) -> ParseResult<Self> {
        let (url, own) = AddressOptions::taken_from(given)?;
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            cause.unwrap_or_else(|| error.to_string())
        })?;
        if config.get_hosts().is_empty() {
            return Err("it names no server".to_owned());
        }
        if config.get_password().is_none()
            && let Some(password) = password(settings)?
        {
            config.password(password);
        }
        let is_remote = config
            .get_hosts()
            .iter()
            .any(|host| matches!(host, Host::Tcp(_)));
        let is_verified = own.is_verified(is_remote)?;
        config.ssl_mode(match is_verified {
            true => SslMode::Require,
            false => SslMode::Disable,
        });
        let trusted = match own.certificates.filter(|file| file != "system") {
            _ if !is_verified => TrustedRoots::All,
            None => TrustedRoots::OfSystem,
            Some(file) => TrustedRoots::OfFile(file),
        };
        // No connection waits forever for an answer, and a transaction that its process abandoned holds no locks.
        config
            .connect_timeout(Duration::from_secs(10))
            .tcp_user_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(3))
            .keepalives_retries(3)
            .application_name("ade");
        Ok(Self {
            shown: shown(&config),
            config,
            schema: own.schema.unwrap_or_else(|| SCHEMA.to_owned()),
            given: mask_password(given),
            trusted,
        })
    }

    /// Returns the settings that encrypt and verify a connection. Only needed to connect, because it reads the certificates.
    pub fn tls(&self) -> Result<MakeRustlsConnect> {
        let roots = self.trusted.roots().map_err(|reason| StoreError::BadUrl {
            url: self.given.clone(),
            reason,
        })?;
        let client = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(client))
    }
}

impl AddressOptions {
    fn taken_from(url: &str) -> ParseResult<(String, Self)> {
        let mut own = Self::default();
        let Some((place, query)) = url.split_once('?') else {
            return Ok((url.to_owned(), own));
        };
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let kept = match &*name {
                "sslmode" => &mut own.mode,
                "sslrootcert" => &mut own.certificates,
                "schema" => &mut own.schema,
                _ => {
                    rest.append_pair(&name, &value);
                    continue;
                }
            };
            *kept = Some(value.into_owned());
        }
        let is_name = |name: &String| {
            let known = |letter: char| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
            };
            !name.is_empty() && name.len() <= 60 && name.chars().all(known)
        };
        if own.schema.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(
                "the name of its schema may have only lower-case letters, digits and _".to_owned(),
            );
        }
        Ok((format!("{place}?{}", rest.finish()), own))
    }

    /// Returns whether the server must present a valid certificate.
    fn is_verified(&self, is_remote: bool) -> ParseResult<bool> {
        match self.mode.as_deref() {
            None => Ok(is_remote),
            Some("verify-full") => Ok(true),
            Some("disable") => Ok(false),
            Some(other) => Err(format!(
                "sslmode={other} would not verify the server's identity: leave it out, which means verify-full, or write sslmode=disable"
            )),
        }
    }
}

impl TrustedRoots {
    fn roots(&self) -> ParseResult<RootCertStore> {
        let mut roots = RootCertStore::empty();
        let (place, found) = match self {
            Self::All => return Ok(roots),
            Self::OfSystem => ("this system", load_native_certs()),
            Self::OfFile(file) => (&**file, load_certs_from_paths(Some(file.as_ref()), None)),
        };
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = found.errors.first();
            let why = why.map(|error| format!(": {error}")).unwrap_or_default();
            return Err(format!("there are no certificates in {place}{why}"));
        }
        Ok(roots)
    }
}

/// Returns the password from the settings.
fn password(settings: &Settings) -> ParseResult<Option<String>> {
    let Some(file) = &settings.database_password_file else {
        return Ok(settings.database_password.clone());
    };
    let read = std::fs::read_to_string(file);
    let text = read.map_err(|error| {
        format!(
            "its password cannot be read from {}: {error}",
            file.display()
        )
    })?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Returns the address to be shown: `postgresql://user@host/database`.
fn shown(config: &Config) -> String {
    let mut text = "postgresql://".to_owned();
    if let Some(user) = config.get_user() {
        let _ = write!(text, "{user}@");
    }
    let ports = config.get_ports();
    for (index, host) in config.get_hosts().iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = match host {
            Host::Tcp(name) => write!(text, "{comma}{name}"),
            Host::Unix(folder) => write!(text, "{comma}{}", folder.display()),
        };
        let port = ports.get(index).or(ports.first());
        if let Some(port) = port.filter(|port| **port != PORT) {
            let _ = write!(text, ":{port}");
        }
    }
    if let Some(database) = config.get_dbname() {
        let _ = write!(text, "/{database}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::settings::Inputs;

    fn settings(flags: &[(&'static str, &str)]) -> Settings {
        let flags = flags
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        Settings::resolve(&Inputs {
            flags: flags.collect::<BTreeMap<_, _>>(),
            variables: BTreeMap::new(),
            folder: "/".into(),
            program: None,
        })
        .unwrap()
    }

    fn address(url: &str) -> ParseResult<Address> {
        let address = Address::parse(url, &settings(&[]))?;
        address.tls().map_err(|error| error.to_string())?;
        Ok(address)
    }

    #[test]
    fn what_is_not_on_this_machine_is_verified() {
        let mode = |url| address(url).unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgresql://a@%2Frun%2Fpg/db"), SslMode::Disable);
        assert_eq!(
            mode("postgresql://a@db.example/db?sslmode=disable"),
            SslMode::Disable
        );
        for (asked, words) in [
            ("sslmode=require", "verify-full"),
            ("sslrootcert=/none.pem", "/none.pem"),
        ] {
            let refused = address(&format!("postgresql://a@db.example/db?{asked}"));
            let error = refused.err().unwrap();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_password_is_taken_from_address_or_setting_and_never_shown() {
        let place = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(place.path(), "from a file\n").unwrap();
        let file = place.path().to_str().unwrap();
        for (user, flag, expected) in [
            ("a:in%20it", None, "in it"),
            ("a", Some(("ADE_DATABASE_PASSWORD", "set")), "set"),
            (
                "a",
                Some(("ADE_DATABASE_PASSWORD_FILE", file)),
                "from a file",
            ),
        ] {
            let url = format!("postgresql://{user}@%2Frun/db");
            let address = Address::parse(&url, &settings(flag.as_slice())).unwrap();
            assert_eq!(address.config.get_password(), Some(expected.as_bytes()));
            assert_eq!(address.shown, "postgresql://a@/run/db");
        }
    }

    #[test]
    fn a_schema_has_a_name_that_needs_no_quotes() {
        assert_eq!(address("postgresql://%2Frun/db").unwrap().schema, "ade");
        let named = address("postgresql://%2Frun/db?schema=team_2&application_name=x").unwrap();
        assert_eq!(named.schema, "team_2");
        assert!(address("postgresql://%2Frun/db?schema=a;b").is_err());
        assert!(address("postgresql:///db").is_err());
    }
}
