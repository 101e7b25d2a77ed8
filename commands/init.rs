//! `ade init`: scaffold a configuration that runs as it is.

use std::path::PathBuf;

use ade::problem::typed;
use ade::scaffold;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

/// Scaffold a configuration that runs as it is, and a sample to run it on
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade init team-orders\n  ade run team-orders team-orders/sample.xlsx\n  ade init staff --template minimal"
)]
pub struct Args {
    /// The folder to create; it must be empty or new
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The project's name [default: the folder's]
    #[arg(long)]
    name: Option<String>,
    /// What to start from: `default` has a line for each field, `full` functions of its own besides, `minimal` one field
    #[arg(long, default_value = "default", value_parser = clap::builder::PossibleValuesParser::new(scaffold::templates()))]
    template: String,
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
        "\nNext: ade run {} {}   (a messy roster; the first run builds an environment)",
        typed(&shown),
        typed(&sample.display().to_string()),
    ));
    Ok(ExitStatus::Done)
}
