//! Deletes what a user names: lists what is deleted with it, asks, and reports the result.

use ade::base::problem::{Error, code};
use ade::environment::collection::{RemovedItem, Report};

use super::{Tone, Ui, bytes};
use crate::exit::{ExitStatus, Failure, Outcome};

/// The options for deleting something with its dependents.
#[derive(clap::Args)]
pub struct Removal {
    /// Delete without asking first
    #[arg(short, long, conflicts_with = "dry_run")]
    yes: bool,
    /// Show what would be deleted, without deleting it
    #[arg(long)]
    dry_run: bool,
}

impl Removal {
    /// Deletes it with `remove`, which on a dry run only reports what would be deleted.
    pub fn run(
        &self,
        ui: &Ui,
        name: &str,
        remove: impl Fn(bool) -> Result<Report, Error>,
    ) -> Outcome {
        if !self.yes && !self.dry_run {
            for line in lines(ui, &remove(true)?) {
                ui.say(line);
            }
            if !ui.can_ask() {
                let message = format!(
                    "{name} was not deleted: deleting needs a confirmation, and there is no terminal to ask on"
                );
                return Err(
                    Failure::usage(code::USAGE, message).hint("`--yes` deletes it without asking")
                );
            }
            if !ui.is_agreed(&format!("Delete {name}?")) {
                ui.say("Nothing was deleted");
                return Ok(ExitStatus::Cancelled);
            }
        }
        let report = remove(self.dry_run)?;
        if ui.json() {
            ui.document(&report);
        } else {
            lines(ui, &report).iter().for_each(|line| ui.prose(line));
        }
        Ok(not_deleted(ui, &report))
    }
}

/// Prints what could not be deleted. Returns the highest exit status of the failures.
pub fn not_deleted(ui: &Ui, report: &Report) -> ExitStatus {
    let mut status = ExitStatus::Done;
    for failed in &report.failed {
        let failure = Failure::from_problem(failed);
        ui.failure(&failure);
        status = status.max(failure.status);
    }
    status
}

/// Returns the verbs for what was, or would be, deleted, and for its bytes.
pub fn deleted_and_freed(report: &Report) -> (&'static str, &'static str) {
    match report.dry_run {
        true => ("would be deleted", "would be freed"),
        false => ("deleted", "freed"),
    }
}

fn lines(ui: &Ui, report: &Report) -> Vec<String> {
    let (word, freed) = deleted_and_freed(report);
    let word = ui.paint(Tone::Warn, word).to_string();
    let line = |removed: &RemovedItem| match removed.kind {
        "left_out" => format!("{word} {}", removed.name),
        kind => {
            let id = ui.paint(Tone::Dim, &removed.id);
            format!("{word} {kind} {} {id}", removed.name)
        }
    };
    let mut lines: Vec<String> = report.removed.iter().map(line).collect();
    if report.bytes_freed > 0 {
        lines.push(format!("{} {freed}", bytes(report.bytes_freed)));
    }
    lines
}
