//! `ade man`: writes manual pages.

use std::io;
use std::path::{Path, PathBuf};

use ade::base::files::FileError;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};

/// Print the manual page of `ade`, or write all pages to a folder
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade man | man -l -\n  ade man ~/.local/share/man/man1")]
pub struct Args {
    /// The folder for the pages of all commands; it is created
    dir: Option<PathBuf>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let command_line = (context.command_line)();
    match &args.dir {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command_line)
                .render(&mut page)
                .map_err(unwritable(Path::new("the page")))?;
            context.ui.raw(&page);
        }
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(unwritable(dir))?;
            clap_mangen::generate_to(command_line, dir).map_err(unwritable(dir))?;
        }
    }
    Ok(ExitStatus::Done)
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let on = FileError::on("write", path);
    move |error| on(error).unwritable().into()
}
