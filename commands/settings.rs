//! `ade settings`: every setting, its value, where it came from, and what it means.

use ade::settings::{EngineSetting, Resolved, SettingSource, Settings, engine_settings};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, Ui};

/// Show settings: value, where it comes from, meaning
///
/// Lists the settings of `ade`. They come from, strongest first: a flag, an environment variable, ade.toml (in this folder or one
/// above it), the default. The engine's settings, such as date_order, belong to a configuration and are in its settings.toml;
/// --engine lists them, and any of them can be named too.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade settings\n  ade settings data_dir ADE_BUILD_TIMEOUT\n  ade settings date_order\n  ade settings --engine\n  ADE_BUILD_TIMEOUT=60 ade settings --json\n\nade.toml holds settings for a folder and those below it: the names without ADE_, in lower case."
)]
pub struct Args {
    /// Only these settings: `ADE_DATA_DIR`, or `data_dir` as in ade.toml [default: all of ade]
    key: Vec<String>,
    /// List the settings of the engine
    #[arg(long, conflicts_with = "key")]
    engine: bool,
}

/// A setting to show.
enum Shown<'a> {
    Own(&'a Resolved),
    Engine(EngineSetting),
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let ui = &context.ui;
    let mut shown: Vec<Shown<'_>> = Vec::new();
    for key in &args.key {
        shown.push(named(&settings, key)?);
    }
    if args.engine {
        shown.extend(engine_settings().into_iter().map(Shown::Engine));
    } else if args.key.is_empty() {
        shown.extend(settings.resolved.iter().map(Shown::Own));
    }
    if ui.json() {
        let all = shown.iter().map(|shown| match shown {
            Shown::Own(resolved) => resolved.json(),
            Shown::Engine(setting) => engine_json(setting, &settings),
        });
        ui.document(&all.collect::<Vec<_>>());
        return Ok(ExitStatus::Done);
    }
    for shown in &shown {
        match shown {
            Shown::Own(resolved) => print(ui, resolved),
            Shown::Engine(setting) => print_engine(ui, setting, &settings),
        }
    }
    if shown.iter().any(|shown| matches!(shown, Shown::Engine(_))) {
        ui.say(
            "Settings of the engine are set in settings.toml of a configuration, by environment variables, or for one run with `ade run --set KEY=VALUE`",
        );
    }
    Ok(ExitStatus::Done)
}

/// The setting that a key names, of `ade` or of the engine.
fn named<'a>(settings: &'a Settings, key: &str) -> Result<Shown<'a>, Failure> {
    let own = settings.named(key).map(Shown::Own);
    own.or_else(|error| {
        let mut engine = engine_settings().into_iter();
        let meant = engine.find(|setting| setting.is_meant_by(key));
        Ok(Shown::Engine(meant.ok_or(error)?))
    })
}

/// The value that an environment variable gives to a setting of the engine.
fn from_variable(setting: &EngineSetting, settings: &Settings) -> Option<String> {
    let variable = setting.variable();
    let given = settings.variables.iter();
    let mut given = given.filter(|(name, _)| name.eq_ignore_ascii_case(&variable));
    given
        .next()
        .map(|(_, value)| value.to_string_lossy().into_owned())
}

/// As the object of a setting of `ade`.
fn engine_json(setting: &EngineSetting, settings: &Settings) -> Value {
    let given = from_variable(setting, settings);
    let source = match given {
        Some(_) => format!("environment variable {}", setting.variable()),
        None => "default".to_owned(),
    };
    json!({
        "name": setting.variable(), "key": setting.key, "aliases": [], "value": given.as_ref().unwrap_or(&setting.default),
        "default": setting.default, "default_note": null, "source": source, "meaning": setting.meaning,
    })
}

fn print_engine(ui: &Ui, setting: &EngineSetting, settings: &Settings) {
    let (value, source) = match from_variable(setting, settings) {
        Some(given) => (
            given,
            format!("  [environment variable {}]", setting.variable()),
        ),
        None => (
            setting.default.clone(),
            "  [the engine's default]".to_owned(),
        ),
    };
    ui.line(format_args!(
        "{} = {}{}",
        ui.paint(Tone::Name, setting.key),
        ui.paint(Tone::Strong, value),
        ui.paint(Tone::Dim, source)
    ));
    let meaning = format!(
        "{}. Also read from {}.",
        setting.meaning,
        setting.variable()
    );
    ui.words("    ", None, Tone::Dim, &meaning);
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
        SettingSource::Default => String::new(),
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
