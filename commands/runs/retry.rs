//! `ade runs retry`: run ended runs again.

use ade::run::json::run_json;
use ade::run::retry::retry;
use serde_json::json;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Tone;

/// Run ended runs again, as new runs for a worker
///
/// A new run has the same input and the same snapshot of the configuration, whatever has been edited since.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs retry latest\n  ade runs retry 0199c2d4 && ade worker --drain"
)]
pub struct Args {
    /// Ids of runs (the beginning of an id is enough), or `latest`
    #[arg(required = true)]
    run: Vec<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    Ok(ui.each(&args.run, |given| {
        let run = retry(&workspace, given)?;
        if ui.json() {
            ui.record(&run_json(&run));
        } else {
            ui.done(&run, json!(null), Tone::Good, "queued");
            ui.say(
                "with the configuration as it was then; `ade worker --drain` executes queued runs",
            );
        }
        Ok(())
    }))
}
