//! `ade runs cancel`: cancel runs.

use ade::clock::Timestamp;
use ade::run::ends;
use ade::store::CancelOutcome;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::Tone;

/// Cancel runs
///
/// One that waits is cancelled at once; one that runs is stopped by its worker within a second or so. Asking twice is
/// asking once.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade runs cancel latest\n  ade runs cancel 0199c2d4 0199c2d5")]
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
        let run = match workspace.store.run(workspace.id(), id) {
            Ok(run) => run,
            Err(error) => {
                status = super::report(ui, &Failure::of(&error), status);
                continue;
            }
        };
        match workspace.store.request_cancel(&run.id, Timestamp::now())? {
            CancelOutcome::Cancelled(run) => {
                ends::tell_once(&workspace, &run)?;
                super::done(
                    ui,
                    &run,
                    json!({"cancelled": true}),
                    Tone::Good,
                    "cancelled",
                );
            }
            CancelOutcome::Requested(run) => super::done(
                ui,
                &run,
                json!({"cancel_requested": true}),
                Tone::Warn,
                "asked to stop",
            ),
            CancelOutcome::Ended(run) => {
                let message = format!("run {} has ended already: {}", run.id, run.status.as_str());
                let failure = Failure::usage("run_ended", message, None);
                status = super::report(ui, &failure, status);
            }
        }
    }
    Ok(status)
}
