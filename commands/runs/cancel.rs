//! `ade runs cancel`: cancel runs.

use ade::run::cancel::{Cancelled, cancel};
use serde_json::json;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Tone;

/// Cancel runs
///
/// A queued run is cancelled at once. A running run is stopped by its worker within about a second. If a run is cancelled
/// twice, the second time changes nothing.
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
    Ok(ui.each(&args.run, |given| {
        match cancel(&workspace, given)? {
            Cancelled::AtOnce(run) => {
                ui.done(&run, json!({"cancelled": true}), Tone::Good, "cancelled");
            }
            Cancelled::Requested(run) => {
                let data = json!({"cancel_requested": true});
                ui.done(&run, data, Tone::Warn, "asked to stop");
            }
        }
        Ok(())
    }))
}
