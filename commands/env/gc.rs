//! `ade env gc`: deletes unused environments, files of old runs, and leftovers of interrupted builds.

use std::time::Duration;

use ade::environment::collection::{CollectOptions, RemovedItem, Report, UNKNOWN, collect_alone};
use ade::store::IdKind;
use ade::workspace::Workspace;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::{Tone, Ui, bytes, deleted_and_freed, plural};

/// Delete unused environments, files of old runs, and leftovers
///
/// Deletes environments that no queued or running run needs and that were not used within --ttl-days, unless their
/// configuration still exists and was run within that time, or is the default. Keeps files of runs for ADE_WORKER_RUN_ARTIFACT_TTL_DAYS.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade env gc --dry-run\n  ade env gc --ttl-days 7\n  ade env gc --superseded    also environments of former dependencies"
)]
pub struct Args {
    /// Show what would be deleted, without deleting it
    #[arg(long)]
    dry_run: bool,
    /// Days without use before an environment may be deleted; 0 means never [env: ADE_WORKER_ENV_TTL_DAYS] [default: 30]
    #[arg(long, value_name = "N", value_parser = days)]
    ttl_days: Option<f64>,
    /// Also delete unused environments that were replaced because dependencies changed
    #[arg(long)]
    superseded: bool,
    /// Delete even within a day after a clock jump, or after ten days without any use
    #[arg(long)]
    trust_clock: bool,
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
        show(ui, &report, |removed| removed.id.clone());
        return Ok(ExitStatus::Done);
    };
    let mut options = CollectOptions {
        superseded: args.superseded,
        dry_run: args.dry_run,
        trust_clock: args.trust_clock,
        ..CollectOptions::of_settings(&workspace.settings)
    };
    if let Some(days) = args.ttl_days {
        options.env_ttl = Duration::try_from_secs_f64(days * 86_400.0)
            .ok()
            .filter(|ttl| !ttl.is_zero());
    }
    let cancel = signals::cancel_on_signals();
    let holder = workspace.worker_id(0);
    let report = collect_alone(&workspace, &holder, &options, &cancel)?;
    show(ui, &report, |removed| short_id(&workspace, removed));
    Ok(match (cancel.is_cancelled(), report.failed.is_empty()) {
        (true, _) => ExitStatus::Cancelled,
        (_, false) => ExitStatus::Refused,
        _ => ExitStatus::Done,
    })
}

/// Prints which items were deleted, why others were kept, and how many bytes were freed.
fn show(ui: &Ui, report: &Report, id: impl Fn(&RemovedItem) -> String) {
    if ui.json() {
        let mut object = serde_json::to_value(report).unwrap_or_default();
        object["deleted"] = report.removed.len().into();
        ui.document(&object);
        return;
    }
    let (word, freed) = deleted_and_freed(report);
    for removed in &report.removed {
        show_removed(ui, word, removed, &id(removed));
    }
    for failed in &report.failed {
        ui.line(format_args!("{} {failed}", ui.paint(Tone::Bad, "failed")));
    }
    for (reason, count) in &report.skipped {
        let kind = match *reason {
            UNKNOWN => "folder",
            _ => "environment",
        };
        ui.prose(format_args!(
            "kept {} {}",
            plural(*count, kind),
            ui.paint(Tone::Dim, format!("({reason})"))
        ));
    }
    if let Some(from) = report.collects_from {
        ui.prose(format_args!(
            "Nothing is deleted until {from}: after more than ten days without use, or a jump of the clock, ade waits for a day (--trust-clock deletes at once)"
        ));
    }
    ui.line(format_args!(
        "{} {freed}",
        ui.paint(Tone::Strong, bytes(report.bytes_freed))
    ));
}

/// Returns the short id by which other commands find a removed item; for a folder, its path.
fn short_id(workspace: &Workspace, removed: &RemovedItem) -> String {
    let named = match removed.kind {
        "environment" => IdKind::Environments,
        "run" | "record" => IdKind::Runs,
        _ => return removed.id.clone(),
    };
    let short = workspace
        .store
        .short_ids(named, workspace.id(), &[&removed.id]);
    let short = short.ok().and_then(|mut ids| ids.pop());
    short.unwrap_or_else(|| removed.id.clone())
}

fn show_removed(ui: &Ui, word: &str, removed: &RemovedItem, id: &str) {
    // A folder without a record has only a path.
    let name = match removed.kind {
        "environment" | "run" | "record" => removed.name.as_str(),
        _ => "",
    };
    ui.prose(format_args!(
        "{} {} {id} {name} {}",
        ui.paint(Tone::Warn, word),
        removed.kind,
        ui.paint(
            Tone::Dim,
            format!("{} ({})", bytes(removed.bytes), removed.reason)
        )
    ));
}
