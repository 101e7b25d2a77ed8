//! `ade runs cancel`: cancel runs.

use ade::run::cancel::{Cancelled, cancel};
use serde_json::json;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Tone;

/// Cancel runs
///
/// A queued run is cancelled at once; a running one is stopped by its worker within about a second. Cancelling twice
/// changes nothing.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade runs cancel latest\n  ade runs cancel 0199c2d4 0199c2d5")]
pub struct Args {
    /// Ids of runs (what a listing shows of one, or its beginning, is enough), or `latest`
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
