//! `ade logs tail`: prints and follows an event log.

use ade::events::severity;
use ade::run::views::follow::{FollowedLog, KnownNames};
use serde_json::Value;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::{Tone, Ui};

/// Print the event log of a run or of an environment build
///
/// With -f, prints new events until the run ends, and exits with the run's status. Repeated errors are printed once, except
/// with --json.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade logs tail latest\n  ade logs tail 0199c2d4 -f\n  ade logs tail latest --json | jq .event"
)]
pub struct Args {
    /// A run or an environment: its id (or part), an input's path or name, or `latest`
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
    // Set up before the first event is printed: from then on Ctrl-C ends the command with status 130.
    let cancel = args.follow.then(signals::cancel_on_signals);
    let mut following = FollowedLog::open(&workspace, &args.run_or_env)?;
    let mut printer = Printer {
        ui,
        names: following.names(),
        told: None,
    };
    let (mut seen, mut shown) = (0, 0);
    let mut show = |event: &Value| {
        seen += 1;
        if wanted(event) {
            shown += 1;
            printer.show(event);
        }
    };
    match args.lines {
        None => following.so_far(None, &mut show)?,
        Some(0) => following.so_far(Some((0, &wanted)), &mut |_| {})?,
        Some(last) => following.so_far(Some((last, &wanted)), &mut show)?,
    }
    let Some(cancel) = cancel else {
        if shown == 0 && args.lines != Some(0) {
            let (level, of) = (&args.level, &args.run_or_env);
            ui.say(match seen {
                0 => format!("note: {of} has no events yet"),
                _ => format!("note: {of} has no events of level {level} or above"),
            });
        }
        return Ok(ExitStatus::Done);
    };
    let end = following.to_end(&cancel, &mut show, &mut || {
        ui.say("note: the run waits, and no worker is running; `ade worker --drain` executes it");
    })?;
    Ok(end.map_or(ExitStatus::Done, Into::into))
}

struct Printer<'a> {
    ui: &'a Ui,
    names: KnownNames,
    /// The last printed error, which later events repeat.
    told: Option<String>,
}

impl Printer<'_> {
    fn show(&mut self, event: &Value) {
        let ui = self.ui;
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
        let message = self.names.put_into(text(event, "message"));
        let told = self.told.as_deref().filter(|told| !told.is_empty());
        let shown = match told.and_then(|told| message.strip_suffix(told)) {
            Some(rest) => rest.trim_end_matches([':', ' ']),
            None => &message,
        };
        ui.line(format_args!(
            "{} {} {} {shown}",
            ui.paint(Tone::Dim, clock),
            ui.paint(tone, format!("{level:<7}")),
            ui.paint(Tone::Name, text(event, "event")),
        ));
        let trace = event.pointer("/error/stack_trace").and_then(Value::as_str);
        let trace = self.names.put_into(trace.unwrap_or_default());
        for line in without_message(&trace, &message) {
            ui.line(format_args!("             {}", ui.paint(Tone::Dim, line)));
        }
        if severity(level) >= severity("error") {
            self.told = Some(message);
        }
    }
}

/// Returns the lines of a stack trace without the lines at its end that repeat the message.
fn without_message<'a>(trace: &'a str, message: &str) -> Vec<&'a str> {
    let mut lines: Vec<&str> = trace.lines().collect();
    let is_told = |line: &&str| {
        let what = line.split_once(": ").map_or(*line, |(_, what)| what);
        !line.starts_with(' ') && (message.contains(what.trim()) || message.contains(line.trim()))
    };
    while lines.last().is_some_and(is_told) {
        lines.pop();
    }
    // A traceback heading with nothing below it.
    if lines.len() == 1 && lines[0].starts_with("Traceback") {
        lines.clear();
    }
    lines
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event.get(key).and_then(Value::as_str).unwrap_or_default()
}
