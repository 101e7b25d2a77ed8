//! Finds the configuration that an argument names, and makes the changes that several commands share.

use ade::base::problem::{Error, code};
use ade::base::show_path::FullPaths;
use ade::store::{ConfigurationChange, KnownConfiguration};
use ade::workspace::Workspace;
use ade::workspace::configurations::find::find;
use ade::workspace::configurations::{RunsUse, configuration_json, publish};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::Tone;

/// Returns the workspace and the configuration that an argument names.
pub fn found(context: &Context, given: &str) -> Result<(Workspace, KnownConfiguration), Failure> {
    found_by(context, given, find)
}

/// Like [`found`], but `find` chooses the configuration.
pub fn found_by(
    context: &Context,
    given: &str,
    find: impl Fn(&Workspace, &str) -> Result<KnownConfiguration, Error>,
) -> Result<(Workspace, KnownConfiguration), Failure> {
    let workspace = context.open_if_present()?.ok_or_else(|| {
        let message = "the workspace has no configurations yet";
        Failure::usage(code::CONFIGURATION_NOT_FOUND, message)
            .hint("`ade run CONFIG FILE` adds one")
    })?;
    let known = find(&workspace, given)?;
    Ok((workspace, known))
}

/// Makes a configuration the workspace's default, or removes it as the default, and prints the change.
pub fn set_default(context: &Context, given: &str, is_default: bool) -> Outcome {
    let words = if is_default {
        "is the default now: runs over the API that name no configuration use it, and `ade env gc` keeps its environments"
    } else {
        "is not the default any more: runs over the API have to name a configuration"
    };
    let to = ConfigurationChange {
        default: Some(is_default),
        ..ConfigurationChange::default()
    };
    change(context, given, &to, |_| words.to_owned())
}

/// Changes the configuration that an argument names, and prints the `words` for its new state.
pub fn change(
    context: &Context,
    given: &str,
    to: &ConfigurationChange,
    words: impl FnOnce(&KnownConfiguration) -> String,
) -> Outcome {
    let (workspace, known) = found(context, given)?;
    let known = publish::change(&workspace, &known, to)?;
    changed(context, &known, &words(&known))
}

/// Leaves the workspace without a default configuration, and prints the change.
pub fn end_default(context: &Context) -> Outcome {
    let all = match context.open_if_present()? {
        Some(workspace) => workspace.store.configurations(workspace.id())?,
        None => Vec::new(),
    };
    match all.iter().find(|known| known.is_default) {
        Some(known) => set_default(context, &known.record.id, false),
        None => {
            let message = "the workspace has no default configuration";
            Err(Failure::usage(code::CONFIGURATION_NOT_FOUND, message))
        }
    }
}

/// Prints a configuration after a change: the object with `--json`, otherwise `words`.
pub fn changed(context: &Context, known: &KnownConfiguration, words: &str) -> Outcome {
    let ui = &context.ui;
    if ui.json() {
        ui.document(&configuration_json(known, &FullPaths));
    } else {
        let name = ui.paint(Tone::Name, &known.record.name);
        ui.say(format_args!("{name} {words}"));
    }
    Ok(ExitStatus::Done)
}

/// Describes in words which version the runs of a configuration use.
pub fn runs_use(known: &KnownConfiguration) -> String {
    match (RunsUse::from_configuration(known), &known.version) {
        (_, Some(version)) => format!("version {}", version.version),
        (RunsUse::Folder, None) => "folder".to_owned(),
        (_, None) => "nothing yet".to_owned(),
    }
}
