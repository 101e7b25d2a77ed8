//! `ade check`: loads and checks a configuration without running it.

use std::path::PathBuf;

use ade::checks::check::{CheckError, CheckedConfiguration, check};
use ade::environment::needed::prepare::PreparedConfiguration;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{EnvironmentProgress, LiveLines, Tone, Ui};

/// Load and check a configuration without an input
///
/// Builds the environment if necessary, imports the package, and reports mistakes with file and line.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade check\n  ade check my-config\n  ade check my-config --json"
)]
pub struct Args {
    /// The folder of the configuration
    #[arg(default_value = ".")]
    config: PathBuf,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, prepared) = context.prepare(&args.config)?;
    let lines = LiveLines::new(ui);
    let shown = EnvironmentProgress::new(&lines, &prepared.record.name);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let debug = ui.verbose() > 0;
    let (checked, environment) = check(&workspace, &prepared, debug, &cancel, &mut |progress| {
        shown.show(&progress);
    })
    .map_err(with_place)?;
    if ui.json() {
        print_json(ui, &prepared, &checked, &environment.id);
    } else {
        print(ui, &prepared, &checked);
    }
    Ok(ExitStatus::Done)
}

/// Returns the failure with its position in the configuration.
fn with_place(error: CheckError) -> Failure {
    let failure = Failure::from_problem(&error);
    match error {
        CheckError::DoesNotLoad(told) => Failure {
            place: told.place,
            ..failure
        },
        _ => failure,
    }
}

fn print_json(
    ui: &Ui,
    prepared: &PreparedConfiguration,
    checked: &CheckedConfiguration,
    environment: &str,
) {
    let count = |name| checked.count(name);
    ui.document(&json!({
        "ok": true, "configuration": prepared.record.path, "source_digest": prepared.source_digest,
        "environment_id": environment,
        "fields": count("fields"), "row_detectors": count("row_detectors"), "column_detectors": count("column_detectors"),
        "column_transforms": count("column_transforms"), "column_validators": count("column_validators"), "hooks": count("hooks"),
        "warnings": checked.warnings,
    }));
}

fn print(ui: &Ui, prepared: &PreparedConfiguration, checked: &CheckedConfiguration) {
    ui.line(format_args!(
        "{} {} loads",
        ui.paint(Tone::Good, "✓"),
        ui.paint(Tone::Strong, &prepared.record.name)
    ));
    for (name, count) in &checked.registered {
        ui.line(format_args!("  {:<18} {count}", name.replace('_', " ")));
    }
    for warning in &checked.warnings {
        ui.say(format_args!(
            "{} {warning}",
            ui.paint_err(Tone::Warn, "warning:")
        ));
    }
    if checked.count("fields") == Some(0) {
        ui.say(format_args!(
            "{} no field is registered: ade only reads modules that have a function `register` at the top level",
            ui.paint_err(Tone::Warn, "warning:")
        ));
    }
}
