//! `ade runs`: the queue and its history.

mod ls;
mod show;

use ade::store::RunStatus;
use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Tone;

/// List and show runs
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Show(show::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Show(args) => show::run(args, context),
        }
    }
}

/// The colour of a status.
fn tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Succeeded => Tone::Good,
        RunStatus::Failed => Tone::Bad,
        RunStatus::Cancelled | RunStatus::Running => Tone::Warn,
        RunStatus::Queued => Tone::Dim,
    }
}
