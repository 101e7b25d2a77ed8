//! `ade configs restore`: takes a configuration out of the archive.

use ade::store::ConfigurationChange;
use ade::workspace::configurations::{find::find_archived, publish};

use super::found::{changed, found_by};
use crate::context::Context;
use crate::exit::Outcome;

/// Restore an archived configuration
///
/// Runs, builds and publications are accepted again. The default does not change.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs restore my-config")]
pub struct Args {
    /// The configuration: its name, folder or id
    configuration: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let (workspace, known) = found_by(context, &args.configuration, find_archived)?;
    let words = match known.archived_at {
        Some(_) => "is in use again",
        None => "is in use; `ade configs ls --archived` lists those that are not",
    };
    let to = ConfigurationChange {
        archived: Some(false),
        ..ConfigurationChange::default()
    };
    let known = publish::change(&workspace, &known, &to)?;
    changed(context, &known, words)
}
