//! `ade configs deactivate`: take back an activation.

use super::found::set_active;
use crate::context::Context;
use crate::exit::Outcome;

/// Take back the activation of a configuration
///
/// The workspace has no active configuration then: runs over the API have to name one. The configuration and its runs stay, and
/// `ade run` works as before.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs deactivate my-config")]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let words = "is not active any more: runs over the API have to name a configuration";
    set_active(context, &args.configuration, false, words)
}
