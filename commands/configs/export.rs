//! `ade configs export`: writes the files of a configuration to an archive.

use std::path::PathBuf;

use ade::workspace::configurations::versions::{ConfigurationSide, archive_name, export_to};
use serde_json::json;

use super::found::found;
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, bytes};

/// Write a configuration's files to an archive that can be uploaded again
///
/// Exports the active version, or the edited files if none is active.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  ade configs export my-config\n  ade configs export my-config --version 2 -o before.zip"
)]
pub struct Args {
    /// The configuration: its name, folder or id
    configuration: String,
    /// Export the version with this number
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// Export the edited files: the draft or the folder
    #[arg(long, conflicts_with = "version")]
    draft: bool,
    /// Write the archive to FILE [default: the configuration's name with .zip]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, known) = found(context, &args.configuration)?;
    let name = &known.record.name;
    let target = args.output.clone();
    let target = target.unwrap_or_else(|| archive_name(name).into());
    let side = ConfigurationSide::exported(&known, args.version, args.draft);
    let size = export_to(&workspace, &known, side, &target)?;
    if ui.json() {
        ui.document(&json!({"id": known.record.id, "file": target, "bytes": size}));
    } else {
        let name = ui.paint(Tone::Name, name);
        let (file, size) = (ui.path(&target), bytes(size));
        ui.line(format_args!("Exported {name} to {file} ({size})"));
    }
    Ok(ExitStatus::Done)
}
