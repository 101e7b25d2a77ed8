//! `ade runs`: the queue and its history.

mod cancel;
mod ls;
mod retry;
mod rm;
mod show;

use ade::store::{RunRecord, RunStatus};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, Ui};

/// List, show, cancel, retry and remove runs
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Show(show::Args),
    Cancel(cancel::Args),
    Retry(retry::Args),
    Rm(rm::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Show(args) => show::run(args, context),
            Self::Cancel(args) => cancel::run(args, context),
            Self::Retry(args) => retry::run(args, context),
            Self::Rm(args) => rm::run(args, context),
        }
    }
}

/// The colour of a status.
fn tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Succeeded => Tone::Good,
        RunStatus::Failed => Tone::Bad,
        RunStatus::Cancelled | RunStatus::Running => Tone::Warn,
        RunStatus::Queued => Tone::Dim,
    }
}

/// There is no database, so there is no run.
fn none() -> Failure {
    Failure::usage(
        "run_not_found",
        "there are no runs yet".to_owned(),
        Some("`ade run CONFIG FILE` makes one".to_owned()),
    )
}

/// Prints what was done to a run.
fn done(ui: &Ui, run: &RunRecord, data: Value, tone: Tone, words: &str) {
    if ui.json() {
        let mut object = json!({"id": run.id, "status": run.status});
        if let (Value::Object(object), Value::Object(data)) = (&mut object, data) {
            object.extend(data);
        }
        ui.record(&object);
    } else {
        ui.line(format_args!(
            "{} {} {}",
            ui.paint(Tone::Name, &run.id),
            run.input_name,
            ui.paint(tone, words)
        ));
    }
}

/// Prints what could not be done to one of several runs; gives the exit status so far.
fn report(ui: &Ui, failure: &Failure, status: ExitStatus) -> ExitStatus {
    ui.failure(failure);
    status.max(failure.status)
}
