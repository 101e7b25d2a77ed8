//! `ade runs`: shows and changes the queue and its history.

mod cancel;
pub mod diff;
mod filters;
mod ls;
mod retry;
mod rm;
mod show;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

/// List, compare, repeat, cancel and remove runs
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Show(show::Args),
    Diff(diff::Args),
    Cancel(cancel::Args),
    Retry(retry::Args),
    Again(retry::RunAgainArgs),
    Rm(rm::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Show(args) => show::run(args, context),
            Self::Diff(args) => diff::run(args, context),
            Self::Cancel(args) => cancel::run(args, context),
            Self::Retry(args) => retry::run(args, context),
            Self::Again(args) => retry::again(args, context),
            Self::Rm(args) => rm::run(args, context),
        }
    }
}
