//! `ade runs retry`: run ended runs again.

use ade::run::again;
use ade::run::json::run_json;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::Tone;

/// Run ended runs again, as new runs for a worker
///
/// A new run has the same input and the same snapshot of the configuration, whatever has been edited since.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs retry latest\n  ade runs retry 0199c2d4 && ade worker --drain"
)]
pub struct Args {
    /// Ids, beginnings of ids, or `latest`
    #[arg(required = true)]
    run: Vec<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_if_present()?.ok_or_else(super::none)?;
    let mut status = ExitStatus::Done;
    for id in &args.run {
        let again = workspace
            .store
            .run(workspace.id(), id)
            .map_err(again::AgainError::from)
            .and_then(|run| again::retry(&workspace, &run));
        match again {
            Ok(new) => {
                if ui.json() {
                    ui.record(&run_json(&new));
                } else {
                    super::done(ui, &new, json!(null), Tone::Good, "queued");
                    ui.say("with the configuration as it was then; `ade worker --drain` works the queue");
                }
            }
            Err(error) => status = super::report(ui, &Failure::of(&error), status),
        }
    }
    Ok(status)
}
