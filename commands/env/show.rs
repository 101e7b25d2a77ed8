//! `ade env show`: everything about one environment.

use ade::clock::Timestamp;
use ade::environment::json::environment_json;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, ago, as_typed, bytes, plural};

/// Tell everything about one environment
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade env show my-config\n  ade env show 0199c2d4 --json")]
pub struct Args {
    /// A configuration's folder, or an environment's id or the beginning of one
    environment: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_if_present()?.ok_or_else(|| {
        Failure::usage(
            "environment_not_found",
            "there are no environments yet".to_owned(),
            None,
        )
    })?;
    let environment = super::find(&workspace, &args.environment)?;
    let runs = workspace.store.live_runs_of_environment(&environment.id)?;
    if ui.json() {
        let mut object = environment_json(&environment);
        if let Some(object) = object.as_object_mut() {
            object.insert(
                "packages".to_owned(),
                json!(
                    environment
                        .contents
                        .as_ref()
                        .map(|contents| &contents.packages)
                ),
            );
            object.insert("live_runs".to_owned(), json!(runs));
        }
        ui.document(&object);
        return Ok(ExitStatus::Done);
    }
    let now = Timestamp::now();
    let fact = |name: &str, value: String| {
        ui.line(format_args!(
            "{:<14} {value}",
            ui.paint(Tone::Dim, format!("{name:<14}"))
                .trim_end_matches(' ')
        ))
    };
    ui.line(format_args!(
        "{} {}",
        ui.paint(Tone::Strong, &environment.configuration_name),
        ui.paint(super::tone(environment.status), environment.status.as_str())
    ));
    fact("id", environment.id.clone());
    fact("configuration", as_typed(&environment.configuration_path));
    fact("folder", as_typed(&environment.folder));
    fact("digest", environment.key.deps_digest.clone());
    fact("engine", environment.key.engine_spec.clone());
    fact(
        "created",
        format!(
            "{} ({})",
            environment.created_at,
            ago(environment.created_at, now)
        ),
    );
    if let Some(used) = environment.last_used_at {
        fact("last used", format!("{used} ({})", ago(used, now)));
    }
    fact("in use by", plural(runs, "run"));
    if let Some(error) = &environment.error {
        fact("error", ui.paint(Tone::Bad, &error.message));
        if let Some(hint) = &error.hint {
            fact("hint", hint.clone());
        }
    }
    if let Some(contents) = &environment.contents {
        fact(
            "python",
            format!(
                "{} ({})",
                contents.python_version,
                contents.python_path.display()
            ),
        );
        fact("installer", contents.installer.clone());
        fact("size", bytes(contents.size_bytes));
        fact("lock", contents.lock_digest.clone());
        ui.line(ui.paint(Tone::Dim, "packages"));
        for package in &contents.packages {
            ui.line(format_args!(
                "  {} {}",
                package.name,
                ui.paint(Tone::Dim, &package.version)
            ));
        }
    }
    Ok(ExitStatus::Done)
}
