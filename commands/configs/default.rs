//! `ade configs default`: chooses the configuration for runs that name none.

use super::found::{end_default, set_default};
use crate::context::Context;
use crate::exit::Outcome;

/// Choose the configuration for runs that name none
///
/// Each workspace has one default configuration, or none. Runs that are submitted over the API or in the web console without a
/// configuration use it, and `ade env gc` keeps its environments. Nothing changes for `ade run`, which always names its
/// configuration. The first configuration that is published over the API becomes the default.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs default my-config\n  ade configs default --none")]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    #[arg(required_unless_present = "none")]
    configuration: Option<String>,
    /// The workspace has no default any more: runs over the API have to name a configuration
    #[arg(long, conflicts_with = "configuration")]
    none: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    match &args.configuration {
        Some(given) => set_default(context, given, true),
        None => end_default(context),
    }
}
