//! `ade logs`: prints event logs.

mod tail;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

/// Read the event logs
#[derive(Subcommand)]
pub enum Command {
    Tail(tail::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Tail(args) => tail::run(args, context),
        }
    }
}
