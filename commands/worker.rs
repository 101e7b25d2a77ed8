//! `ade worker`: work the queue.

use std::io::Write;
use std::time::Duration;

use ade::clock::Timestamp;
use ade::settings::LogLevel;
use ade::store::Opening;
use ade::worker::{self, Change, Observer, Options};
use ade::workspace::Workspace;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::{bytes, duration};

/// Work the queue
///
/// Runs until told to stop: SIGTERM or Ctrl-C stops claiming, lets running runs finish within --grace seconds, and gives
/// back to the queue what has not finished by then. A second signal gives back at once.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade worker --concurrency 2\n  ade worker --drain       until the queue is empty\n  ade worker --once        one run, or none where none waits"
)]
pub struct Args {
    /// Runs side by side [default: ADE_WORKER_CONCURRENCY]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    concurrency: Option<u32>,
    /// Exit when the queue is empty and nothing runs
    #[arg(long)]
    drain: bool,
    /// Take one run
    #[arg(long, conflicts_with = "concurrency")]
    once: bool,
    /// Seconds that running runs may go on after a stop was asked for
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace: u64,
    /// Collect nothing
    #[arg(long)]
    no_gc: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let opening = if settings.worker.auto_create_schema {
        Opening::CreateIfAbsent
    } else {
        Opening::Existing
    };
    let workspace = Workspace::open(settings, opening)?;
    let worker = &workspace.settings.worker;
    let options = Options {
        concurrency: args
            .concurrency
            .map_or(worker.concurrency, |count| count as usize),
        drain: args.drain,
        once: args.once,
        grace: Duration::from_secs(args.grace),
        gc: !args.no_gc && !args.drain && !args.once,
    };
    let flags = context.ui.quiet() || context.ui.verbose() > 0;
    let log = Log {
        json: context.ui.json() || worker.log_json,
        level: if flags {
            workspace.settings.log_level
        } else {
            worker.log_level
        },
    };
    let stop = signals::cancel_on_signals(|| {});
    worker::work(&workspace, &options, &stop, &log)?;
    Ok(ExitStatus::Done)
}

/// One line for each change, on standard error.
struct Log {
    json: bool,
    level: LogLevel,
}

impl Observer for Log {
    fn change(&self, worker: &str, change: &Change<'_>) {
        let line = Line::of(change);
        if line.level > self.level {
            return;
        }
        let level = match line.level {
            LogLevel::Error => "error",
            LogLevel::Warning => "warning",
            LogLevel::Info => "info",
            LogLevel::Debug | LogLevel::Trace => "debug",
        };
        let mut stderr = std::io::stderr().lock();
        let _ = if self.json {
            let mut object = json!({"timestamp": Timestamp::now(), "level": level, "worker": worker, "event": line.event, "message": line.message});
            if let (Value::Object(object), Value::Object(data)) = (&mut object, line.data) {
                object.extend(data);
            }
            writeln!(stderr, "{object}")
        } else {
            writeln!(
                stderr,
                "{} {level:<7} {worker} {}",
                Timestamp::now(),
                line.message
            )
        };
    }
}

/// What is told of a change.
struct Line {
    level: LogLevel,
    /// A stable word; docs/operating.md lists them.
    event: &'static str,
    message: String,
    data: Value,
}

impl Line {
    fn of(change: &Change<'_>) -> Self {
        use LogLevel::{Error, Info, Warning};
        let line = |level, event, message: String, data| Self {
            level,
            event,
            message,
            data,
        };
        match change {
            Change::Started => line(
                Info,
                "worker.started",
                "looking for work".to_owned(),
                Value::Null,
            ),
            Change::Building(environment) => line(
                Info,
                "environment.building",
                format!(
                    "environment {} of {}: building",
                    environment.id, environment.configuration_name
                ),
                json!({"environment_id": environment.id}),
            ),
            Change::Ready(environment) => line(
                Info,
                "environment.ready",
                format!(
                    "environment {} of {}: ready",
                    environment.id, environment.configuration_name
                ),
                json!({"environment_id": environment.id}),
            ),
            Change::BuildFailed(environment, error) => line(
                Error,
                "environment.failed",
                format!(
                    "environment {} of {}: {error}",
                    environment.id, environment.configuration_name
                ),
                json!({"environment_id": environment.id}),
            ),
            Change::Claimed(run) => line(
                Info,
                "run.claimed",
                format!(
                    "run {}: claimed, {}, attempt {} of {}",
                    run.id, run.input_name, run.attempt_count, run.max_attempts
                ),
                json!({"run_id": run.id, "attempt": run.attempt_count}),
            ),
            Change::Ended(run) => {
                let level = if run.error.is_some() { Warning } else { Info };
                let error = run
                    .error
                    .as_ref()
                    .map(|error| format!(": {}", error.message))
                    .unwrap_or_default();
                let took = run
                    .duration_ms()
                    .map(|took| format!(" in {}", duration(took)))
                    .unwrap_or_default();
                line(
                    level,
                    "run.ended",
                    format!("run {}: {}{took}{error}", run.id, run.status.as_str()),
                    json!({"run_id": run.id, "status": run.status, "duration_ms": run.duration_ms()}),
                )
            }
            Change::Lost(run) => line(
                Warning,
                "run.lost_claim",
                format!("run {}: its claim is another worker's now", run.id),
                json!({"run_id": run.id}),
            ),
            Change::Expired(run) => line(
                Warning,
                "run.expired",
                format!(
                    "run {}: its lease expired, {} now",
                    run.id,
                    run.status.as_str()
                ),
                json!({"run_id": run.id, "status": run.status}),
            ),
            Change::Recovered(run) => line(
                Warning,
                "run.recovered",
                format!(
                    "run {}: its process died, {} now",
                    run.id,
                    run.status.as_str()
                ),
                json!({"run_id": run.id, "status": run.status}),
            ),
            Change::Metrics(metrics) => {
                let latency = metrics
                    .claim_latency_ms
                    .map(|latency| format!(", claimed after {latency:.1} ms"))
                    .unwrap_or_default();
                let oldest = metrics
                    .oldest_wait_ms
                    .map(|wait| format!(", oldest waits {}", duration(wait)))
                    .unwrap_or_default();
                line(
                    Info,
                    "queue.metrics",
                    format!(
                        "queue: {} queued{oldest}, {} running, {} succeeded, {} failed, {} cancelled, {} retried{latency}",
                        metrics.queued,
                        metrics.running,
                        metrics.succeeded,
                        metrics.failed,
                        metrics.cancelled,
                        metrics.retried
                    ),
                    json!({"metrics": metrics}),
                )
            }
            Change::Collected(report) => line(
                Info,
                "gc.collected",
                format!(
                    "collected {} things, {} freed, {} could not go",
                    report.removed.len(),
                    bytes(report.bytes_freed),
                    report.failed.len()
                ),
                json!({"gc": report}),
            ),
            Change::ClockJumped(seconds) => line(
                Warning,
                "clock.jumped",
                format!(
                    "the clock jumped by {seconds:.0} s; leases are left alone until every worker has renewed its own"
                ),
                json!({"seconds": seconds}),
            ),
            Change::Trouble(message) => line(Error, "worker.trouble", message.clone(), Value::Null),
            Change::Stopping => line(
                Info,
                "worker.stopping",
                "stopping: no more claims".to_owned(),
                Value::Null,
            ),
            Change::Stopped => line(Info, "worker.stopped", "stopped".to_owned(), Value::Null),
        }
    }
}
