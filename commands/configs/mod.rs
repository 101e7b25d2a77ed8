//! `ade configs`: the configurations that the workspace knows.

mod activate;
mod deactivate;
mod ls;
mod show;

use ade::configurations::find::find;
use ade::configurations::{configuration_json, publish};
use ade::problem::code;
use ade::store::KnownConfiguration;
use ade::workspace::Workspace;
use clap::Subcommand;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::Ui;

/// List, show, activate and deactivate configurations
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Show(show::Args),
    Activate(activate::Args),
    Deactivate(deactivate::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Show(args) => show::run(args, context),
            Self::Activate(args) => activate::run(args, context),
            Self::Deactivate(args) => deactivate::run(args, context),
        }
    }
}

/// The workspace, and the configuration that an argument names.
fn found(context: &Context, given: &str) -> Result<(Workspace, KnownConfiguration), Failure> {
    let workspace = context.open_if_present()?.ok_or_else(|| {
        let message = "the workspace knows no configurations yet";
        Failure::usage(code::CONFIGURATION_NOT_FOUND, message)
            .hint("`ade run CONFIG FILE` makes one known")
    })?;
    let known = find(&workspace, given)?;
    Ok((workspace, known))
}

/// Changes whether a configuration is the workspace's own, and says so in `words`.
fn set_active(context: &Context, given: &str, active: bool, words: &str) -> Outcome {
    let (workspace, known) = found(context, given)?;
    let known = publish::set_active(&workspace, &known, active)?;
    let ui = &context.ui;
    if ui.json() {
        ui.document(&configuration_json(&known));
    } else {
        ui.say(format_args!("{} {words}", named(ui, &known)));
    }
    Ok(ExitStatus::Done)
}

/// The name of a configuration, as people see it.
fn named(ui: &Ui, known: &KnownConfiguration) -> String {
    ui.paint(crate::ui::Tone::Name, &known.record.name)
        .to_string()
}
