//! `ade settings`: lists every setting with its value, its origin and its meaning.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use ade::base::files;
use ade::settings::{ENGINE_SETTINGS, EngineSetting, ResolvedSetting, SettingSource, Settings};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, Ui};

/// Show settings with their values, origins and meanings
///
/// Settings of `ade` come from, strongest first: a flag, an environment variable, ade.toml (in this folder or one above), the
/// default. Engine settings, such as date_order, are in a configuration's settings.toml; name them, or list them with --engine.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade settings\n  ade settings data_dir ADE_BUILD_TIMEOUT\n  ade settings date_order\n  ade settings --engine\n  ADE_BUILD_TIMEOUT=60 ade settings --json\n\nade.toml holds settings for a folder and those below it: the names without ADE_, in lower case."
)]
pub struct Args {
    /// Only these settings, as `ADE_DATA_DIR` or `data_dir` [default: all of ade]
    key: Vec<String>,
    /// List the engine's settings
    #[arg(long, conflicts_with = "key")]
    engine: bool,
    /// Show the engine's settings for this configuration
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    config: PathBuf,
}

/// A setting of `ade` or of the engine.
enum ListedSetting<'a> {
    Own(&'a ResolvedSetting),
    Engine(&'static EngineSetting),
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let ui = &context.ui;
    let mut shown: Vec<ListedSetting<'_>> = Vec::new();
    for key in &args.key {
        shown.push(named(&settings, key)?);
    }
    if args.engine {
        shown.extend(ENGINE_SETTINGS.iter().map(ListedSetting::Engine));
    } else if args.key.is_empty() {
        shown.extend(settings.resolved.iter().map(ListedSetting::Own));
    }
    let given = EngineSettingSources {
        variables: &settings.variables,
        file: files::read_if_there(&args.config.join("settings.toml"))?
            .and_then(|text| toml::from_slice(&text).ok())
            .unwrap_or_default(),
    };
    if ui.json() {
        let all = shown.iter().map(|shown| match shown {
            ListedSetting::Own(resolved) => json!(resolved.view()),
            ListedSetting::Engine(setting) => engine_json(setting, &given),
        });
        ui.document(&all.collect::<Vec<_>>());
        return Ok(ExitStatus::Done);
    }
    for shown in &shown {
        match shown {
            ListedSetting::Own(resolved) => print(ui, resolved),
            ListedSetting::Engine(setting) => print_engine(ui, setting, &given),
        }
    }
    if shown
        .iter()
        .any(|shown| matches!(shown, ListedSetting::Engine(_)))
    {
        ui.say(
            "Settings of the engine are set in settings.toml of a configuration, by environment variables, or for one run with `ade run --set KEY=VALUE`",
        );
    }
    Ok(ExitStatus::Done)
}

/// Returns the setting that a key names, of `ade` or of the engine.
fn named<'a>(settings: &'a Settings, key: &str) -> Result<ListedSetting<'a>, Failure> {
    let own = settings.named(key).map(ListedSetting::Own);
    own.or_else(|error| {
        let mut engine = ENGINE_SETTINGS.iter();
        let meant = engine.find(|setting| setting.is_meant_by(key));
        Ok(ListedSetting::Engine(meant.ok_or(error)?))
    })
}

/// The places that engine settings come from.
struct EngineSettingSources<'a> {
    variables: &'a BTreeMap<OsString, OsString>,
    /// The settings.toml of the configuration.
    file: toml::Table,
}

impl EngineSettingSources<'_> {
    fn edition(&self) -> &str {
        let given = self.file.get("edition");
        given.and_then(toml::Value::as_str).unwrap_or_default()
    }

    /// Returns the value of a setting and its origin.
    fn value(&self, setting: &EngineSetting) -> (String, String) {
        let variable = setting.variable();
        let is_2026 = self.edition() == "2026";
        let mut variables = self.variables.iter();
        if let Some((_, value)) = variables.find(|(name, _)| name.eq_ignore_ascii_case(&variable)) {
            let value = value.to_string_lossy().into_owned();
            return (value, format!("environment variable {variable}"));
        }
        match self.file.get(setting.key) {
            Some(toml::Value::String(text)) => (text.clone(), "settings.toml".to_owned()),
            Some(value) => (value.to_string(), "settings.toml".to_owned()),
            None if is_2026 && setting.default_2026 != setting.default => {
                (setting.default_2026.to_owned(), "edition 2026".to_owned())
            }
            None => (setting.default.to_owned(), "default".to_owned()),
        }
    }
}

/// Returns an engine setting in the same form as a setting of `ade`.
fn engine_json(setting: &EngineSetting, given: &EngineSettingSources<'_>) -> Value {
    let (value, source) = given.value(setting);
    json!({
        "name": setting.variable(), "key": setting.key, "aliases": [], "value": value,
        "default": setting.default, "default_note": null, "source": source, "meaning": setting.plain_meaning(),
    })
}

fn print_engine(ui: &Ui, setting: &EngineSetting, given: &EngineSettingSources<'_>) {
    let (value, source) = given.value(setting);
    let source = match &*source {
        "default" => "the engine's default",
        source => source,
    };
    ui.line(format_args!(
        "{} = {}{}",
        ui.paint(Tone::Name, setting.key),
        ui.paint(Tone::Strong, value),
        ui.paint(Tone::Dim, format_args!("  [{source}]"))
    ));
    let meaning = format!(
        "{}. Also read from {}.",
        setting.plain_meaning(),
        setting.variable()
    );
    ui.words("    ", None, Tone::Dim, &meaning);
}

fn print(ui: &Ui, resolved: &ResolvedSetting) {
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
