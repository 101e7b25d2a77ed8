//! `ade configs archive`: archives a configuration, so that runs, builds and publications are refused for it.

use ade::store::ConfigurationChange;

use super::found::change;
use crate::context::Context;
use crate::exit::Outcome;

/// Put a configuration away: no run, build or publication is accepted for it
///
/// Its runs, results and versions stay readable. It is listed by `ade configs ls --archived` alone, is no longer the default, and gives up
/// its name to one that is in use. While runs of it are in the queue it is not archived. `ade configs restore` ends it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs archive my-config")]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let to = ConfigurationChange {
        archived: Some(true),
        ..ConfigurationChange::default()
    };
    change(context, &args.configuration, &to, |_| {
        "is archived: `ade configs restore` ends that".to_owned()
    })
}
