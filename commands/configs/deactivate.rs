//! `ade configs deactivate`: stops runs from using a published version.

use ade::store::ConfigurationChange;
use ade::workspace::configurations::RunsUse;

use super::found::{change, set_default};
use crate::context::Context;
use crate::exit::Outcome;

/// End that runs use a published version
///
/// With `--version`, no version of the configuration is active any more: its runs over the API use its folder again, as it is, and
/// those of one that was uploaded are refused until a version is active. Without it, this ends that the configuration is the
/// workspace's default, as `ade configs default --none`.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  ade configs deactivate my-config --version\n  ade configs deactivate my-config"
)]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
    /// End that a version is active
    #[arg(long)]
    version: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    if !args.version {
        return set_default(context, &args.configuration, false);
    }
    let to = ConfigurationChange {
        active_version: Some(None),
        ..ConfigurationChange::default()
    };
    change(context, &args.configuration, &to, |known| {
        let words = match RunsUse::from_configuration(known) {
            RunsUse::Folder => "uses its folder for runs over the API from now on",
            _ => "has no active version any more: runs of it are refused until one is",
        };
        words.to_owned()
    })
}
