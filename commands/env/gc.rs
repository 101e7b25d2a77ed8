//! `ade env gc`: delete unused environments, files of old runs, and leftovers of interrupted builds.

use std::time::Duration;

use ade::environment::gc::{Options, REPEATED, Removed, Report, collect};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::{Tone, Ui, bytes, id, plural};

/// Delete unused environments, files of old runs, and leftovers of interrupted builds
///
/// An environment is deleted only when its configuration is not active, it has not been used for --ttl-days, and no
/// queued or running run needs it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade env gc --dry-run\n  ade env gc --ttl-days 7\n  ade env gc --superseded    also unused environments of former dependencies"
)]
pub struct Args {
    /// Show what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Days without use after which an environment may be deleted; 0: never [default: ADE_WORKER_ENV_TTL_DAYS]
    #[arg(long, value_name = "N", value_parser = days)]
    ttl_days: Option<f64>,
    /// Also unused environments of active configurations whose dependencies have changed since
    #[arg(long)]
    superseded: bool,
}

fn days(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|days| days.abs() <= 1e6)
        .ok_or_else(|| "not a number of days".to_owned())
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let Some(workspace) = context.open_if_present()? else {
        let report = Report {
            dry_run: args.dry_run,
            ..Report::default()
        };
        show(ui, &report);
        return Ok(ExitStatus::Done);
    };
    let mut options = Options {
        superseded: args.superseded,
        dry_run: args.dry_run,
        ..Options::of_settings(&workspace.settings)
    };
    if let Some(days) = args.ttl_days {
        options.env_ttl = Duration::try_from_secs_f64(days * 86_400.0)
            .ok()
            .filter(|ttl| !ttl.is_zero());
    }
    let cancel = signals::cancel_on_signals();
    let report = collect(&workspace, &options, &cancel)?;
    show(ui, &report);
    Ok(match (cancel.is_cancelled(), report.failed.is_empty()) {
        (true, _) => ExitStatus::Cancelled,
        (_, false) => ExitStatus::Refused,
        _ => ExitStatus::Done,
    })
}

/// Prints what was deleted, why the rest was kept, and how many bytes were freed.
fn show(ui: &Ui, report: &Report) {
    if ui.json() {
        let mut object = serde_json::to_value(report).unwrap_or_default();
        object["deleted"] = report.removed.len().into();
        ui.document(&object);
        return;
    }
    let (word, freed) = if report.dry_run {
        ("would be deleted", "would be freed")
    } else {
        ("deleted", "freed")
    };
    for removed in &report.removed {
        show_removed(ui, word, removed);
    }
    for failed in &report.failed {
        ui.line(format_args!("{} {failed}", ui.paint(Tone::Bad, "failed")));
    }
    for (reason, count) in &report.skipped {
        let kind = if *reason == REPEATED {
            "run"
        } else {
            "environment"
        };
        ui.line(format_args!(
            "kept {} {}",
            plural(*count, kind),
            ui.paint(Tone::Dim, format!("({reason})"))
        ));
    }
    ui.line(format_args!(
        "{} {freed}",
        ui.paint(Tone::Strong, bytes(report.bytes_freed))
    ));
}

fn show_removed(ui: &Ui, word: &str, removed: &Removed) {
    // A folder without a record has a path and no name.
    let (id, name) = if removed.kind == "leftover" {
        (removed.id.as_str(), "")
    } else {
        (id(&removed.id), removed.name.as_str())
    };
    ui.line(format_args!(
        "{} {} {id} {name} {}",
        ui.paint(Tone::Warn, word),
        removed.kind,
        ui.paint(
            Tone::Dim,
            format!("{} ({})", bytes(removed.bytes), removed.reason)
        )
    ));
}
