//! `ade configs rm`: deletes a configuration that has no runs.

use ade::environment::collection::named::remove_configuration;

use super::found::found;
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Removal;

/// Delete a configuration without runs, with its environments, versions and draft
///
/// Lists what will be deleted and asks first; without a terminal, `--yes` is required. A folder's files are kept.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade configs rm my-config --dry-run\n  ade configs rm my-config --yes"
)]
pub struct Args {
    /// The configuration: its name, folder or id
    configuration: String,
    #[command(flatten)]
    removal: Removal,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, known) = found(context, &args.configuration)?;
    let remove = |dry_run| remove_configuration(&workspace, &known, dry_run);
    let status = args.removal.run(ui, &known.record.name, remove)?;
    if status == ExitStatus::Done && !known.uploaded && known.record.path.is_dir() {
        ui.say(format_args!(
            "Its folder {} stays",
            ui.path(&known.record.path)
        ));
    }
    Ok(status)
}
