//! `ade top`: shows a live view of the queue.

use ade::base::show_path::FullPaths;
use ade::run::views::json::RunView;
use std::time::Duration;

use ade::base::problem::code;
use ade::run::views::top::{QueueView, WINDOW, look};
use ade::store::Overview;
use ade::workspace::figures::{BusyProcess, Share, Shares};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{Screen, TerminalTable, Tone, Ui, ago, duration};

/// Watch the queue and its workers
///
/// On a terminal, the view is redrawn until `q` or Ctrl-C; piped or with --once, it is printed once.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade top\n  ade top --once --json")]
pub struct Args {
    /// Print the view once
    #[arg(long)]
    once: bool,
    /// Seconds between two updates
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = interval)]
    interval: f64,
}

fn interval(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|seconds| (0.1..=3600.0).contains(seconds))
        .ok_or_else(|| "not a number of seconds between 0.1 and 3600".to_owned())
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_if_present()?.ok_or_else(|| {
        Failure::usage(code::DATABASE_NOT_MIGRATED, "there is no queue yet")
            .hint("`ade run CONFIG FILE` or `ade migrate` creates one")
    })?;
    if ui.json() {
        print_json(ui, &look(&workspace)?, &Shares::read(&workspace)?);
        return Ok(ExitStatus::Done);
    }
    let screen = if args.once { None } else { Screen::open() };
    let Some(screen) = screen else {
        let lines = lines(ui, &look(&workspace)?, None);
        lines.iter().for_each(|line| ui.line(line));
        return Ok(ExitStatus::Done);
    };
    let cancel = signals::cancel_on_signals();
    let quit = cancel.clone();
    screen.on_q(move || quit.cancel());
    loop {
        let view = look(&workspace)?;
        screen.draw(&lines(ui, &view, Some(screen.width())));
        if cancel.wait(Duration::from_secs_f64(args.interval)) {
            return Ok(ExitStatus::Done);
        }
    }
}

fn print_json(ui: &Ui, view: &QueueView, by: &Shares) {
    ui.document(&json!({
        "at": view.figures.now,
        "window_seconds": WINDOW.as_secs(),
        "queue": view.figures.queue,
        "longest": view.figures.longest.as_ref().map(|longest| json!({
            "run_id": longest.run.id, "workspace_id": longest.run.workspace_id, "configuration": longest.run.configuration_name,
            "input": longest.run.input_name, "running_ms": longest.running_ms, "usual_ms": longest.usual_ms,
            "is_overdue": longest.is_overdue(), "cancel": longest.cancel(),
        })),
        "by": {
            "configurations": shares(&by.configurations, |of| {
                json!({"id": of.id, "name": of.name, "workspace_id": of.workspace_id})
            }),
            "workspaces": shares(&by.workspaces, |id| json!({"id": id})),
            "submitters": shares(&by.submitters, |key| json!({"submitter": key})),
        },
        "paused": view.paused,
        "workers": view.figures.processes.iter().map(|known| &known.record).collect::<Vec<_>>(),
        "running": view.running.iter().map(|run| RunView::plain(run, &FullPaths)).collect::<Vec<_>>(),
    }));
}

/// Returns each share of the queue, with the counts of ended runs.
fn shares<T>(all: &[(T, Share)], named: impl Fn(&T) -> Value) -> Vec<Value> {
    let shown = |(of, share): &(T, Share)| {
        let mut shown = named(of);
        let [succeeded, failed, cancelled] = share.ended;
        for (key, count) in [
            ("queued", share.queued),
            ("running", share.running),
            ("succeeded", succeeded),
            ("failed", failed),
            ("cancelled", cancelled),
            ("stored_bytes", share.stored_bytes),
        ] {
            shown[key] = json!(count);
        }
        shown
    };
    all.iter().map(shown).collect()
}

fn lines(ui: &Ui, view: &QueueView, width: Option<usize>) -> Vec<String> {
    let mut lines = queue(ui, &view.figures.queue);
    if let Some(longest) = &view.figures.longest {
        let tone = if longest.is_overdue() {
            Tone::Warn
        } else {
            Tone::Plain
        };
        let text = format!("{longest}; `{}` ends it", longest.cancel());
        lines.push(format!("longest   {}", ui.paint(tone, text)));
    }
    for paused in &view.paused {
        lines.push(format!("paused    {}", ui.paint(Tone::Warn, paused)));
    }
    let sections = [
        (
            "No workers",
            view.figures.processes.is_empty(),
            workers(view),
        ),
        ("Nothing runs", view.running.is_empty(), running(view)),
        (
            "Nothing has ended yet",
            view.recent.is_empty(),
            recent(view),
        ),
    ];
    for (nothing, is_empty, table) in sections {
        lines.push(String::new());
        if is_empty {
            lines.push(nothing.to_owned());
        } else {
            lines.extend(table.render(width, |tone, text| ui.paint(tone, text)));
        }
    }
    lines
}

fn queue(ui: &Ui, overview: &Overview) -> Vec<String> {
    let failed = if overview.failed > 0 {
        Tone::Bad
    } else {
        Tone::Plain
    };
    let mut lines = vec![
        format!(
            "queue     {} queued, {} running, {} environments waiting, {} building",
            ui.paint(Tone::Strong, overview.queued),
            ui.paint(Tone::Strong, overview.running),
            overview.environments_queued,
            overview.environments_building
        ),
        match overview.oldest_wait_ms {
            Some(wait) => format!("oldest    waits {}", duration(wait)),
            None => "oldest    nothing waits".to_owned(),
        },
        format!(
            "last min  {} succeeded, {} failed, {} cancelled",
            ui.paint(Tone::Good, overview.succeeded),
            ui.paint(failed, overview.failed),
            overview.cancelled
        ),
    ];
    if overview.in_trouble > 0 {
        let text = format!(
            "trouble   {} wait for the machine or the network; `ade runs show` says why",
            overview.in_trouble
        );
        lines.push(ui.paint(Tone::Warn, text).to_string());
    }
    lines
}

fn workers(view: &QueueView) -> TerminalTable {
    let mut table = TerminalTable::new("WORKER  KIND  SLOTS  STARTED  SEEN", &[0]).numbers(&[2]);
    for BusyProcess { record, .. } in &view.figures.processes {
        table.row(vec![
            (Tone::Name, record.name.clone()),
            match record.quieted_at {
                Some(_) => (Tone::Warn, "quieted".to_owned()),
                None => (Tone::Plain, record.kind.clone()),
            },
            (Tone::Plain, record.slots.to_string()),
            (Tone::Plain, ago(record.started_at, view.figures.now)),
            (Tone::Plain, ago(record.seen_at, view.figures.now)),
        ]);
    }
    table
}

fn running(view: &QueueView) -> TerminalTable {
    let mut table =
        TerminalTable::new("RUN  INPUT  ATTEMPT  FOR  LEASE  WORKER", &[1, 5]).numbers(&[2, 3, 4]);
    for (run, id) in view.running.iter().zip(&view.running_ids) {
        let attempt = format!("{} of {}", run.attempt_count, run.max_attempts);
        let since = run
            .started_at
            .map(|since| duration(view.figures.now.since(since)))
            .unwrap_or_default();
        let lease = match run
            .claim_expires_at
            .map(|until| until.since(view.figures.now))
        {
            None => (Tone::Plain, String::new()),
            Some(0) => (Tone::Bad, "expired".to_owned()),
            Some(left) => (Tone::Plain, duration(left)),
        };
        table.row(vec![
            (Tone::Name, id.clone()),
            (Tone::Plain, run.input_name.clone()),
            (Tone::Plain, attempt),
            (Tone::Plain, since),
            lease,
            (Tone::Dim, run.claimed_by.clone().unwrap_or_default()),
        ]);
    }
    table
}

fn recent(view: &QueueView) -> TerminalTable {
    let mut table = TerminalTable::new("ENDED  STATUS  INPUT  TOOK", &[2]).numbers(&[3]);
    for run in &view.recent {
        let ended = run.completed_at.map(|end| ago(end, view.figures.now));
        let took = run.duration_ms().map(duration);
        table.row(vec![
            (Tone::Plain, ended.unwrap_or_default()),
            (run.into(), run.status.as_str().to_owned()),
            (Tone::Plain, run.input_name.clone()),
            (Tone::Plain, took.unwrap_or_default()),
        ]);
    }
    table
}
