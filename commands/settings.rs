//! `ade settings`: every setting, its value, where it came from, and what it means.

use ade::settings::{Resolved, Source};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, Ui};

/// Show every setting, its value, where it came from, and what it means
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade settings\n  ADE_BUILD_TIMEOUT=60 ade settings --json\n\nade.toml holds settings for a folder and those below it: the names without ADE_, in lower case."
)]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let ui = &context.ui;
    if ui.json() {
        ui.document(
            &settings
                .resolved
                .iter()
                .map(Resolved::json)
                .collect::<Vec<_>>(),
        );
    } else {
        settings.resolved.iter().for_each(|one| print(ui, one));
    }
    Ok(ExitStatus::Done)
}

fn print(ui: &Ui, resolved: &Resolved) {
    let setting = resolved.setting;
    let value = resolved
        .shown()
        .unwrap_or_else(|| match setting.default_note {
            "" => "not set".to_owned(),
            note => format!("({note})"),
        });
    let source = match resolved.source {
        Source::Default => String::new(),
        ref source => format!("  [{source}]"),
    };
    ui.line(format_args!(
        "{} = {}{}",
        ui.paint(Tone::Name, setting.name),
        ui.paint(Tone::Strong, value),
        ui.paint(Tone::Warn, source)
    ));
    let mut meaning = setting.meaning.to_owned();
    if !setting.aliases.is_empty() {
        meaning.push_str(&format!(" Also read as {}.", setting.aliases.join(", ")));
    }
    ui.line(format_args!("    {}", ui.paint(Tone::Dim, meaning)));
}
