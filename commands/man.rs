//! `ade man`: manual pages.

use std::path::PathBuf;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};

/// Print the manual page, or write all of them to a folder
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade man | man -l -\n  ade man ~/.local/share/man/man1")]
pub struct Args {
    /// The folder to write all pages to, one for each subcommand
    dir: Option<PathBuf>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let unwritable = |path: &std::path::Path, error: &std::io::Error| {
        Failure::usage(
            "unwritable",
            format!(
                "cannot write {}: {}",
                path.display(),
                ade::files::describe(error)
            ),
            None,
        )
    };
    match &args.dir {
        None => {
            let mut page = Vec::new();
            if let Err(error) = clap_mangen::Man::new(crate::command_line()).render(&mut page) {
                return Err(unwritable(std::path::Path::new("the page"), &error));
            }
            context.ui.raw(&page);
        }
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(|error| unwritable(dir, &error))?;
            clap_mangen::generate_to(crate::command_line(), dir)
                .map_err(|error| unwritable(dir, &error))?;
        }
    }
    Ok(ExitStatus::Done)
}
