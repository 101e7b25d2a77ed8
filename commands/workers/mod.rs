//! `ade workers`: lists the processes that execute runs, and stops or restarts their claiming.

mod found;
mod ls;
mod quiet;
mod resume;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

/// List workers, and stop or resume their claiming
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Quiet(quiet::Args),
    Resume(resume::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Quiet(args) => quiet::run(args, context),
            Self::Resume(args) => resume::run(args, context),
        }
    }
}
