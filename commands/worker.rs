//! `ade worker`: executes queued runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ade::api::server::{BoundListeners, ListenAddress, Shutdown};
use ade::api::state::ServerLine;
use ade::api::{Api, ServeOptions};
use ade::base::cancel::CancelOnDrop;
use ade::base::problem::code;
use ade::engine::ChildProcess;
use ade::run::calls::request::Tools;
use ade::run::execution::happenings::{ProgressEvent, ProgressSource};
use ade::run::views::chosen::label;
use ade::settings::{LogLevel, SafeMode};
use ade::store::WorkerFilter;
use ade::system::service::ServiceManager;
use ade::worker::{self, WorkerOptions};
use ade::workspace::Workspace;
use ade::workspace::pause;
use ade::workspace::pause::ActivePause;

use crate::context::{Context, when_there_is_room};
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::serving::warm_engines;
use crate::signals;
use crate::ui::ServerLog;

/// Execute queued runs
///
/// The worker claims runs from `ade run --detach` and the API, of all workspaces (or only --workspace), and builds their
/// environments. It goes on until a signal:
///
/// - The first SIGTERM or Ctrl-C: it claims no more runs, waits up to --grace seconds for running runs, and requeues the rest.
///
/// - The second: it requeues all its runs at once.
///
/// - The third: it ends at once. Another process recovers the runs, and their attempts count.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade worker --concurrency 2\n  ade worker --drain       until the queue is empty\n  ade worker --once        one run, or none if the queue is empty\n  ade worker --label size:large   what is labelled so\n  ade worker --metrics 127.0.0.1:9090"
)]
pub struct Args {
    /// The number of runs at the same time [env: ADE_WORKER_CONCURRENCY] [default: half the cores, at most 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    concurrency: Option<u32>,
    /// Exit when the queue is empty and nothing runs
    #[arg(long)]
    drain: bool,
    /// Execute one run, and exit
    #[arg(long, conflicts_with = "concurrency")]
    once: bool,
    /// Claim only runs with this label, and build only what they need
    #[arg(long, value_name = "KEY:VALUE", value_parser = label)]
    label: Option<String>,
    /// Seconds to wait for running runs after a stop signal
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace: u64,
    /// Do not delete unused environments and files of old runs [env: ADE_WORKER_ENABLE_GC=0]
    #[arg(long)]
    no_gc: bool,
    /// Serve /metrics, /healthz and /readyz here; an address other than 127.0.0.1 is open to other machines
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let place = args.metrics.map(ListenAddress::Port);
    let listening = place.as_ref().map(BoundListeners::at).transpose()?;
    let manager = ServiceManager::from_variables(&|name| settings.variable(name));
    let log = Arc::new(ServerLog::new(context.own_ui(), &settings));
    let stop = signals::stop_on_signals();
    let stays = !args.drain && !args.once;
    let opened = match stays {
        true => Context::open_to_stay(&settings, &log, &stop.in_order)?,
        false => Some(Context::open_to_work(settings)?),
    };
    let Some(workspace) = opened.map(Arc::new) else {
        return Ok(ExitStatus::Done);
    };
    let worker = &workspace.settings.worker;
    let options = WorkerOptions {
        concurrency: args
            .concurrency
            .map_or(worker.concurrency, |count| count as usize),
        drain: args.drain,
        once: args.once,
        grace: Duration::from_secs(args.grace),
        gc: !args.no_gc && stays,
        only: WorkerFilter {
            workspace: context.globals.workspace.clone(),
            label: args.label.clone(),
        },
    };
    let runs = args.once.then_some(1);
    let engines = warm_engines(&workspace, &log, runs);
    let launcher = ChildProcess {
        values: None,
        warm: engines.as_ref(),
    };
    let work = || {
        let tools = Tools {
            launcher: &launcher,
            ..Tools::here()
        };
        let told = |source: &ProgressSource<'_>, change: &ProgressEvent<'_>| {
            notify_manager(&manager, change);
            log.change(source, change);
        };
        Ok(worker::work(&workspace, tools, &options, &stop, &told)?)
    };
    let left = with_figures(listening, &workspace, &log, || match stays {
        true => when_there_is_room(&workspace.settings, &log, &stop.in_order, work),
        false => work().map(Some),
    })?;
    let left = left.unwrap_or_default();
    if left > 0 && workspace.settings.safe_mode != SafeMode::Off {
        let message = format!("{left} queued and not executed: safe mode is on (ADE_SAFE_MODE)");
        let failure = Failure::new(ExitStatus::Refused, code::SAFE_MODE_ENABLED, message);
        return Err(failure.hint("a worker without safe mode executes them"));
    }
    if left > 0 && workspace.store.paused_runs()? > 0 {
        let message = format!(
            "{left} queued and not executed: {}",
            paused_text(&pause::all(&workspace)?)
        );
        let failure = Failure::new(ExitStatus::Refused, code::PAUSED, message);
        return Err(failure.hint("`ade resume`, or `ade resume --config NAME`, ends a pause"));
    }
    if left > 0 {
        let runs = if left == 1 { "run waits" } else { "runs wait" };
        let message = format!(
            "{left} {runs} in the queue: the machine, the network or this worker is in trouble"
        );
        let failure = Failure::new(ExitStatus::Environment, code::ENVIRONMENT_FAILED, message);
        return Err(failure
            .hint("`ade runs show` says what each waits for; none of their attempts was used up"));
    }
    Ok(ExitStatus::Done)
}

/// Returns what is paused, in one line.
fn paused_text(paused: &[ActivePause]) -> String {
    let all: Vec<String> = paused.iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// Reports a change to the service manager.
fn notify_manager(manager: &ServiceManager, change: &ProgressEvent<'_>) {
    match change {
        // Each slot reports this; only the first time counts.
        ProgressEvent::Started => manager.tell("READY=1"),
        ProgressEvent::GoesRound => manager.tell("WATCHDOG=1"),
        ProgressEvent::Stopping => manager.tell("STOPPING=1"),
        _ => {}
    }
}

/// Works, and serves figures until the work has ended.
fn with_figures<T>(
    listening: Option<BoundListeners>,
    workspace: &Arc<Workspace>,
    log: &Arc<ServerLog>,
    work: impl FnOnce() -> T,
) -> T {
    let Some(listening) = listening else {
        return work();
    };
    let address = listening.address();
    let options = ServeOptions {
        loopback: address.is_some_and(|address| address.ip().is_loopback()),
        figures_alone: true,
        ..ServeOptions::default()
    };
    let told = Arc::clone(log);
    let report = Box::new(move |now: &ServerLine<'_>| told.api(now));
    let api = Api::new(Arc::clone(workspace), options, report);
    if let Some(address) = address {
        let words = format!("figures at http://{address}/metrics");
        log.say("api", LogLevel::Info, "api.started", &words);
    }
    let shutdown = Shutdown::default();
    std::thread::scope(|scope| {
        scope.spawn(|| listening.serve(&api, &shutdown));
        let _end = CancelOnDrop(&shutdown.in_order);
        work()
    })
}
