//! `ade configs rename`: gives an uploaded configuration another name.

use ade::store::ConfigurationChange;
use ade::workspace::configurations::publish;

use super::found::{changed, found};
use crate::context::Context;
use crate::exit::Outcome;

/// Rename an uploaded configuration
///
/// A configuration in a folder takes its name from pyproject.toml: change it there.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs rename my-config billing")]
pub struct Args {
    /// The configuration: its name, folder or id
    configuration: String,
    /// Its new name (at most 100 characters)
    #[arg(value_name = "NAME")]
    name: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let (workspace, known) = found(context, &args.configuration)?;
    let former = known.record.name.clone();
    let to = ConfigurationChange {
        name: Some(args.name.clone()),
        ..ConfigurationChange::default()
    };
    let known = publish::change(&workspace, &known, &to)?;
    changed(context, &known, &format!("is the new name of {former}"))
}
