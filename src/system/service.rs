//! Talks to the service manager that started this process, systemd: reports the state of the process (sd_notify(3)), and finds
//! out whether output goes to its journal (sd-daemon(3)).

use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The socket of the service manager, if it wants reports.
#[derive(Debug)]
pub struct ServiceManager(Option<(UnixDatagram, SocketAddr)>);

impl ServiceManager {
    /// Connects to the socket that the variables of this process name.
    pub fn from_variables(variables: &dyn Fn(&str) -> Option<String>) -> Self {
        let connect = || {
            let socket = variables("NOTIFY_SOCKET")?;
            let address = match socket.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name),
                None => SocketAddr::from_pathname(&socket),
            };
            let from = UnixDatagram::unbound().ok()?;
            // A manager that does not listen must not block this process.
            from.set_nonblocking(true).ok()?;
            Some((from, address.ok()?))
        };
        Self(connect())
    }

    /// Reports the state of this process: `READY=1`, `STOPPING=1`, `WATCHDOG=1`.
    pub fn tell(&self, state: &str) {
        if let Some((from, address)) = &self.0 {
            let _ = from.send_to_addr(state.as_bytes(), address);
        }
    }
}

/// Returns whether a stream goes to the journal, by the variables of this process. Lines may then begin with their priority.
pub fn is_journal(variables: &dyn Fn(&str) -> Option<String>, stream: impl AsFd) -> bool {
    let Ok(found) = rustix::fs::fstat(stream) else {
        return false;
    };
    variables("JOURNAL_STREAM") == Some(format!("{}:{}", found.st_dev, found.st_ino))
}
