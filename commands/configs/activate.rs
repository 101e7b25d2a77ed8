//! `ade configs activate`: choose the configuration that runs use by default.

use super::found::set_active;
use crate::context::Context;
use crate::exit::Outcome;

/// Make a configuration the one that the workspace's runs use by default
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs activate my-config")]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let words = "is the workspace's active configuration now";
    set_active(context, &args.configuration, true, words)
}
