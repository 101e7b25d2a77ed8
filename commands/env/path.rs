//! `ade env path`: where a configuration's ready environment is.

use std::path::PathBuf;

use ade::layout::EnvironmentFolder;
use ade::run::prepare;
use ade::run::provide::is_usable;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Print the .venv folder of a configuration's ready environment
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  \"$(ade env path my-config)/bin/python\" -m unittest discover my-config/tests\n  source \"$(ade env path my-config)/bin/activate\""
)]
pub struct Args {
    /// The configuration's folder
    config: PathBuf,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let configuration = ade::configuration::Configuration::open(&args.config)
        .map_err(prepare::PrepareError::from)?;
    let none = || super::none_for(&args.config.display().to_string());
    let workspace = context.open_if_present()?.ok_or_else(none)?;
    let prepared = prepare::prepare_opened(&workspace, configuration, None)?;
    let environment = workspace
        .store
        .environment_of(&prepared.key)?
        .filter(is_usable)
        .ok_or_else(none)?;
    let path = EnvironmentFolder(environment.folder.clone()).venv();
    if ui.json() {
        ui.document(&json!({"environment_id": environment.id, "path": path}));
    } else {
        ui.line(path.display());
    }
    Ok(ExitStatus::Done)
}
