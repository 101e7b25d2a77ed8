//! `ade configs deactivate`: stops runs from using a published version.

use ade::store::ConfigurationChange;
use ade::workspace::configurations::RunsUse;

use super::found::{change, set_default};
use crate::context::Context;
use crate::exit::Outcome;

/// Stop runs from using a published version
///
/// With `--version`, API runs use the configuration's folder again, or are refused if it was uploaded. Without it, this is `ade
/// configs default --none`.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  ade configs deactivate my-config --version\n  ade configs deactivate my-config"
)]
pub struct Args {
    /// The configuration: its name, folder or id
    configuration: String,
    /// Deactivate the active version
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
