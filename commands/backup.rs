//! `ade backup`: the data directory in one file.

use std::path::PathBuf;

use ade::settings::paths::Paths;
use ade::workspace::backup::backup;
use ade::workspace::identity;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{bytes, plural};

/// Back up the data directory into one file, while workers go on
///
/// The file holds the database as it was at one moment, documents, configurations, and the inputs and logs of runs. Environments and
/// the cache are not in it: they are made again. What is deleted while the backup is made may be missing in it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade backup nightly.tar.gz\n  ade backup whole.tar.gz --outputs    with the workbooks of runs"
)]
pub struct Args {
    /// The file; it appears whole, and replaces an earlier one
    file: PathBuf,
    /// Back up the outputs of runs too
    #[arg(long)]
    outputs: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let paths = Paths::new(&settings)?;
    identity::record(&settings, &paths)?;
    let made = backup(&settings, &paths, &args.file, args.outputs)?;
    let ui = &context.ui;
    if ui.json() {
        ui.document(&made);
    } else {
        ui.line(format_args!(
            "Backed up {} to {} ({})",
            plural(made.files, "file"),
            ui.path(&made.file),
            bytes(made.bytes)
        ));
    }
    Ok(ExitStatus::Done)
}
