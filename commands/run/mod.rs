//! `ade run`: normalizes files in this process.

mod args;
mod demands;
mod files;
mod session;
mod watch;

use std::cell::LazyCell;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use ade::configuration::Configuration;
use ade::engine::warm::WarmEngines;
use ade::run::calls::combine;
use ade::run::execution::safe_mode::demand_acceptance;
use ade::run::inputs::input;
use ade::run::results::output;
use ade::settings::paths::Paths;

pub use args::Args;
pub use demands::DemandArgs;
pub use files::report_left_out;
use files::{find, is_copy};
use session::RunSession;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::ui::LiveLines;

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    // Check the call before writing anything.
    let (config, input) = input::parts_of_call(&args.config, &args.input)?;
    let args = &Args {
        config,
        input,
        ..args.clone()
    };
    let settings = context.settings()?;
    demand_acceptance(&settings)?;
    let paths = Paths::new(&settings)?;
    // Opened only if a file name makes it necessary; if the database cannot be opened, that is reported later.
    let known = LazyCell::new(|| context.open_if_present().ok().flatten());
    let is_copy = |path: &Path| {
        known
            .as_ref()
            .is_some_and(|known| is_copy(&known.store, path))
    };
    let (found, skipped) = find(args, &paths, &is_copy)?;
    let configuration = Configuration::open(&args.config)?;
    report_left_out(ui, &found);
    let inputs = found.inputs;
    if inputs.is_empty() {
        let failures = skipped.iter().map(|skipped| &skipped.failure);
        failures.for_each(|failure| ui.failure(failure));
        return Ok(ExitStatus::Usage);
    }
    if let Some(folder) = &args.output_dir {
        output::check_output_dir(folder, &inputs, args.shape())?;
    }
    if let Some(file) = &args.combine {
        combine::check_place(file, &inputs, &args.input, args.recursive)?;
    }
    let lines = LiveLines::new(ui);
    let workspace = context.open_or_create()?;
    let count = (!args.watch).then_some(inputs.len());
    let why_cold = Arc::new(OnceLock::new());
    let engines = WarmEngines::for_runs(
        &workspace.settings,
        count,
        workspace.paths.runs(workspace.id()),
        Box::new({
            let why_cold = Arc::clone(&why_cold);
            move |words| drop(why_cold.set(words.to_owned()))
        }),
    );
    let session = RunSession {
        args,
        ui,
        workspace: &workspace,
        engines: engines.as_ref(),
        lines: &lines,
        cancel: &signals::cancel_on_signals_and(lines.clear()),
        skipped: &skipped,
    };
    // For a run that is left to a worker, the worker's own settings decide.
    if args.allow_network && !args.detach && !session.workspace.settings.allow_network {
        ui.say(format_args!(
            "note: --allow-network has no effect, because ADE_ALLOW_NETWORK does not allow a network"
        ));
    }
    if args.watch {
        return session.watch(inputs);
    }
    let prepared = session.prepare(configuration)?;
    if args.detach {
        session.enqueue(&prepared, &inputs)
    } else {
        let status = session.run(&prepared, &inputs);
        if let Some(words) = why_cold.get() {
            ui.say(format_args!("note: {words}"));
        }
        status
    }
}
