//! `ade env rm`: remove environments.

use ade::environment::gc::{Report, remove_environment};
use ade::store::EnvironmentStatus;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, bytes, plural};

/// Remove environments that no run needs
///
/// The next run of the configuration builds it anew.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade env rm my-config\n  ade env rm 0199c2d4 --dry-run")]
pub struct Args {
    /// Configurations' folders, or environments' ids or beginnings of them
    #[arg(required = true)]
    environment: Vec<String>,
    /// Say what would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let none = || {
        Failure::usage(
            "environment_not_found",
            "there are no environments yet".to_owned(),
            None,
        )
    };
    let workspace = context.open_if_present()?.ok_or_else(none)?;
    let mut status = ExitStatus::Done;
    let mut report = Report {
        dry_run: args.dry_run,
        ..Report::default()
    };
    let mut refuse = |message: String| {
        let hint =
            Some("`ade runs ls` shows what needs it; try again when that has ended".to_owned());
        let failure = Failure::usage("environment_in_use", message, hint);
        ui.failure(&failure);
        status = status.max(failure.status);
    };
    for argument in &args.environment {
        let environment = match super::find(&workspace, argument) {
            Ok(environment) => environment,
            Err(failure) => {
                ui.failure(&failure);
                return Ok(failure.status);
            }
        };
        let runs = workspace.store.live_runs_of_environment(&environment.id)?;
        if runs > 0 {
            refuse(format!(
                "environment {} is needed by {}",
                environment.id,
                plural(runs, "run")
            ));
        } else if matches!(
            environment.status,
            EnvironmentStatus::Building | EnvironmentStatus::Queued
        ) {
            refuse(format!(
                "environment {} is {}",
                environment.id,
                environment.status.as_str()
            ));
        } else if !remove_environment(
            &workspace,
            &environment,
            "asked for",
            None,
            args.dry_run,
            &mut report,
        )? {
            refuse(format!(
                "environment {} is needed by a run that came meanwhile",
                environment.id
            ));
        }
    }
    if ui.json() {
        ui.document(&report);
    } else {
        let word = if args.dry_run {
            "would be removed"
        } else {
            "removed"
        };
        for removed in &report.removed {
            ui.line(format_args!(
                "{} {} {}",
                ui.paint(Tone::Name, &removed.id),
                removed.name,
                ui.paint(
                    Tone::Warn,
                    format!("{word}, {} freed", bytes(removed.bytes))
                )
            ));
        }
    }
    if !report.failed.is_empty() {
        for failed in &report.failed {
            ui.failure(&Failure {
                status: ExitStatus::Refused,
                code: "delete_failed".to_owned(),
                message: failed.clone(),
                hint: None,
            });
        }
        status = status.max(ExitStatus::Refused);
    }
    Ok(status)
}
