//! The configuration that an argument names, and the change that two commands make to it.

use ade::base::problem::code;
use ade::base::show_path::Whole;
use ade::store::KnownConfiguration;
use ade::workspace::Workspace;
use ade::workspace::configurations::find::find;
use ade::workspace::configurations::{configuration_json, publish};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::Tone;

/// The workspace, and the configuration that an argument names.
pub fn found(context: &Context, given: &str) -> Result<(Workspace, KnownConfiguration), Failure> {
    let workspace = context.open_if_present()?.ok_or_else(|| {
        let message = "the workspace knows no configurations yet";
        Failure::usage(code::CONFIGURATION_NOT_FOUND, message)
            .hint("`ade run CONFIG FILE` makes one known")
    })?;
    let known = find(&workspace, given)?;
    Ok((workspace, known))
}

/// Changes whether a configuration is the workspace's own, and says so in `words`.
pub fn set_active(context: &Context, given: &str, active: bool, words: &str) -> Outcome {
    let (workspace, known) = found(context, given)?;
    let known = publish::set_active(&workspace, &known, active)?;
    let ui = &context.ui;
    if ui.json() {
        ui.document(&configuration_json(&known, &Whole));
    } else {
        let name = ui.paint(Tone::Name, &known.record.name);
        ui.say(format_args!("{name} {words}"));
    }
    Ok(ExitStatus::Done)
}
