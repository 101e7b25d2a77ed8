//! `ade configs rename`: gives an uploaded configuration another name.

use ade::store::ConfigurationChange;
use ade::workspace::configurations::publish;

use super::found::{changed, found};
use crate::context::Context;
use crate::exit::Outcome;

/// Give an uploaded configuration another name
///
/// Its versions and runs are shown with the new name too. A configuration that is a folder has its name from its pyproject.toml:
/// change it there, and the next run makes it known.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade configs rename my-config billing")]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
    /// Its new name, of at most 100 characters
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
