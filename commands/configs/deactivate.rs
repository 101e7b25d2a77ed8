//! `ade configs deactivate`: end that a configuration is the default of runs.

use super::found::set_active;
use crate::context::Context;
use crate::exit::Outcome;

/// End that the workspace's runs use a configuration by default
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs deactivate my-config")]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let words = "is not the workspace's active configuration any more";
    set_active(context, &args.configuration, false, words)
}
