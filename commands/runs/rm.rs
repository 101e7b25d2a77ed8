//! `ade runs rm`: remove ended runs.

use ade::run::remove::{Removed, remove};
use serde_json::json;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Tone, bytes};

/// Remove ended runs: their records and their files
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade runs rm latest\n  ade runs rm 0199c2d4 --dry-run")]
pub struct Args {
    /// Ids of runs (what a listing shows of one, or its beginning, is enough), or `latest`
    #[arg(required = true)]
    run: Vec<String>,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let word = if args.dry_run {
        "would be removed"
    } else {
        "removed"
    };
    Ok(ui.each(&args.run, |given| {
        let Removed { run, bytes_freed } = remove(&workspace, given, args.dry_run)?;
        let data = json!({"removed": !args.dry_run, "bytes_freed": bytes_freed});
        let words = format!("{word}, {} freed", bytes(bytes_freed));
        ui.done(&run, data, Tone::Good, &words);
        Ok(())
    }))
}
