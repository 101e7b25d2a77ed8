//! `ade workspaces rename`: changes the name of a workspace.

use ade::environment::collection::named::rename_workspace;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

/// Change a workspace's display name
///
/// Addresses, tokens and settings use its id, which stays.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade workspaces rename finance 'Finance, Vienna'")]
pub struct Args {
    /// The id of the workspace
    #[arg(value_name = "ID")]
    id: String,
    /// Its new name (at most 100 characters)
    name: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let renamed = rename_workspace(&context.open_or_create()?, &args.id, &args.name)?;
    if ui.json() {
        ui.document(&renamed);
    } else {
        let id = ui.paint(Tone::Name, &renamed.id);
        ui.say(format_args!("{id} is called {} now", renamed.name));
    }
    Ok(ExitStatus::Done)
}
