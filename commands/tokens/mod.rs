//! `ade tokens`: manages access to the API.

mod create;
mod ls;
mod revoke;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

/// Manage access tokens for the API and the web console
#[derive(Subcommand)]
pub enum Command {
    Create(create::Args),
    Ls(ls::Args),
    Revoke(revoke::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Create(args) => create::run(args, context),
            Self::Ls(args) => ls::run(args, context),
            Self::Revoke(args) => revoke::run(args, context),
        }
    }
}
