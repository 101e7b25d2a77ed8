//! `ade env rm`: removes environments.

use ade::environment::collection::Report;
use ade::environment::collection::named::remove;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Tone, Ui, bytes, not_deleted};

/// Remove environments that no run needs
///
/// The configuration's next run builds a new one.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade env rm my-config\n  ade env rm 0199c2d4 --dry-run")]
pub struct Args {
    /// Configuration folders, or environment ids (or parts)
    #[arg(required = true)]
    environment: Vec<String>,
    /// Show what would be removed, without removing it
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_environments()?;
    let mut report = Report {
        dry_run: args.dry_run,
        ..Report::default()
    };
    let status = ui.each(&args.environment, |given| {
        Ok(remove(&workspace, given, &mut report)?)
    });
    if ui.json() {
        ui.document(&report);
    } else {
        print(ui, &report);
    }
    Ok(status.max(not_deleted(ui, &report)))
}

fn print(ui: &Ui, report: &Report) {
    let word = if report.dry_run {
        "would be removed"
    } else {
        "removed"
    };
    for removed in &report.removed {
        let words = format!("{word}, {} freed", bytes(removed.bytes));
        ui.prose(format_args!(
            "{} {} {}",
            ui.paint(Tone::Name, &removed.id),
            removed.name,
            ui.paint(Tone::Warn, words)
        ));
    }
}
