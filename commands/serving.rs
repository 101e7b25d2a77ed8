//! The code that `ade dev` and `ade serve` share: where to listen, and API and worker in one process until a signal; also the
//! warm engines of `ade worker`.

use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ade::api::access::tokens;
use ade::api::server::{BoundListeners, ListenAddress, Shutdown};
use ade::api::state::ServerLine;
use ade::api::{Api, ServeOptions};
use ade::base::cancel::{Cancel, CancelOnDrop};
use ade::engine::ChildProcess;
use ade::engine::warm::WarmEngines;
use ade::run::calls::request::Tools;
use ade::run::ending::recover::settle_until;
use ade::run::inputs::documents;
use ade::settings::{LogLevel, Settings};
use ade::store::{TokenRecord, WorkerFilter};
use ade::worker::{self, WorkerOptions};
use ade::workspace::Workspace;
use axum::http::{HeaderValue, Uri};

use crate::context::when_there_is_room;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::ServerLog;

/// The port if no flag names one.
pub const PORT: u16 = 8000;

/// Opens a file or an address in the user's browser. Returns whether a program for it exists.
pub fn open_in_browser(what: &OsStr) -> bool {
    let program = match cfg!(target_os = "macos") {
        true => "open",
        false => "xdg-open",
    };
    let browser = Command::new(program)
        .arg(what)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    browser.is_ok()
}

/// Returns the options of a worker that runs next to a server.
pub fn worker_options(settings: &Settings, grace: Duration, gc: bool) -> WorkerOptions {
    WorkerOptions {
        concurrency: settings.worker.concurrency,
        drain: false,
        once: false,
        grace,
        gc,
        only: WorkerFilter::default(),
    }
}

/// Returns the address that `--host` and `--port` name.
pub fn place(host: &str, port: u16) -> Result<ListenAddress, Failure> {
    let address = match host {
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        host => host.parse().map_err(|_| {
            let message = format!("--host {host:?} is not an IP address");
            Failure::usage(ade::base::problem::code::ADDRESS_UNUSABLE, message).hint(
                "use 127.0.0.1 for this machine alone, or 0.0.0.0 for every network of this machine",
            )
        })?,
    };
    Ok(ListenAddress::Port(SocketAddr::new(address, port)))
}

/// Returns whether an address is reachable only from this machine, by a loopback port.
pub fn is_loopback(place: &ListenAddress) -> bool {
    matches!(place, ListenAddress::Port(address) if address.ip().is_loopback())
}

/// Returns the warm engines of a worker that executes this many runs; `None`: an unknown number.
pub fn warm_engines(
    workspace: &Workspace,
    log: &Arc<ServerLog>,
    runs: Option<usize>,
) -> Option<WarmEngines> {
    let log = Arc::clone(log);
    let on_cold = move |words: &str| log.say("worker", LogLevel::Warning, "worker.cold", words);
    let folder = workspace.paths.runs(workspace.id());
    WarmEngines::for_runs(&workspace.settings, runs, folder, Box::new(on_cold))
}

/// How long a request waits for each answer of a database server.
const PATIENCE: Duration = Duration::from_secs(4);

/// A server that is ready to start.
pub struct ServePlan {
    pub workspace: Arc<Workspace>,
    /// The open listening socket.
    pub listening: BoundListeners,
    pub options: ServeOptions,
    /// The worker in the same process, if any.
    pub worker: Option<WorkerOptions>,
    /// How long the server keeps serving after a signal while it reports that it is not ready.
    pub drain: Duration,
    /// How long answers and runs in progress may take after that.
    pub grace: Duration,
    /// The log of server and worker.
    pub log: Arc<ServerLog>,
}

impl ServePlan {
    /// Serves until a signal. `beside` runs in its own thread until its flag is raised.
    pub fn run(self, beside: impl FnOnce(&Cancel) + Send) -> Outcome {
        let Self {
            workspace,
            listening,
            options,
            worker,
            drain,
            grace,
            log,
        } = self;
        let stop = signals::stop_on_signals();
        // Tokens left by servers that were killed.
        let revoke = || Ok(tokens::revoke_leftovers(&workspace)?);
        if when_there_is_room(&workspace.settings, &log, &stop.in_order, revoke)?.is_none() {
            return Ok(ExitStatus::Done);
        }
        workspace.store.answer_within(PATIENCE);
        documents::remove_leftovers(&workspace);
        let told = Arc::clone(&log);
        let report = Box::new(move |now: &ServerLine<'_>| told.api(now));
        let api = Api::new(Arc::clone(&workspace), options, report);
        let engines = worker
            .as_ref()
            .and_then(|_| warm_engines(&workspace, &log, None));
        let launcher = ChildProcess {
            values: None,
            warm: engines.as_ref(),
        };
        std::thread::scope(|scope| {
            let watching = scope.spawn(|| beside(&stop.in_order));
            let working = scope.spawn(|| -> Result<(), Failure> {
                // If the worker cannot continue, or the database is another one, the server ends so that an operator notices.
                let _stop = CancelOnDrop(&stop.in_order);
                let tools = Tools {
                    launcher: &launcher,
                    ..Tools::here()
                };
                if let Some(options) = worker {
                    worker::work(&workspace, tools, &options, &stop, &|source, change| {
                        log.change(source, change)
                    })?;
                } else {
                    // Without a worker, the server recovers the runs of dead processes.
                    settle_until(&workspace, &stop.in_order)?;
                }
                Ok(())
            });
            let shutdown = Shutdown {
                in_order: stop.in_order.clone(),
                at_once: stop.at_once.clone(),
                drain,
                grace,
            };
            listening.serve(&api, &shutdown);
            // If the API ended by itself, everything else must end too.
            stop.in_order.cancel();
            let _ = watching.join();
            working.join().unwrap_or_else(|panic| resume_unwind(panic))
        })?;
        Ok(ExitStatus::Done)
    }
}

/// Parses the addresses of trusted proxies from the setting.
pub fn proxies(setting: Option<&str>) -> Result<Vec<IpAddr>, Failure> {
    let parts = setting.unwrap_or_default().split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.parse().map_err(|_| {
                let message = format!("ADE_API_TRUSTED_PROXIES: {part:?} is not an IP address");
                Failure::usage(ade::base::problem::code::SETTINGS_INVALID, message)
            })
        })
        .collect()
}

/// Parses the origins whose pages may use the API from the setting: `https://app.example`, or only `*`.
pub fn origins(setting: Option<&str>) -> Result<Vec<HeaderValue>, Failure> {
    let parts = setting.unwrap_or_default().split(',').map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let is_origin = |part: &str| {
        let url = part.parse::<Uri>().ok();
        let parts =
            url.and_then(|url| Some((url.scheme_str()?.to_owned(), url.authority()?.to_string())));
        // As browsers send it: only scheme and host, in small letters.
        parts.is_some_and(|(scheme, host)| {
            format!("{scheme}://{host}") == part
                && part == part.to_lowercase()
                && !host.contains('@')
        })
    };
    let all = parts == ["*"];
    parts
        .iter()
        .map(|part| match HeaderValue::from_str(part) {
            Ok(value) if all || is_origin(part) => Ok(value),
            _ => {
                let message = format!("ADE_API_CORS_ORIGINS: {part:?} is not an origin");
                let failure = Failure::usage(ade::base::problem::code::SETTINGS_INVALID, message);
                Err(failure.hint("write an origin such as https://app.example or http://localhost:3000, or * alone for all of them"))
            }
        })
        .collect()
}

/// Returns the absolute path of a UNIX socket.
pub fn socket(path: &std::path::Path) -> ListenAddress {
    ListenAddress::Socket(std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path)))
}

/// Returns an error if the server would listen on a network without tokens that somebody created for it.
pub fn demand_tokens(workspace: &Workspace, host: &str) -> Result<(), Failure> {
    let now = workspace.machine.now();
    let on_purpose = |token: &TokenRecord| token.is_valid(now) && !tokens::is_of_development(token);
    if workspace.store.tokens()?.iter().any(on_purpose) {
        return Ok(());
    }
    let message = format!("{host} can be reached by other machines, and there is no token yet");
    Err(Failure::usage(ade::base::problem::code::USAGE, message)
        .hint("`ade tokens create NAME --scope run` creates one; 127.0.0.1 needs none"))
}
