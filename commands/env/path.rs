//! `ade env path`: prints the folder of a configuration's ready environment.

use std::path::PathBuf;

use ade::configuration::Configuration;
use ade::environment::collection::named::{find_ready, not_built};
use ade::settings::paths::EnvironmentFolder;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Print the path of a configuration's virtual environment
///
/// Use it to run the environment's Python, or in an editor. Fails if the environment is not built.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  \"$(ade env path my-config)/bin/python\" -c 'import polars; print(polars.__version__)'\n  source \"$(ade env path my-config)/bin/activate\""
)]
pub struct Args {
    /// The folder of the configuration
    config: PathBuf,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let configuration = Configuration::open(&args.config)?;
    let workspace = context
        .open_if_present()?
        .ok_or_else(|| not_built(&args.config))?;
    let environment = find_ready(&workspace, configuration, &args.config)?;
    let path = EnvironmentFolder(environment.folder).venv();
    if ui.json() {
        ui.document(&json!({"environment_id": environment.id, "path": path}));
    } else {
        ui.line(path.display());
    }
    Ok(ExitStatus::Done)
}
