//! `ade configs activate`: makes runs use a published version.

use ade::store::ConfigurationChange;

use super::found::{change, set_default};
use crate::context::Context;
use crate::exit::Outcome;

/// Make runs use a published version
///
/// With `--version`, API runs of the configuration use that version from now on, for example to take a publication back.
/// Without it, this is `ade configs default`. `ade configs show` lists the versions.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  ade configs activate my-config --version 2\n  ade configs activate my-config"
)]
pub struct Args {
    /// The configuration: its name, folder or id
    configuration: String,
    /// The number of the version
    #[arg(long, value_name = "N")]
    version: Option<u32>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let Some(version) = args.version else {
        return set_default(context, &args.configuration, true);
    };
    let to = ConfigurationChange {
        active_version: Some(Some(version)),
        ..ConfigurationChange::default()
    };
    change(context, &args.configuration, &to, |_| {
        format!("uses version {version} for its runs over the API from now on")
    })
}
