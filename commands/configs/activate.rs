//! `ade configs activate`: choose the configuration of runs that name none.

use super::found::set_active;
use crate::context::Context;
use crate::exit::Outcome;

/// Make a configuration the one for runs that name none
///
/// Each workspace has one active configuration, or none. Runs that are submitted over the API or in the web console without a
/// configuration use it, and `ade env gc` keeps its environments. Nothing changes for `ade run`, which always names its
/// configuration. Publishing a configuration over the API activates it too.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs activate my-config")]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let words = "is active now: runs over the API that name no configuration use it, and `ade env gc` keeps its environments";
    set_active(context, &args.configuration, true, words)
}
