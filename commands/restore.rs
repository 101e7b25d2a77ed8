//! `ade restore`: unpacks a backup into an empty data directory.

use std::path::PathBuf;

use ade::settings::paths::Paths;
use ade::workspace::restore::restore;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::plural;

/// Restore a backup into an empty data directory
///
/// Writes nothing if the data directory is not empty, or if the backup is damaged or from a newer ade. Runs that were running
/// during the backup are queued again.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade --data-dir fresh restore nightly.tar.gz")]
pub struct Args {
    /// The file from `ade backup`
    file: PathBuf,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let paths = Paths::new(&settings)?;
    let restored = restore(&settings, &paths, &args.file)?;
    let ui = &context.ui;
    if ui.json() {
        ui.document(&restored);
        return Ok(ExitStatus::Done);
    }
    ui.line(format_args!(
        "Restored {} of the backup of {} to {}",
        plural(restored.files, "file"),
        restored.about.made_at,
        ui.path(&restored.data_dir)
    ));
    if restored.recovered > 0 {
        let runs = plural(restored.recovered, "run");
        ui.line(format_args!("{runs} had begun when the backup was made"));
    }
    if !restored.about.outputs {
        ui.prose(format_args!("The workbooks of runs are not in this backup"));
    }
    if restored.needs_migration {
        ui.prose(format_args!("`ade migrate` brings its database up to date"));
    }
    Ok(ExitStatus::Done)
}
