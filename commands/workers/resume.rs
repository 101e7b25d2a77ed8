//! `ade workers resume`: lets a quieted worker claim runs again.

use ade::workspace::fleet::resume;

use super::found::WorkerArgs;
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Let a quieted worker claim runs again
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade workers resume 4f2a9c")]
pub struct Args {
    #[command(flatten)]
    meant: WorkerArgs,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, worker) = args.meant.find(context)?;
    let worker = resume(&workspace, &worker.id)?;
    if ui.json() {
        ui.document(&worker);
    } else {
        ui.say(format_args!("{} takes runs", worker.name));
    }
    Ok(ExitStatus::Done)
}
