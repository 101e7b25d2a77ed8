//! `ade configs limit`: limits how many runs of a configuration are executed at once.

use ade::store::ConfigurationChange;

use super::found::change;
use crate::context::Context;
use crate::exit::Outcome;

/// Choose how many runs of a configuration are executed at once
///
/// The number holds for all workers together, for all versions of the configuration, and from now on. `ade run` does not wait for
/// it; the runs that it executes are counted. `ade runs show` says of a run that it waits for this.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade configs limit my-config 2\n  ade configs limit my-config --none"
)]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
    /// The most runs of it at once
    #[arg(value_name = "N", required_unless_present = "none", value_parser = clap::value_parser!(u32).range(1..))]
    most: Option<u32>,
    /// As many as there are slots
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
