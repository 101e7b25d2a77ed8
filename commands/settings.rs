//! `ade settings`: every setting, its value, where it came from, and what it means.

use ade::settings::{Resolved, Source};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, Ui};

/// Show settings: value, where it comes from, meaning
///
/// Lists the settings of `ade`. They come from, strongest first: a flag, an environment variable, ade.toml (in this folder or one
/// above it), the default. The engine's settings, such as date_order, belong to a configuration and are in its settings.toml;
/// --engine lists them, and any of them can be named too.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade settings\n  ade settings data_dir ADE_BUILD_TIMEOUT\n  ADE_BUILD_TIMEOUT=60 ade settings --json\n\nade.toml holds settings for a folder and those below it: the names without ADE_, in lower case."
)]
pub struct Args {
    /// Only these settings: `ADE_DATA_DIR`, or `data_dir` as in ade.toml [default: all]
    key: Vec<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let ui = &context.ui;
    let mut shown: Vec<&Resolved> = Vec::new();
    for key in &args.key {
        shown.push(settings.named(key)?);
    }
    if args.key.is_empty() {
        shown.extend(&settings.resolved);
    }
    if ui.json() {
        let all = shown.iter().map(|resolved| resolved.json());
        ui.document(&all.collect::<Vec<_>>());
    } else {
        shown.iter().for_each(|resolved| print(ui, resolved));
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
    ui.words("    ", None, Tone::Dim, &meaning);
}
