//! `ade annotate`: copies the sender's workbook and marks the issues of a run in it.

use std::path::PathBuf;

use ade::issues::Language;
use ade::run::results::annotated::{annotate, place_of};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{languages, plural};

/// Mark a run's issues in a copy of the sender's workbook
///
/// Cells with issues are filled by severity and get a comment; a first sheet lists the issues. For other files than .xlsx and
/// .xlsm, the copy is a new workbook with the same cells. Issues that only the configuration can mend, such as a field without a
/// column, are left out.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade annotate latest\n  ade annotate crew.xlsx -o crew_marked.xlsx\n  ade annotate latest --language de     in German"
)]
pub struct Args {
    /// A run: its id (or part), its input's path or name, or `latest`
    #[arg(default_value = "latest")]
    run: String,
    /// Write the copy to this file or folder [default: `<stem>_annotated.xlsx` in the run's folder]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write messages and headings in this language
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = languages())]
    language: Language,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let run = workspace.run(&args.run)?;
    let own = place_of(&run);
    let target = match &args.output {
        Some(folder) if folder.is_dir() => folder.join(own.file_name().unwrap_or_default()),
        Some(file) => file.clone(),
        None => own,
    };
    let painted = annotate(&run, &target, args.language).map_err(|error| match &args.output {
        Some(_) => error.of_target("-o").into(),
        None => Failure::from(error),
    })?;
    if ui.json() {
        let notes: Vec<String> = painted.notes.iter().map(ToString::to_string).collect();
        ui.document(&json!({
            "run_id": run.id,
            "output": target,
            "cells": painted.cells,
            "listed": painted.listed,
            "notes": notes,
        }));
        return Ok(ExitStatus::Done);
    }
    let (cells, listed) = (
        plural(painted.cells as u64, "cell"),
        plural(painted.listed as u64, "issue"),
    );
    ui.say(format_args!("{cells} marked, {listed} listed"));
    painted.notes.iter().for_each(|note| ui.say(note));
    ui.line(ui.path(&target));
    Ok(ExitStatus::Done)
}
