//! `ade logs tail`: print and follow an event log.

use ade::events::severity;
use ade::run::follow::Following;
use serde_json::Value;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::{Tone, Ui};

/// Print an event log, and follow it
///
/// With -f it prints new events until the run ends, including those of further attempts, and exits with the run's exit
/// status.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade logs tail latest\n  ade logs tail 0199c2d4 -f\n  ade logs tail latest --json | jq .event"
)]
pub struct Args {
    /// The id of a run or an environment (what a listing shows of it, or its beginning, is enough), or `latest`
    #[arg(default_value = "latest")]
    run_or_env: String,
    /// Only the last N events
    #[arg(short = 'n', value_name = "N")]
    lines: Option<usize>,
    /// Follow until the run ends
    #[arg(short, long)]
    follow: bool,
    /// Only events of this level and above
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = ["debug", "info", "warning", "error"])]
    level: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let least = severity(&args.level);
    let wanted = |event: &Value| severity(text(event, "level")) >= least;
    let mut following = Following::open(&workspace, &args.run_or_env)?;
    let mut events = following.so_far()?;
    events.retain(wanted);
    if let Some(last) = args.lines {
        events.drain(..events.len().saturating_sub(last));
    }
    events.iter().for_each(|event| show(ui, event));
    if !args.follow {
        return Ok(ExitStatus::Done);
    }
    let cancel = signals::cancel_on_signals();
    let end = following.to_end(&cancel, &mut |event| {
        if wanted(event) {
            show(ui, event);
        }
    })?;
    Ok(end.map_or(ExitStatus::Done, Into::into))
}

fn show(ui: &Ui, event: &Value) {
    if ui.json() {
        ui.record(event);
        return;
    }
    let timestamp = text(event, "timestamp");
    let clock = timestamp.get(11..23).unwrap_or_default();
    let level = text(event, "level");
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
        ui.paint(Tone::Name, text(event, "event")),
        text(event, "message")
    ));
    let trace = event.pointer("/error/stack_trace").and_then(Value::as_str);
    for line in trace.into_iter().flat_map(str::lines) {
        ui.line(format_args!("             {}", ui.paint(Tone::Dim, line)));
    }
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event.get(key).and_then(Value::as_str).unwrap_or_default()
}
