//! Accepts connections, and ends in order.
//!
//! A server listens on TCP addresses, on UNIX sockets, or on sockets that systemd hands over (sd_listen_fds(3)). Each connection
//! has limits: the size and number of its headers, the time until they are complete, and the number of connections.
//!
//! When the server is to end, it first says so at /readyz and goes on, so that nothing more is passed on to it. Then it listens no more,
//! ends streams, and waits for the answers in progress as long as the grace lasts.

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

/// The largest number of connections at the same time. Further ones wait to be accepted.
const CONNECTIONS: usize = 4096;
/// How long the head of a request may take.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// The largest head of a request, and the most headers in it.
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
/// The first descriptor that systemd hands over.
const FIRST_DESCRIPTOR: RawFd = 3;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP port.
    Port(SocketAddr),
    /// A UNIX socket.
    Socket(PathBuf),
    /// The sockets that systemd handed over.
    HandedOver(usize),
}

/// How a server is asked to end, and how long that may take.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// It is to end.
    pub in_order: Cancel,
    /// It is to accept nothing more from now on.
    pub at_once: Cancel,
    /// How long it goes on after it began to say that it is not ready: those that pass requests on to it need that long to notice.
    pub drain: Duration,
    /// How long the answers in progress may take after that.
    pub grace: Duration,
}

/// A place that is listened on.
enum Listener {
    Port(TcpListener),
    Socket(UnixListener, Option<PathBuf>),
}

/// The places that are listened on, before anything is accepted.
pub struct Listening {
    listeners: Vec<Listener>,
    runtime: tokio::runtime::Runtime,
}

impl Listening {
    /// Begins to listen.
    ///
    /// # Errors
    /// Another process listens there, or the address cannot be used.
    pub fn at(place: &ListenAddress) -> Result<Self, Error> {
        let unusable = |error: io::Error| {
            let message = format!("{} cannot be listened on: {error}", name_of(place));
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

    /// The address of the first port, with the number that the system chose for port 0.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listeners.iter().find_map(|listener| match listener {
            Listener::Port(listener) => listener.local_addr().ok(),
            Listener::Socket(..) => None,
        })
    }

    /// Serves until it is asked to end, and then until what is being answered has ended or the grace is over.
    pub fn serve(self, api: &Api, shutdown: &Shutdown) {
        let Self { listeners, runtime } = self;
        let (mut in_order, _first) = watched(&shutdown.in_order);
        let (mut at_once, _second) = watched(&shutdown.at_once);
        let (close, closes) = watch::channel(false);
        let router = routes::router(api.clone());
        runtime.block_on(async {
            let graceful = GracefulShutdown::new();
            let connections = Arc::new(Semaphore::new(CONNECTIONS));
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
        // A call of the library that blocks still is not waited for: what it acknowledged is recorded, the rest was not told.
        runtime.shutdown_timeout(Duration::from_millis(200));
    }
}

/// Whether a flag is raised, to be waited for; that as long as the subscription is held.
fn watched(flag: &Cancel) -> (watch::Receiver<bool>, Subscription) {
    let (raised, raises) = watch::channel(false);
    let subscription = flag.on_cancel(move || {
        raised.send_replace(true);
    });
    (raises, subscription)
}

/// The mode of a UNIX socket: whoever connects is believed what it says of forwarded requests.
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
            // To connect is to write: a proxy is another user, who is let in by the group, which a folder can decide (setgid).
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
            Ok(vec![Listener::Socket(listener, Some(path.clone()))])
        }
        ListenAddress::HandedOver(count) => (0..*count)
            .map(|index| handed_over(FIRST_DESCRIPTOR + i32::try_from(index).unwrap_or(0)))
            .collect(),
    }
}

/// A socket file on which no process listens was left by a server that was killed.
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

/// A descriptor that systemd handed over: a TCP or a UNIX socket that listens.
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
    /// Its file goes first: another server may listen there from then on.
    fn drop(&mut self) {
        if let Self::Socket(_, Some(path)) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Accepts connections until `stops` is true. Whoever connects after that is refused, not kept waiting.
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
                // Too many open files, say: others end in a moment.
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
            .max_buf_size(LARGEST_HEAD)
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that is gone, or does not speak HTTP, is no trouble of the server.
            let _ = watched.await;
            drop(permit);
        });
    }
}

/// A connection, of whichever kind.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn next(listener: &Listener) -> io::Result<(Box<dyn Stream>, Option<IpAddr>)> {
    match listener {
        Listener::Port(listener) => {
            let (stream, peer) = listener.accept().await?;
            // Events go out as they come.
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

/// The process that listens on a port, as far as this user may see it. Linux: /proc/net/tcp names the socket's inode, and the
/// process that has it open is found by its descriptors.
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

/// How many sockets systemd handed over to this process.
pub fn handed_over_count(variables: &dyn Fn(&str) -> Option<String>) -> Option<usize> {
    let for_pid: u32 = variables("LISTEN_PID")?.parse().ok()?;
    let count: usize = variables("LISTEN_FDS")?.parse().ok()?;
    (for_pid == std::process::id() && count > 0).then_some(count)
}
