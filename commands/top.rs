//! `ade top`: a live view of the queue.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use ade::clock::Timestamp;
use ade::run::json::run_json;
use ade::store::{Overview, RunFilter, RunRecord, RunStatus, WorkerRecord};
use ade::workspace::Workspace;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{Align, Table, Tone, Ui, ago, duration, id};

/// How far back the throughput is counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Watch the queue, its workers, their leases and the throughput
///
/// On a terminal it is redrawn until Ctrl-C; piped, or with --once, it is printed once.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade top\n  ade top --once --json")]
pub struct Args {
    /// Print once
    #[arg(long)]
    once: bool,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = interval)]
    interval: f64,
}

fn interval(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|seconds| (0.1..=3600.0).contains(seconds))
        .ok_or_else(|| "not a number of seconds between 0.1 and 3600".to_owned())
}

/// The queue at one moment.
struct View {
    now: Timestamp,
    overview: Overview,
    workers: Vec<WorkerRecord>,
    running: Vec<RunRecord>,
    recent: Vec<RunRecord>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let none = || {
        Failure::usage(
            "database_absent",
            "there is no queue yet".to_owned(),
            Some("`ade run CONFIG FILE` or `ade migrate` makes one".to_owned()),
        )
    };
    let workspace = context.open_if_present()?.ok_or_else(none)?;
    let live = !args.once && !ui.json() && std::io::stdout().is_terminal();
    if !live {
        let view = look(&workspace)?;
        if ui.json() {
            print_json(ui, &view);
        } else {
            lines(ui, &view, None).iter().for_each(|line| ui.line(line));
        }
        return Ok(ExitStatus::Done);
    }
    let cancel = signals::cancel_on_signals(|| {});
    let screen = console::Term::stdout();
    let _ = screen.hide_cursor();
    // The alternate screen: what was there before comes back at the end.
    ui.raw(b"\x1b[?1049h");
    let result = loop {
        let view = match look(&workspace) {
            Ok(view) => view,
            Err(failure) => break Err(failure),
        };
        let (height, width) = screen.size();
        let mut frame = String::from("\x1b[H");
        for line in lines(ui, &view, Some(usize::from(width)))
            .into_iter()
            .take(usize::from(height).saturating_sub(1))
        {
            frame.push_str(&line);
            frame.push_str("\x1b[K\n");
        }
        frame.push_str("\x1b[J");
        ui.raw(frame.as_bytes());
        let _ = std::io::stdout().flush();
        if cancel.wait(Duration::from_secs_f64(args.interval)) {
            break Ok(ExitStatus::Done);
        }
    };
    ui.raw(b"\x1b[?1049l");
    let _ = screen.show_cursor();
    result
}

fn look(workspace: &Workspace) -> Result<View, Failure> {
    let store = &*workspace.store;
    let now = Timestamp::now();
    let since = Timestamp(now.0 - i64::try_from(WINDOW.as_millis()).unwrap_or(0));
    let runs = |status, limit| {
        store.runs(&RunFilter {
            workspace_id: workspace.id().to_owned(),
            status,
            limit,
            ..RunFilter::default()
        })
    };
    Ok(View {
        now,
        overview: store.overview(since, now)?,
        workers: store.workers()?,
        running: runs(Some(RunStatus::Running), 50)?,
        recent: runs(None, 10)?
            .into_iter()
            .filter(|run| run.status.is_terminal())
            .collect(),
    })
}

fn print_json(ui: &Ui, view: &View) {
    ui.document(&json!({
        "at": view.now,
        "window_seconds": WINDOW.as_secs(),
        "queue": view.overview,
        "workers": view.workers,
        "running": view.running.iter().map(run_json).collect::<Vec<_>>(),
    }));
}

fn lines(ui: &Ui, view: &View, width: Option<usize>) -> Vec<String> {
    let overview = &view.overview;
    let number = |number: u64| ui.paint(Tone::Strong, number);
    let mut lines = vec![format!(
        "queue     {} queued, {} running, {} environments waiting, {} building",
        number(overview.queued),
        number(overview.running),
        overview.environments_queued,
        overview.environments_building
    )];
    lines.push(match overview.oldest_wait_ms {
        Some(wait) => format!("oldest    waits {}", duration(wait)),
        None => "oldest    nothing waits".to_owned(),
    });
    lines.push(format!(
        "last min  {} succeeded, {} failed, {} cancelled",
        ui.paint(Tone::Good, overview.succeeded),
        ui.paint(
            if overview.failed > 0 {
                Tone::Bad
            } else {
                Tone::Plain
            },
            overview.failed
        ),
        overview.cancelled
    ));
    let paint = |tone, text: &str| ui.paint(tone, text);

    let mut workers = Table::new(
        &[
            ("WORKER", Align::Left),
            ("KIND", Align::Left),
            ("SLOTS", Align::Right),
            ("STARTED", Align::Left),
            ("SEEN", Align::Left),
        ],
        &[0],
    );
    for worker in &view.workers {
        workers.row(vec![
            (Tone::Name, worker.name.clone()),
            (Tone::Plain, worker.kind.clone()),
            (Tone::Plain, worker.slots.to_string()),
            (Tone::Plain, ago(worker.started_at, view.now)),
            (Tone::Plain, ago(worker.seen_at, view.now)),
        ]);
    }
    section(
        &mut lines,
        "No workers",
        view.workers.is_empty(),
        workers.render(width, paint),
    );

    let mut running = Table::new(
        &[
            ("RUN", Align::Left),
            ("INPUT", Align::Left),
            ("ATTEMPT", Align::Right),
            ("FOR", Align::Right),
            ("LEASE", Align::Right),
            ("WORKER", Align::Left),
        ],
        &[1, 5],
    );
    for run in &view.running {
        let lease = run
            .claim_expires_at
            .map(|until| match until.since(view.now) {
                0 => (Tone::Bad, "expired".to_owned()),
                left => (Tone::Plain, duration(left)),
            });
        running.row(vec![
            (Tone::Name, id(&run.id).to_owned()),
            (Tone::Plain, run.input_name.clone()),
            (
                Tone::Plain,
                format!("{} of {}", run.attempt_count, run.max_attempts),
            ),
            (
                Tone::Plain,
                run.started_at
                    .map(|since| duration(view.now.since(since)))
                    .unwrap_or_default(),
            ),
            lease.unwrap_or((Tone::Plain, String::new())),
            (Tone::Dim, run.claimed_by.clone().unwrap_or_default()),
        ]);
    }
    section(
        &mut lines,
        "Nothing runs",
        view.running.is_empty(),
        running.render(width, paint),
    );

    let mut recent = Table::new(
        &[
            ("ENDED", Align::Left),
            ("STATUS", Align::Left),
            ("INPUT", Align::Left),
            ("TOOK", Align::Right),
        ],
        &[2],
    );
    for run in &view.recent {
        let tone = match run.status {
            RunStatus::Succeeded => Tone::Good,
            RunStatus::Failed => Tone::Bad,
            _ => Tone::Warn,
        };
        recent.row(vec![
            (
                Tone::Plain,
                run.completed_at
                    .map(|end| ago(end, view.now))
                    .unwrap_or_default(),
            ),
            (tone, run.status.as_str().to_owned()),
            (Tone::Plain, run.input_name.clone()),
            (
                Tone::Plain,
                run.duration_ms().map(duration).unwrap_or_default(),
            ),
        ]);
    }
    section(
        &mut lines,
        "Nothing has ended yet",
        view.recent.is_empty(),
        recent.render(width, paint),
    );
    lines
}

fn section(lines: &mut Vec<String>, nothing: &str, empty: bool, table: Vec<String>) {
    lines.push(String::new());
    if empty {
        lines.push(nothing.to_owned());
    } else {
        lines.extend(table);
    }
}
