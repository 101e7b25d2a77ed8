//! `ade worker`: work the queue.

use std::io::Write;
use std::time::Duration;

use ade::clock::Timestamp;
use ade::store::Opening;
use ade::worker::{self, Change, Observer, Options};
use ade::workspace::Workspace;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::duration;

/// Work the queue
///
/// Runs until told to stop: SIGTERM or Ctrl-C stops claiming, lets running runs finish within --grace seconds, and gives
/// back to the queue what has not finished by then.
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
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let opening = if settings.worker.auto_create_schema {
        Opening::CreateIfAbsent
    } else {
        Opening::Existing
    };
    let workspace = Workspace::open(settings, opening)?;
    let options = Options {
        concurrency: args
            .concurrency
            .map_or(workspace.settings.worker.concurrency, |count| {
                count as usize
            }),
        drain: args.drain,
        once: args.once,
        grace: Duration::from_secs(args.grace),
    };
    let stop = signals::cancel_on_signals(|| {});
    worker::work(
        &workspace,
        &options,
        &stop,
        &Log {
            json: context.ui.json(),
            quiet: context.ui.quiet(),
        },
    )?;
    Ok(ExitStatus::Done)
}

/// One line for each change, on standard error.
struct Log {
    json: bool,
    quiet: bool,
}

impl Observer for Log {
    fn change(&self, worker: &str, change: &Change<'_>) {
        let (level, what, data) = describe(change);
        if self.quiet && level == "info" {
            return;
        }
        let mut stderr = std::io::stderr().lock();
        let _ = if self.json {
            let mut line = json!({"timestamp": Timestamp::now(), "level": level, "worker": worker, "message": what});
            if let (Value::Object(line), Value::Object(data)) = (&mut line, data) {
                line.extend(data);
            }
            writeln!(stderr, "{line}")
        } else {
            writeln!(stderr, "{} {level:<7} {worker} {what}", Timestamp::now())
        };
    }
}

fn describe(change: &Change<'_>) -> (&'static str, String, Value) {
    match change {
        Change::Started => ("info", "looking for work".to_owned(), Value::Null),
        Change::Building(environment) => (
            "info",
            format!(
                "building the environment of {} {}",
                environment.configuration_name, environment.id
            ),
            json!({"environment_id": environment.id}),
        ),
        Change::Ready(environment) => (
            "info",
            format!(
                "environment of {} {} is ready",
                environment.configuration_name, environment.id
            ),
            json!({"environment_id": environment.id}),
        ),
        Change::BuildFailed(environment, error) => (
            "error",
            format!(
                "environment of {} {} failed: {error}",
                environment.configuration_name, environment.id
            ),
            json!({"environment_id": environment.id}),
        ),
        Change::Claimed(run) => (
            "info",
            format!(
                "run {} claimed: {}, attempt {}",
                run.id, run.input_name, run.attempt_count
            ),
            json!({"run_id": run.id, "attempt": run.attempt_count}),
        ),
        Change::Ended(run) => {
            let level = if run.error.is_some() {
                "warning"
            } else {
                "info"
            };
            let error = run
                .error
                .as_ref()
                .map(|error| format!(": {}", error.message))
                .unwrap_or_default();
            let took = run
                .duration_ms()
                .map(|took| format!(" in {}", duration(took)))
                .unwrap_or_default();
            (
                level,
                format!("run {} {}{took}{error}", run.id, run.status.as_str()),
                json!({"run_id": run.id, "status": run.status}),
            )
        }
        Change::Lost(run) => (
            "warning",
            format!("run {} lost: its claim is another worker's", run.id),
            json!({"run_id": run.id}),
        ),
        Change::Expired(run) => (
            "warning",
            format!("run {} {}: its lease expired", run.id, run.status.as_str()),
            json!({"run_id": run.id, "status": run.status}),
        ),
        Change::Trouble(message) => ("error", message.clone(), Value::Null),
        Change::Stopping => ("info", "stopping: no more claims".to_owned(), Value::Null),
        Change::Stopped => ("info", "stopped".to_owned(), Value::Null),
    }
}
