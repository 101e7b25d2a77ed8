//! `ade resume`: ends a pause.

use ade::workspace::pause::{all, resume};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// End a pause, so that workers claim runs again
///
/// Without `--config`, ends the pause of the queue; separately paused configurations stay paused and are listed.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade resume\n  ade resume --config my-config")]
pub struct Args {
    /// Resume only this configuration: its name, folder or id
    #[arg(long, value_name = "CONFIGURATION")]
    config: Option<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_or_create()?;
    let id = super::pause::configuration(&workspace, args.config.as_deref())?;
    let ended = resume(&workspace, id.as_deref())?;
    let left = all(&workspace)?;
    if ui.json() {
        ui.document(&json!({"resumed": ended, "paused": left}));
        return Ok(ExitStatus::Done);
    }
    match &ended {
        Some(ended) => ui.say(format_args!("{} is resumed", ended.what())),
        None => ui.say("Nothing was paused"),
    }
    for paused in left {
        ui.say(format_args!(
            "note: {paused}; `{}` ends that",
            paused.command()
        ));
    }
    Ok(ExitStatus::Done)
}
