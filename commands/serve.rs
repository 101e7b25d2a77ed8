//! `ade serve`: serves the API and the pages on a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ade::api::ServeOptions;
use ade::api::server::{self, BoundListeners, ListenAddress};
use ade::base::cancel::Cancel;
use ade::settings::LogLevel;
use ade::system::service::ServiceManager;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::serving::{self, ServePlan};
use crate::ui::ServerLog;

/// Serve the API and the web console
///
/// Runs are executed by `ade worker`, or by this process with --worker. Callers need a token (`ade tokens create`).
///
/// On SIGTERM or Ctrl-C, /readyz reports "not ready" for ADE_API_DRAIN_SECONDS; then the server refuses new connections, ends
/// event streams (clients can resume them) and finishes requests. Supports systemd socket activation and readiness
/// notification.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade tokens create reports --scope run\n  ade serve --host 0.0.0.0 --port 8000\n  ade serve --socket /run/ade/api.sock      behind a proxy\n  ade serve --worker                        execute runs too"
)]
pub struct Args {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on
    #[arg(long, value_name = "PORT", default_value_t = serving::PORT)]
    port: u16,
    /// Listen on this UNIX socket instead
    #[arg(long, value_name = "PATH", conflicts_with_all = ["host", "port"])]
    socket: Option<PathBuf>,
    /// Serve only the API, without the web console
    #[arg(long)]
    no_web: bool,
    /// Also execute runs in this process
    #[arg(long)]
    worker: bool,
    /// Seconds for requests, and runs with --worker, to finish after a stop signal
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace: u64,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let variable = |name: &str| settings.variable(name);
    let place = match (&args.socket, server::handed_over_count(&variable)) {
        (Some(path), _) => serving::socket(path),
        (None, Some(count)) => ListenAddress::HandedOver(count),
        (None, None) => serving::place(&args.host, args.port)?,
    };
    let manager = ServiceManager::from_variables(&variable);
    let trusted_proxies = serving::proxies(settings.trusted_proxies.as_deref())?;
    let cors_origins = serving::origins(settings.cors_origins.as_deref())?;
    let log = Arc::new(ServerLog::new(context.own_ui(), &settings));
    // Until the server listens, a signal ends the process.
    let Some(workspace) = Context::open_to_stay(&settings, &log, &Cancel::new())? else {
        return Ok(ExitStatus::Done);
    };
    let workspace = Arc::new(workspace);
    let loopback = serving::is_loopback(&place);
    if matches!(place, ListenAddress::Port(_)) && !loopback {
        serving::demand_tokens(&workspace, &args.host)?;
    }
    let listening = BoundListeners::at(&place)?;
    let settings = &workspace.settings;
    let place = match (listening.address(), &place) {
        (Some(address), _) => format!("http://{address}"),
        (None, ListenAddress::Socket(path)) => path.display().to_string(),
        (None, _) => "the sockets that systemd handed over".to_owned(),
    };
    let grace = Duration::from_secs(args.grace);
    let serving = ServePlan {
        workspace: Arc::clone(&workspace),
        listening,
        options: ServeOptions {
            loopback,
            edits_folders: false,
            figures_alone: false,
            without_pages: args.no_web,
            trusted_proxies,
            cors_origins,
        },
        worker: args
            .worker
            .then(|| serving::worker_options(settings, grace, true)),
        drain: settings.drain,
        grace,
        log: Arc::clone(&log),
    };
    let outcome = serving.run(|stop| {
        // Printed only after the signal handlers are set: a reader of this line may send a signal at once.
        let words = format!("serving on {place}");
        log.say("api", LogLevel::Info, "api.started", &words);
        manager.tell("READY=1");
        stop.wait(Duration::MAX);
        manager.tell("STOPPING=1");
    });
    log.say("api", LogLevel::Info, "api.stopped", "stopped");
    outcome
}
