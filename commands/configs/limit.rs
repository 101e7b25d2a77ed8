//! `ade configs limit`: limits how many runs of a configuration are executed at once.

use ade::store::ConfigurationChange;

use super::found::change;
use crate::context::Context;
use crate::exit::Outcome;

/// Limit how many runs of a configuration execute at once
///
/// The limit applies to all workers together and to all versions. `ade run` ignores it, but its runs count.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade configs limit my-config 2\n  ade configs limit my-config --none"
)]
pub struct Args {
    /// The configuration: its name, folder or id
    configuration: String,
    /// The maximum number of runs at once
    #[arg(value_name = "N", required_unless_present = "none", value_parser = clap::value_parser!(u32).range(1..))]
    most: Option<u32>,
    /// Remove the present limit
    #[arg(long, conflicts_with = "most")]
    none: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let to = ConfigurationChange {
        max_concurrency: Some(args.most),
        ..ConfigurationChange::default()
    };
    change(context, &args.configuration, &to, |_| match args.most {
        Some(1) => "has at most one run at once from now on".to_owned(),
        Some(most) => format!("has at most {most} runs at once from now on"),
        None => "has as many runs at once as there are slots".to_owned(),
    })
}
