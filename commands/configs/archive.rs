//! `ade configs archive`: archives a configuration, so that runs, builds and publications are refused for it.

use ade::store::ConfigurationChange;

use super::found::change;
use crate::context::Context;
use crate::exit::Outcome;

/// Archive a configuration, so that runs, builds and publications are refused
///
/// Its runs, results and versions stay readable; its name becomes free, and it is no longer the default. Refused while runs of
/// it are queued. `ade configs restore` brings it back.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs archive my-config")]
pub struct Args {
    /// The configuration: its name, folder or id
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
