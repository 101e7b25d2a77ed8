//! The service manager that started this process, systemd: told how the process stands (sd_notify(3)), and whose journal may read
//! what it writes (sd-daemon(3)).

use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Where the service manager listens, if it asked to be told.
#[derive(Debug)]
pub struct ServiceManager(Option<(UnixDatagram, SocketAddr)>);

impl ServiceManager {
    /// By the variables of this process.
    pub fn of(variables: &dyn Fn(&str) -> Option<String>) -> Self {
        let connect = || {
            let socket = variables("NOTIFY_SOCKET")?;
            let address = match socket.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name),
                None => SocketAddr::from_pathname(&socket),
            };
            let from = UnixDatagram::unbound().ok()?;
            // A manager that does not listen keeps nothing waiting.
            from.set_nonblocking(true).ok()?;
            Some((from, address.ok()?))
        };
        Self(connect())
    }

    /// Tells it how this process stands: `READY=1`, `STOPPING=1`, `WATCHDOG=1`.
    pub fn tell(&self, state: &str) {
        if let Some((from, address)) = &self.0 {
            let _ = from.send_to_addr(state.as_bytes(), address);
        }
    }
}

/// Whether what is written there goes to the journal, by the variables of this process: lines may begin with their priority then.
pub fn is_journal(variables: &dyn Fn(&str) -> Option<String>, stream: impl AsFd) -> bool {
    let Ok(found) = rustix::fs::fstat(stream) else {
        return false;
    };
    variables("JOURNAL_STREAM") == Some(format!("{}:{}", found.st_dev, found.st_ino))
}
