//! `ade check`: load and check a configuration without running it.

use std::path::PathBuf;

use ade::engine::{Invocation, Message, Task, invoke};
use ade::files::FileError;
use ade::process::Exit;
use ade::run::provide::{self, Want, provide};
use ade::run::{code, prepare};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{EnvironmentNarration, Narrator, Tone};

/// Load and check a configuration without running it
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade check my-config\n  ade check my-config --json")]
pub struct Args {
    /// The configuration's folder
    config: PathBuf,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let configuration = ade::configuration::Configuration::open(&args.config)
        .map_err(|error| Failure::of(&prepare::PrepareError::from(error)))?;
    let workspace = context.open_or_create()?;
    let prepared = prepare::prepare_opened(&workspace, configuration, None)?;
    let narrator = Narrator::new(ui);
    let cancel = signals::cancel_on_signals(|| {});
    let narration = EnvironmentNarration::new(&narrator);
    let worker = workspace.settings.worker_id(0);
    let environment = provide(
        &workspace,
        &prepared,
        Want::Ready,
        provide::Builder {
            worker: &worker,
            process: None,
            waits: true,
        },
        &cancel,
        &mut |progress| narration.tell(&progress, &prepared.record.name),
    )?;

    let scratch = tempfile::tempdir().map_err(|error| {
        Failure::usage(
            "no_temporary_folder",
            format!("no temporary folder: {}", ui.io_words(&error)),
            None,
        )
    })?;
    let place = ade::layout::EnvironmentFolder(environment.folder.clone());
    let invocation = Invocation {
        python: place.python(),
        snapshot: prepared.package_folder.clone(),
        task: Task::Validate,
        folder: scratch.path().to_owned(),
        scratch: scratch.path().to_owned(),
        environment: workspace.settings.environment.clone(),
        debug: ui.verbose() > 0,
        timeout: workspace.settings.run_timeout,
    };
    let mut lines = Vec::new();
    let report = invoke(&invocation, &cancel, &mut |message| {
        if let Message::Line(_, text) = message {
            lines.push(text);
        }
    })
    .map_err(|error| {
        Failure::of(&ade::run::inline::RunError::File(FileError {
            action: "start",
            path: place.python(),
            source: error,
        }))
    })?;

    match report.exit {
        Exit::Code(0) => {
            let counts: Vec<(String, String)> = lines
                .iter()
                .filter_map(|line| line.strip_prefix("- ")?.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            if ui.json() {
                let count = |name: &str| {
                    counts
                        .iter()
                        .find(|(known, _)| known == name)
                        .and_then(|(_, value)| value.parse::<u64>().ok())
                };
                ui.document(&json!({
                    "ok": true, "configuration": prepared.record.path, "source_digest": prepared.source_digest, "environment_id": environment.id,
                    "fields": count("fields"), "row_detectors": count("row_detectors"), "column_detectors": count("column_detectors"),
                    "column_transforms": count("column_transforms"), "column_validators": count("column_validators"), "hooks": count("hooks"),
                }));
                return Ok(ExitStatus::Done);
            }
            ui.line(format_args!(
                "{} {} loads",
                ui.paint(Tone::Good, "✓"),
                ui.paint(Tone::Strong, &prepared.record.name)
            ));
            for (name, value) in counts.iter().filter(|(name, _)| name != "path") {
                ui.line(format_args!("  {:<18} {value}", name.replace('_', " ")));
            }
            if counts
                .iter()
                .any(|(name, value)| name == "fields" && value == "0")
            {
                ui.say(format_args!(
                    "{} no field is registered: a module counts when it has a function `register` at its top",
                    ui.paint_err(Tone::Warn, "warning:")
                ));
            }
            Ok(ExitStatus::Done)
        }
        Exit::Cancelled => Err(Failure {
            status: ExitStatus::Cancelled,
            code: code::CANCELLED.to_owned(),
            message: "cancelled".to_owned(),
            hint: None,
        }),
        Exit::TimedOut => Err(Failure {
            status: ExitStatus::Limit,
            code: code::TIMEOUT.to_owned(),
            message: "loading the configuration took too long".to_owned(),
            hint: None,
        }),
        _ => {
            let text = lines.join("\n");
            let message = text
                .strip_prefix("Config package INVALID: ")
                .unwrap_or(&text)
                .trim();
            let root = prepared.configuration.root.to_string_lossy();
            let message = ade::run::with_known_names(message, &[(&prepared.package_folder, &root)]);
            Err(Failure {
                status: ExitStatus::Refused,
                code: code::CONFIG_INVALID.to_owned(),
                message,
                hint: None,
            })
        }
    }
}
