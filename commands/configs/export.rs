//! `ade configs export`: writes the files of a configuration to an archive.

use std::path::PathBuf;

use ade::workspace::configurations::versions::{ConfigurationSide, archive_name, export_to};
use serde_json::json;

use super::found::found;
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, bytes};

/// Write the files of a configuration into an archive, which can be uploaded again
///
/// It has the files of the active version; where none is active, those that are edited, as they are.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  ade configs export my-config\n  ade configs export my-config --version 2 -o before.zip"
)]
pub struct Args {
    /// A configuration's name, its folder, or its id (what a listing shows of it is enough)
    configuration: String,
    /// The files of the version of this number
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// The files that are edited, as they are: the draft, or the folder
    #[arg(long, conflicts_with = "version")]
    draft: bool,
    /// The archive; it appears whole, and replaces an earlier one [default: the configuration's name with .zip]
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
