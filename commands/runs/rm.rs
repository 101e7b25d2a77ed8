//! `ade runs rm`: remove ended runs.

use ade::run::again;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, bytes};

/// Remove ended runs: their records and their files
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade runs rm latest\n  ade runs rm 0199c2d4 --dry-run")]
pub struct Args {
    /// Ids, beginnings of ids, or `latest`
    #[arg(required = true)]
    run: Vec<String>,
    /// Say what would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_if_present()?.ok_or_else(super::none)?;
    let mut status = ExitStatus::Done;
    for id in &args.run {
        let removed = workspace
            .store
            .run(workspace.id(), id)
            .map_err(again::AgainError::from)
            .and_then(|run| Ok((again::remove(&workspace, &run, args.dry_run)?, run)));
        match removed {
            Ok((freed, run)) => {
                let word = if args.dry_run {
                    "would be removed"
                } else {
                    "removed"
                };
                let data = json!({"removed": !args.dry_run, "bytes_freed": freed});
                super::done(
                    ui,
                    &run,
                    data,
                    Tone::Good,
                    &format!("{word}, {} freed", bytes(freed)),
                );
            }
            Err(error) => status = super::report(ui, &Failure::of(&error), status),
        }
    }
    Ok(status)
}
