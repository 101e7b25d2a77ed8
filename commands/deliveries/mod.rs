//! `ade deliveries`: lists and repeats the notifications about ended runs.

mod ls;
mod retry;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

/// List and repeat notifications about ended runs
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Retry(retry::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Retry(args) => retry::run(args, context),
        }
    }
}
