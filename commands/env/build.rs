//! `ade env build`: provision an environment ahead of time, or anew.

use std::path::PathBuf;

use ade::environment::json::environment_json;
use ade::layout::EnvironmentFolder;
use ade::run::prepare;
use ade::run::provide::{Builder, Progress, Want, provide};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::{EnvironmentNarration, Narrator, Tone, as_typed};

/// Provision an environment ahead of time, or anew
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade env build my-config\n  ade env build my-config --force    anew, although one is ready"
)]
pub struct Args {
    /// The configuration's folder
    config: PathBuf,
    /// Build although one is ready; runs in progress keep the old one
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let configuration = ade::configuration::Configuration::open(&args.config)
        .map_err(prepare::PrepareError::from)?;
    let workspace = context.open_or_create()?;
    let prepared = prepare::prepare_opened(&workspace, configuration, None)?;
    let narrator = Narrator::new(ui);
    let cancel = signals::cancel_on_signals(|| {});
    let narration = EnvironmentNarration::new(&narrator);
    let want = if args.force {
        Want::Rebuilt
    } else {
        Want::Ready
    };
    let mut built_here = false;
    let environment = provide(
        &workspace,
        &prepared,
        want,
        Builder {
            worker: &workspace.settings.worker_id(0),
            process: None,
            waits: true,
        },
        &cancel,
        &mut |progress| {
            if let Progress::Ready { built, .. } = &progress {
                built_here = *built;
            }
            narration.tell(&progress, &prepared.record.name);
        },
    )?;
    if ui.json() {
        ui.document(&environment_json(&environment));
        return Ok(ExitStatus::Done);
    }
    if !built_here {
        ui.say("The environment was ready already; --force builds it anew");
    }
    ui.line(ui.paint(
        Tone::Name,
        as_typed(&EnvironmentFolder(environment.folder.clone()).venv()),
    ));
    Ok(ExitStatus::Done)
}
