//! `ade env build`: builds an environment ahead of time, or again.

use std::path::PathBuf;

use ade::base::show_path::FullPaths;
use ade::environment::json::EnvironmentView;
use ade::environment::provide::installers::Installers;
use ade::environment::provide::{ProvideProgress, RebuildPolicy};
use ade::run::execution::provide::provide;
use ade::settings::paths::EnvironmentFolder;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::{EnvironmentProgress, LiveLines, Tone};

/// Build a configuration's environment ahead of time, or again
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade env build my-config\n  ade env build my-config --force    a new environment, although one is ready"
)]
pub struct Args {
    /// The folder of the configuration
    config: PathBuf,
    /// Build a new environment even if one is ready; running runs keep the old one
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, prepared) = context.prepare(&args.config)?;
    let lines = LiveLines::new(ui);
    let shown = EnvironmentProgress::new(&lines, &prepared.record.name);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let want = if args.force {
        RebuildPolicy::Rebuilt
    } else {
        RebuildPolicy::Ready
    };
    let mut built_here = false;
    let mut on = |progress: ProvideProgress<'_>| {
        if let ProvideProgress::Ready { built, .. } = &progress {
            built_here = *built;
        }
        shown.show(&progress);
    };
    let environment = provide(&workspace, &Installers, &prepared, want, &cancel, &mut on)?;
    if ui.json() {
        ui.document(&EnvironmentView::new(&environment, &FullPaths));
        return Ok(ExitStatus::Done);
    }
    if !built_here {
        ui.say("The environment was ready already; --force builds a new one");
    }
    ui.line(ui.paint(
        Tone::Name,
        ui.path(&EnvironmentFolder(environment.folder).venv()),
    ));
    Ok(ExitStatus::Done)
}
