//! `ade init`: scaffold a configuration that runs as it is.

use std::path::PathBuf;

use ade::problem::typed;
use ade::scaffold;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

/// Scaffold a configuration that runs as it is
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade init team-orders\n  ade init team-orders --template minimal\n  ade run team-orders orders.xlsx"
)]
pub struct Args {
    /// The folder to create; it must be empty or new
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The project's name [default: the folder's]
    #[arg(long)]
    name: Option<String>,
    /// The template to start from
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
    let here = args.dir.as_os_str() == ".";
    let shown = if here {
        ".".to_owned()
    } else {
        args.dir.display().to_string()
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
        "\nNext: ade run {} FILE   (a workbook or a .csv; the first run builds an environment)",
        typed(&shown)
    ));
    Ok(ExitStatus::Done)
}
