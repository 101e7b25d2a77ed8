//! `ade env show`: prints all details of one environment.

use std::path::Path;

use ade::base::clock::Timestamp;
use ade::base::files::disk_usage;
use ade::base::show_path::FullPaths;
use ade::environment::collection::named::find;
use ade::environment::json::EnvironmentView;
use ade::store::{EnvironmentContents, EnvironmentRecord};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, Ui, ago, bytes, plural};

/// Show the details of one environment
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade env show my-config\n  ade env show 0199c2d4 --json")]
pub struct Args {
    /// A configuration's folder, or an environment's id (or part)
    environment: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_environments()?;
    let environment = find(&workspace, &args.environment)?;
    let runs = workspace.store.live_runs_of_environment(&environment.id)?;
    if ui.json() {
        print_json(ui, &environment, runs);
        return Ok(ExitStatus::Done);
    }
    ui.line(format_args!(
        "{} {}",
        ui.paint(Tone::Strong, &environment.configuration_name),
        ui.paint(environment.status.into(), environment.status.as_str())
    ));
    print(ui, &environment, runs);
    if let Some(contents) = &environment.contents {
        print_contents(ui, &environment.folder, contents);
    }
    Ok(ExitStatus::Done)
}

fn print_json(ui: &Ui, environment: &EnvironmentRecord, runs: u64) {
    let contents = environment.contents.as_ref();
    let packages = contents.map(|contents| &contents.packages);
    let mut object = json!(EnvironmentView::new(environment, &FullPaths));
    object["packages"] = json!(packages);
    object["live_runs"] = json!(runs);
    ui.document(&object);
}

fn print(ui: &Ui, environment: &EnvironmentRecord, runs: u64) {
    let now = Timestamp::now();
    let at = |time: Timestamp| format!("{time} ({})", ago(time, now));
    ui.fact("id", &environment.id);
    ui.fact("configuration", ui.path(&environment.configuration_path));
    ui.fact("folder", ui.path(&environment.folder));
    ui.fact("digest", &environment.key.deps_digest);
    ui.fact("engine", &environment.key.engine_spec);
    ui.fact("created", at(environment.created_at));
    if let Some(used) = environment.last_used_at {
        ui.fact("last used", at(used));
    }
    ui.fact("in use by", plural(runs, "run"));
    if let Some(error) = &environment.error {
        ui.fact("error", ui.paint(Tone::Bad, &error.message));
        if let Some(hint) = &error.hint {
            ui.fact("hint", hint);
        }
    }
}

fn print_contents(ui: &Ui, folder: &Path, contents: &EnvironmentContents) {
    let python = contents.python_path.display();
    ui.fact(
        "python",
        format_args!("{} ({python})", contents.python_version),
    );
    ui.fact("installer", &contents.installer);
    ui.fact("size", size(folder, contents));
    ui.fact("lock", &contents.lock_digest);
    ui.line(ui.paint(Tone::Dim, "packages"));
    for package in &contents.packages {
        ui.line(format_args!(
            "  {} {}",
            package.name,
            ui.paint(Tone::Dim, &package.version)
        ));
    }
}

/// Returns the size of an environment now, or when it was built if its folder cannot be read.
fn size(folder: &Path, contents: &EnvironmentContents) -> String {
    disk_usage(folder).map_or_else(
        |_| bytes(contents.size_bytes),
        |usage| {
            let (own, shared) = (bytes(usage.exclusive_bytes), bytes(usage.shared_bytes()));
            format!("{own} of its own, {shared} shared with the installer's cache")
        },
    )
}
