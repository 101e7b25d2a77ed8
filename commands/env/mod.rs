//! `ade env`: manages environments.

mod build;
mod gc;
mod ls;
mod path;
mod rm;
mod show;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

/// List, build and remove environments
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Show(show::Args),
    Build(build::Args),
    Path(path::Args),
    Rm(rm::Args),
    Gc(gc::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Show(args) => show::run(args, context),
            Self::Build(args) => build::run(args, context),
            Self::Path(args) => path::run(args, context),
            Self::Rm(args) => rm::run(args, context),
            Self::Gc(args) => gc::run(args, context),
        }
    }
}
