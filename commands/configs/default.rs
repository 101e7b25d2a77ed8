//! `ade configs default`: chooses the configuration for runs that name none.

use super::found::{end_default, set_default};
use crate::context::Context;
use crate::exit::Outcome;

/// Choose the default configuration for API runs
///
/// API and web console runs without a configuration use it, and `ade env gc` keeps its environments. The first configuration
/// published over the API becomes the default. `ade run` ignores it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs default my-config\n  ade configs default --none")]
pub struct Args {
    /// The configuration: its name, folder or id
    #[arg(required_unless_present = "none")]
    configuration: Option<String>,
    /// Set no default: API runs must name a configuration
    #[arg(long, conflicts_with = "configuration")]
    none: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    match &args.configuration {
        Some(given) => set_default(context, given, true),
        None => end_default(context),
    }
}
