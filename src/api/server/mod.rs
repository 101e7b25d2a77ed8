//! Accepts connections, and shuts down in order.
//!
//! A server listens on TCP addresses, on UNIX sockets, or on sockets that systemd hands over (sd_listen_fds(3)). Each
//! connection has limits: the size and number of its headers, the time until they are complete, and the number of connections.
//!
//! To shut down, the server first reports at /readyz that it is not ready and keeps serving, so that proxies stop sending
//! requests. Then it stops listening, ends streams, and waits for responses in progress until the grace time is over.

mod guard;
mod health;
mod refused_bodies;
pub(crate) mod routes;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{FromRawFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use super::state::Api;
use crate::base::cancel::{Cancel, Subscription};
use crate::base::problem::{Error, code};
use guard::Peer;

/// The maximum number of connections at the same time. Further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;
/// The maximum time for the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// The maximum number of bytes of a request's head, and of headers in it.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
/// The first descriptor that systemd hands over.
const FIRST_DESCRIPTOR: RawFd = 3;

/// The place where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP address with a port.
    Port(SocketAddr),
    /// A path of a UNIX socket.
    Socket(PathBuf),
    /// The number of sockets that systemd handed over.
    HandedOver(usize),
}

/// The signals that end a server, and the time that its end may take.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Starts to shut down.
    pub in_order: Cancel,
    /// Ends the drain early: no more connections are accepted.
    pub at_once: Cancel,
    /// The time for which it keeps serving while it reports that it is not ready. Proxies need that long to notice.
    pub drain: Duration,
    /// The maximum time for the responses in progress after that.
    pub grace: Duration,
}

/// A socket that listens for connections.
enum Listener {
    Port(TcpListener),
    Socket(UnixListener, Option<PathBuf>),
}

/// The listening sockets, before any connection is accepted.
pub struct BoundListeners {
    listeners: Vec<Listener>,
    runtime: tokio::runtime::Runtime,
}

impl BoundListeners {
    /// Starts to listen at a place.
    ///
    /// # Errors
    /// Another process listens there, or the address cannot be used.
    pub fn at(place: &ListenAddress) -> Result<Self, Error> {
        let unusable = |error: io::Error| {
            let message = format!("cannot listen on {}: {error}", name_of(place));
            Error::usage(code::ADDRESS_UNUSABLE, message).hint("choose another address or port")
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("ade-api")
            .build()
            .map_err(unusable)?;
        let entered = runtime.enter();
        let listeners = listen(place).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => {
                let holder = holder_of(place);
                let holder = holder.map(|holder| format!(": {holder} listens there"));
                let message = format!("{} is in use{}", name_of(place), holder.unwrap_or_default());
                Error::usage(code::ADDRESS_UNUSABLE, message)
                    .hint("stop that process, or choose another port")
            }
            _ => unusable(error),
        })?;
        drop(entered);
        Ok(Self { listeners, runtime })
    }

    /// Returns the address of the first port, with the number that the system chose for port 0.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listeners.iter().find_map(|listener| match listener {
            Listener::Port(listener) => listener.local_addr().ok(),
            Listener::Socket(..) => None,
        })
    }

    /// Serves until the shutdown is requested, and then until all responses have ended or the grace time is over.
    pub fn serve(self, api: &Api, shutdown: &Shutdown) {
        let Self { listeners, runtime } = self;
        let (mut in_order, _first) = watched(&shutdown.in_order);
        let (mut at_once, _second) = watched(&shutdown.at_once);
        let (close, closes) = watch::channel(false);
        let router = routes::router(api.clone());
        runtime.block_on(async {
            let graceful = GracefulShutdown::new();
            let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
            let accepting = listeners
                .into_iter()
                .map(|listener| accept(listener, &router, &graceful, &connections, closes.clone()));
            let leaving = async {
                let _ = in_order.wait_for(|raised| *raised).await;
                api.drain();
                let hurried = at_once.wait_for(|raised| *raised);
                let _ = tokio::time::timeout(shutdown.drain, hurried).await;
                close.send_replace(true);
            };
            tokio::join!(futures_util::future::join_all(accepting), leaving);
            api.stop();
            let _ = tokio::time::timeout(shutdown.grace, graceful.shutdown()).await;
        });
        // The runtime does not wait for blocking calls of the library: everything that they acknowledged is recorded, and
        // clients got no response about the rest.
        runtime.shutdown_timeout(Duration::from_millis(200));
    }
}

/// Returns a receiver that becomes true when the flag is raised, as long as the subscription is held.
fn watched(flag: &Cancel) -> (watch::Receiver<bool>, Subscription) {
    let (raised, raises) = watch::channel(false);
    let subscription = flag.on_cancel(move || {
        raised.send_replace(true);
    });
    (raises, subscription)
}

/// The mode of a UNIX socket. Its clients are trusted, including their forwarded headers.
const SOCKET_MODE: u32 = 0o660;

fn listen(place: &ListenAddress) -> io::Result<Vec<Listener>> {
    match place {
        ListenAddress::Port(address) => {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(vec![Listener::Port(TcpListener::from_std(listener)?)])
        }
        ListenAddress::Socket(path) => {
            remove_leftovers(path)?;
            let listener = UnixListener::bind(path)?;
            // Connecting needs write permission. A proxy is another user, who gets it by the group, which the folder can set
            // (setgid).
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
            Ok(vec![Listener::Socket(listener, Some(path.clone()))])
        }
        ListenAddress::HandedOver(count) => (0..*count)
            .map(|index| handed_over(FIRST_DESCRIPTOR + i32::try_from(index).unwrap_or(0)))
            .collect(),
    }
}

/// Removes a socket file on which no process listens, left by a server that was killed.
fn remove_leftovers(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let is_socket =
        std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket {
        match std::os::unix::net::UnixStream::connect(path) {
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(_) => std::fs::remove_file(path)?,
        }
    }
    Ok(())
}

/// Returns the listener for a descriptor that systemd handed over: a TCP or a UNIX socket.
fn handed_over(descriptor: RawFd) -> io::Result<Listener> {
    use std::os::fd::AsFd;
    // SAFETY: systemd's protocol gives this process the descriptors from 3 on, and nothing else here uses them.
    let owned = unsafe { std::os::fd::OwnedFd::from_raw_fd(descriptor) };
    let is_unix = rustix::net::getsockname(owned.as_fd())?.address_family()
        == rustix::net::AddressFamily::UNIX;
    if is_unix {
        let listener = std::os::unix::net::UnixListener::from(owned);
        listener.set_nonblocking(true)?;
        return Ok(Listener::Socket(UnixListener::from_std(listener)?, None));
    }
    let listener = std::net::TcpListener::from(owned);
    listener.set_nonblocking(true)?;
    Ok(Listener::Port(TcpListener::from_std(listener)?))
}

impl Drop for Listener {
    /// Removes the socket file before closing it, because another server may listen there from then on.
    fn drop(&mut self) {
        if let Self::Socket(_, Some(path)) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Accepts connections until `stops` is true. Later connections are refused, not kept waiting.
async fn accept(
    listener: Listener,
    router: &Router,
    graceful: &GracefulShutdown,
    connections: &Arc<Semaphore>,
    mut stops: watch::Receiver<bool>,
) {
    loop {
        if *stops.borrow() {
            return;
        }
        let free = Arc::clone(connections).acquire_owned();
        let permit = tokio::select! {
            permit = free => permit,
            _ = stops.changed() => continue,
        };
        let Ok(permit) = permit else {
            return;
        };
        let accepted = tokio::select! {
            accepted = next(&listener) => accepted,
            _ = stops.changed() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(_) => {
                // For example, too many files are open: some will close in a moment.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone().map_request(
            move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer));
                request
            },
        ));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that has left, or does not speak HTTP, is no problem of the server.
            let _ = watched.await;
            drop(permit);
        });
    }
}

/// A connection over TCP or a UNIX socket.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn next(listener: &Listener) -> io::Result<(Box<dyn Stream>, Option<IpAddr>)> {
    match listener {
        Listener::Port(listener) => {
            let (stream, peer) = listener.accept().await?;
            // Events must be sent without delay.
            let _ = stream.set_nodelay(true);
            Ok((Box::new(stream), Some(peer.ip())))
        }
        Listener::Socket(listener, _) => {
            let (stream, _) = listener.accept().await?;
            Ok((Box::new(stream), None))
        }
    }
}

fn name_of(place: &ListenAddress) -> String {
    match place {
        ListenAddress::Port(address) => address.to_string(),
        ListenAddress::Socket(path) => path.display().to_string(),
        ListenAddress::HandedOver(count) => format!("the {count} sockets that systemd handed over"),
    }
}

/// Returns the name of the process that listens on a port, if this user may see it. Linux: /proc/net/tcp has the inode of the
/// socket, and the descriptors of processes show who has it open.
fn holder_of(place: &ListenAddress) -> Option<String> {
    let ListenAddress::Port(address) = place else {
        return None;
    };
    const LISTENING: &str = "0A";
    let wanted = format!(":{:04X}", address.port());
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .find_map(|table| {
            table.lines().skip(1).find_map(|line| {
                let columns: Vec<&str> = line.split_whitespace().collect();
                let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
                (local.ends_with(&wanted) && *state == LISTENING).then(|| (*inode).to_owned())
            })
        })?;
    let socket = format!("socket:[{inode}]");
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let opened = std::fs::read_dir(process.path().join("fd")).into_iter();
        let is_holder = opened.flatten().flatten().any(|entry| {
            std::fs::read_link(entry.path())
                .is_ok_and(|target| target.as_os_str() == socket.as_str())
        });
        if is_holder {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("process {pid} ({})", name.trim()));
        }
    }
    None
}

/// Returns the number of sockets that systemd handed over to this process.
pub fn handed_over_count(variables: &dyn Fn(&str) -> Option<String>) -> Option<usize> {
    let for_pid: u32 = variables("LISTEN_PID")?.parse().ok()?;
    let count: usize = variables("LISTEN_FDS")?.parse().ok()?;
    (for_pid == std::process::id() && count > 0).then_some(count)
}
