//! `ade runs cancel`: cancel runs.

use std::time::Duration;

use ade::run::ending::cancel::{Cancelled, await_end, cancel};
use ade::store::RunStatus;
use serde_json::json;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Tone;

/// For so long the ends of running runs are waited for.
const END_WITHIN: Duration = Duration::from_secs(2);

/// Cancel runs
///
/// A queued run is cancelled at once. A running run is stopped by its worker within about a second; the command waits up to
/// two seconds to say how it ended. If a run is cancelled twice, the second time changes nothing.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade runs cancel latest\n  ade runs cancel 0199c2d4 0199c2d5")]
pub struct Args {
    /// Ids of runs (the part that a listing shows, or the beginning, is enough), file names of inputs, or `latest`
    #[arg(required = true)]
    run: Vec<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let until = workspace.machine.steady().plus(END_WITHIN);
    Ok(ui.each(&args.run, |given| {
        match cancel(&workspace, given)? {
            Cancelled::AtOnce(run) => {
                ui.done(&run, json!({"cancelled": true}), Tone::Good, "cancelled");
            }
            Cancelled::Requested(run) => {
                let run = await_end(&workspace, *run, until)?;
                let data = json!({"cancel_requested": true});
                let (tone, words) = match run.status {
                    RunStatus::Cancelled => (Tone::Good, "cancelled"),
                    RunStatus::Queued | RunStatus::Running => (Tone::Warn, "asked to stop"),
                    RunStatus::Succeeded => {
                        (Tone::Warn, "had succeeded before it could be stopped")
                    }
                    RunStatus::Failed => (Tone::Warn, "had failed before it could be stopped"),
                };
                ui.done(&run, data, tone, words);
            }
        }
        Ok(())
    }))
}
