//! `ade configs`: manages the configurations of the workspace.

mod activate;
mod archive;
mod deactivate;
mod default;
mod export;
mod found;
mod limit;
mod ls;
mod rename;
mod restore;
mod rm;
mod show;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

/// Manage configurations, their versions and the default
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Show(show::Args),
    Default(default::Args),
    Limit(limit::Args),
    Activate(activate::Args),
    Deactivate(deactivate::Args),
    Rename(rename::Args),
    Archive(archive::Args),
    Restore(restore::Args),
    Export(export::Args),
    Rm(rm::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Show(args) => show::run(args, context),
            Self::Default(args) => default::run(args, context),
            Self::Limit(args) => limit::run(args, context),
            Self::Activate(args) => activate::run(args, context),
            Self::Deactivate(args) => deactivate::run(args, context),
            Self::Rename(args) => rename::run(args, context),
            Self::Archive(args) => archive::run(args, context),
            Self::Restore(args) => restore::run(args, context),
            Self::Export(args) => export::run(args, context),
            Self::Rm(args) => rm::run(args, context),
        }
    }
}
