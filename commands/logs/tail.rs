//! `ade logs tail`: print and follow an event log.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ade::events::{Follower, severity};
use ade::layout::EnvironmentFolder;
use ade::problem::Problem;
use ade::run::{ends, kind_of_end};
use ade::store::{EnvironmentStatus, StoreError};
use ade::workspace::Workspace;
use serde_json::Value;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{Tone, Ui};

/// How often the log is looked at, and after how many looks the state.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: u32 = 5;
/// An end that was recorded is told within this time, unless nobody is left who could.
const UNTOLD: Duration = Duration::from_secs(45);

/// Print an event log, and follow it
///
/// With -f it goes on until the run ends, across attempts, and exits with the run's exit status.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade logs tail latest\n  ade logs tail 0199c2d4 -f\n  ade logs tail latest --json | jq .event"
)]
pub struct Args {
    /// The id of a run or an environment, the beginning of one, or `latest`
    #[arg(default_value = "latest")]
    run_or_env: String,
    /// The last N events alone
    #[arg(short = 'n', value_name = "N")]
    lines: Option<usize>,
    /// Follow until the run ends
    #[arg(short, long)]
    follow: bool,
    /// Events of this level and above
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = ["debug", "info", "warning", "error"])]
    level: String,
}

/// What is being followed.
enum Subject {
    Run(String),
    Environment(String),
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let none = || {
        Failure::usage(
            "run_not_found",
            "there are no runs yet".to_owned(),
            Some("`ade run CONFIG FILE` makes one".to_owned()),
        )
    };
    let workspace = context.open_if_present()?.ok_or_else(none)?;
    let (subject, path) = find(&workspace, &args.run_or_env)?;
    let least = severity(&args.level);
    let wanted = |event: &Value| {
        severity(event.get("level").and_then(Value::as_str).unwrap_or("info")) >= least
    };
    let mut follower = Follower::new(path);
    let mut first = poll(&mut follower)?;
    let mut told = last_told(&first);
    first.retain(wanted);
    if let Some(last) = args.lines {
        first.drain(..first.len().saturating_sub(last));
    }
    first.iter().for_each(|event| show(ui, event));
    if !args.follow {
        return Ok(ExitStatus::Done);
    }
    let cancel = signals::cancel_on_signals(|| {});
    let mut ended: Option<(End, Instant)> = None;
    loop {
        // The state is read before the file: whatever was written up to the end is then printed before it ends.
        if ended.is_none() {
            ended = end_of(&workspace, &subject)?.map(|end| (end, Instant::now()));
        }
        for _ in 0..LOOKS {
            let events = poll(&mut follower)?;
            told = last_told(&events).or(told);
            events
                .iter()
                .filter(|event| wanted(event))
                .for_each(|event| show(ui, event));
            if let Some((end, since)) = &ended {
                // The end is recorded a moment before it is told, and told later where its recorder died in between.
                let is_told = told.as_ref().is_some_and(|event| end.is_told_by(event));
                if is_told || since.elapsed() > end.patience {
                    return Ok(end.status);
                }
            }
            if cancel.wait(LOOK_EVERY) {
                return Ok(ExitStatus::Cancelled);
            }
        }
    }
}

/// The last event that tells of an end.
fn last_told(events: &[Value]) -> Option<Value> {
    let is_end = |event: &&Value| {
        let name = event.get("event").and_then(Value::as_str);
        name.is_some_and(|name| {
            name == ends::COMPLETE || name == "environment.complete" || name == "environment.failed"
        })
    };
    events.iter().rfind(is_end).cloned()
}

fn poll(follower: &mut Follower) -> Result<Vec<Value>, Failure> {
    follower
        .poll()
        .map_err(|error| Failure::of(&ade::run::inline::RunError::File(error)))
}

/// A run first, else an environment.
fn find(workspace: &Workspace, argument: &str) -> Result<(Subject, PathBuf), Failure> {
    let run = match workspace.store.run(workspace.id(), argument) {
        Ok(run) => run,
        Err(not_a_run @ StoreError::NotFound { .. }) => {
            return match workspace.store.environment(workspace.id(), argument) {
                Ok(environment) => Ok((
                    Subject::Environment(environment.id.clone()),
                    EnvironmentFolder(environment.folder).events(),
                )),
                Err(error @ StoreError::Ambiguous { .. }) => Err(error.into()),
                Err(_) => Err(Failure {
                    message: format!("there is no run or environment {argument:?}"),
                    hint: Some("`ade runs ls` and `ade env ls` list them".to_owned()),
                    ..Failure::of(&not_a_run)
                }),
            };
        }
        Err(error) => return Err(error.into()),
    };
    let folder = workspace.layout.run(&run.key.workspace_id, &run.id);
    Ok((Subject::Run(run.id), folder.events()))
}

/// The end of what is followed.
struct End {
    status: ExitStatus,
    /// A run's attempt, or an environment's state, as the event says it that tells of this end.
    telling: (&'static str, Value),
    /// How long to wait for that event.
    patience: Duration,
}

impl End {
    fn is_told_by(&self, event: &Value) -> bool {
        let (key, value) = &self.telling;
        event.get("data").and_then(|data| data.get(key)) == Some(value)
    }
}

/// The end of something that has ended.
fn end_of(workspace: &Workspace, subject: &Subject) -> Result<Option<End>, Failure> {
    let id = match subject {
        Subject::Run(id) => {
            let run = workspace.store.run(workspace.id(), id)?;
            let has_log = run.artifacts_deleted_at.is_none();
            return Ok(run.status.is_terminal().then(|| End {
                status: kind_of_end(&run).map_or(ExitStatus::Done, Into::into),
                telling: ("attempt", run.attempt_count.into()),
                patience: if has_log { UNTOLD } else { Duration::ZERO },
            }));
        }
        Subject::Environment(id) => id,
    };
    let state = match workspace.store.environment(workspace.id(), id) {
        Ok(environment) => environment.status,
        Err(error) if error.code() == "not_found" => EnvironmentStatus::Ready,
        Err(error) => return Err(error.into()),
    };
    let status = match state {
        EnvironmentStatus::Ready => ExitStatus::Done,
        EnvironmentStatus::Failed => ExitStatus::Environment,
        EnvironmentStatus::Queued | EnvironmentStatus::Building => return Ok(None),
    };
    Ok(Some(End {
        status,
        telling: ("status", state.as_str().into()),
        patience: Duration::from_secs(1),
    }))
}

fn show(ui: &Ui, event: &Value) {
    if ui.json() {
        ui.record(event);
        return;
    }
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let clock = text("timestamp").get(11..23).unwrap_or_default();
    let level = text("level");
    let tone = match severity(level) {
        0 | 1 => Tone::Dim,
        2 => Tone::Plain,
        3 => Tone::Warn,
        _ => Tone::Bad,
    };
    ui.line(format_args!(
        "{} {} {} {}",
        ui.paint(Tone::Dim, clock),
        ui.paint(tone, format!("{level:<7}")),
        ui.paint(Tone::Name, text("event")),
        text("message")
    ));
    let trace = event.pointer("/error/stack_trace").and_then(Value::as_str);
    for line in trace.into_iter().flat_map(str::lines) {
        ui.line(format_args!("             {}", ui.paint(Tone::Dim, line)));
    }
}
