//! `ade workers quiet`: stops one worker from claiming runs.

use ade::store::Submitter;
use ade::workspace::fleet::quiet;

use super::found::WorkerArgs;
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Stop a worker on any machine from claiming runs
///
/// It finishes its runs and builds and keeps running, so that nothing restarts it. `ade workers resume`, or a restart, ends
/// this.
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
