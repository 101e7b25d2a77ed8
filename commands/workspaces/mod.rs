//! `ade workspaces`: manages the workspaces of the database.

mod ls;
mod rename;
mod rm;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

/// List, rename and delete workspaces
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Rename(rename::Args),
    Rm(rm::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Rename(args) => rename::run(args, context),
            Self::Rm(args) => rm::run(args, context),
        }
    }
}
