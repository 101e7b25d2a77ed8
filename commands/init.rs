//! `ade init`: scaffold a configuration that runs as it is.

use std::path::PathBuf;

use ade::base::problem::typed;
use ade::configuration::scaffold;
use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

/// Create a configuration that runs as it is, to be edited
///
/// A configuration is a folder with a small Python package: the fields that you want, how their cells are read and checked.
/// Beside it lies `sample.xlsx`, a messy roster to run it on. No file that exists is overwritten.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade init team-orders\n  ade run team-orders team-orders/sample.xlsx\n  ade init staff --template minimal"
)]
pub struct Args {
    /// The folder to create, or an empty one
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The configuration's name, as listings show it [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// What to start from
    #[arg(long, default_value = "default", value_parser = PossibleValuesParser::new(scaffold::templates().map(described)))]
    template: String,
}

/// A template with what it holds.
fn described(template: &'static str) -> PossibleValue {
    PossibleValue::new(template).help(scaffold::about(template))
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let files = scaffold::scaffold(&args.dir, args.name.as_deref(), &args.template)?;
    let ui = &context.ui;
    if ui.json() {
        ui.document(&json!({"path": args.dir, "template": args.template, "files": files}));
        return Ok(ExitStatus::Done);
    }
    let shown = args.dir.display().to_string();
    // Of the current folder its plain name, as people type it.
    let sample = match args.dir.as_os_str() == "." {
        true => PathBuf::from(scaffold::SAMPLE),
        false => args.dir.join(scaffold::SAMPLE),
    };
    ui.line(format_args!(
        "{} a configuration in {}",
        ui.paint(Tone::Good, "Created"),
        ui.paint(Tone::Name, &shown)
    ));
    for file in &files {
        ui.line(format_args!("  {}", file.display()));
    }
    ui.say(format_args!(
        "\nNext: ade run {name} {}   (a messy roster; the first run builds an environment)\n      ade test {name}   (inputs whose result is known)",
        typed(sample.display().to_string()),
        name = typed(&shown),
    ));
    Ok(ExitStatus::Done)
}
