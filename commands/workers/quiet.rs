//! `ade workers quiet`: stops one worker from claiming runs.

use ade::store::Submitter;
use ade::workspace::fleet::quiet;

use super::found::WorkerArgs;
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Tell a worker to take no more runs, on whatever machine it is
///
/// It finishes the runs and builds that it has, and stays, so that nothing starts it anew. `ade workers resume` has it take runs again; so
/// does starting it anew, for a worker is another one then.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade workers ls\n  ade workers quiet 4f2a9c")]
pub struct Args {
    #[command(flatten)]
    meant: WorkerArgs,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, worker) = args.meant.find(context)?;
    let by = Submitter::of_machine(&*workspace.machine);
    let worker = quiet(&workspace, &worker.id, &by)?;
    if ui.json() {
        ui.document(&worker);
    } else {
        ui.say(format_args!(
            "{} takes no more runs; `ade workers resume {}` has it take them again",
            worker.name, worker.id
        ));
    }
    Ok(ExitStatus::Done)
}
