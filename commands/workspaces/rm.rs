//! `ade workspaces rm`: deletes an empty workspace.

use ade::environment::collection::named::remove_workspace;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Removal;

/// Delete a workspace without configurations, documents or runs
///
/// Lists what will be deleted and asks first; without a terminal, `--yes` is required. Tokens only for this workspace remain,
/// and are valid again if it is recreated.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade workspaces rm finance --dry-run\n  ade workspaces rm finance --yes"
)]
pub struct Args {
    /// The id of the workspace
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    removal: Removal,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let workspace = context.open_or_create()?;
    let remove = |dry_run| remove_workspace(&workspace, &args.id, dry_run);
    args.removal.run(&context.ui, &args.id, remove)
}
