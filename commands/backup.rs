//! `ade backup`: writes the data directory to one file.

use std::path::PathBuf;

use ade::settings::paths::Paths;
use ade::workspace::backup::backup;
use ade::workspace::identity;
use ade::workspace::restore::{BackupCheck, verify};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{bytes, plural};

/// Back up the data directory to one file, while workers go on
///
/// Contains the database, documents, configurations, and the inputs and logs of runs, but no environments and no cache. If the
/// database is damaged, the exit status is 5 and an earlier file is kept.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade backup nightly.tar.gz\n  ade backup whole.tar.gz --outputs       with the workbooks of runs\n  ade backup nightly.tar.gz --verify      check one that was made"
)]
pub struct Args {
    /// The backup file to write
    file: PathBuf,
    /// Include the outputs of runs
    #[arg(long)]
    outputs: bool,
    /// Check an existing backup instead (exit status 5 if it is damaged)
    #[arg(long, conflicts_with = "outputs")]
    verify: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    if args.verify {
        return verified(&verify(&settings, &args.file)?, context);
    }
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

fn verified(verified: &BackupCheck, context: &Context) -> Outcome {
    let ui = &context.ui;
    if ui.json() {
        ui.document(verified);
    } else {
        ui.line(format_args!(
            "{}, made at {}, is complete ({})",
            ui.path(&verified.file),
            verified.about.made_at,
            plural(verified.files, "file")
        ));
    }
    Ok(ExitStatus::Done)
}
