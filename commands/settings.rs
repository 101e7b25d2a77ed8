//! `ade settings`: every setting, its value, where it came from, and what it means.

use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

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
        let rows: Vec<_> = settings
            .resolved
            .iter()
            .map(|resolved| {
                json!({
                    "name": resolved.setting.name,
                    "key": resolved.setting.key(),
                    "aliases": resolved.setting.aliases,
                    "value": resolved.shown(),
                    "default": if resolved.setting.default.is_empty() { None } else { Some(resolved.setting.default) },
                    "default_note": if resolved.setting.default_note.is_empty() { None } else { Some(resolved.setting.default_note) },
                    "source": resolved.source.to_string(),
                    "meaning": resolved.setting.meaning,
                })
            })
            .collect();
        ui.document(&rows);
        return Ok(ExitStatus::Done);
    }
    for resolved in &settings.resolved {
        let setting = resolved.setting;
        let value = resolved.shown().unwrap_or_else(|| {
            if setting.default_note.is_empty() {
                "not set".to_owned()
            } else {
                format!("({})", setting.default_note)
            }
        });
        let source = if resolved.source == ade::settings::Source::Default {
            String::new()
        } else {
            format!("  [{}]", resolved.source)
        };
        ui.line(format_args!(
            "{} = {}{}",
            ui.paint(Tone::Name, setting.name),
            ui.paint(Tone::Strong, value),
            ui.paint(Tone::Warn, source)
        ));
        let aliases = if setting.aliases.is_empty() {
            String::new()
        } else {
            format!(" Also read as {}.", setting.aliases.join(", "))
        };
        ui.line(format_args!(
            "    {}",
            ui.paint(Tone::Dim, format!("{}{aliases}", setting.meaning))
        ));
    }
    Ok(ExitStatus::Done)
}
