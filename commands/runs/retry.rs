//! `ade runs retry`: run ended runs again.

use ade::base::show_path::Whole;
use ade::run::calls::inline;
use ade::run::calls::request::Request;
use ade::run::calls::request::Tools;
use ade::run::calls::retry::{again, retry};
use ade::run::inputs::input::Input;
use ade::run::views::json::run_json;
use ade::store::Submission;
use ade::workspace::Workspace;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{ListedFile, LiveLines, RunProgress, Tone, Ui};

/// Run ended runs again, as new runs
///
/// A new run has the same input and the same snapshot of the configuration, even if the configuration was edited since.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs retry latest\n  ade runs retry 0199c2d4 && ade worker --drain\n  ade runs retry latest --now"
)]
pub struct Args {
    /// Ids of runs (the part that a listing shows, or the beginning, is enough), file names of inputs, or `latest`
    #[arg(required = true)]
    run: Vec<String>,
    /// Run them in this process now, instead of leaving them to a worker
    #[arg(long)]
    now: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    if args.now {
        return run_here(args, &workspace, ui);
    }
    Ok(ui.each(&args.run, |given| {
        let (run, _) = retry(&workspace, given, &Submission::default())?;
        if ui.json() {
            ui.record(&run_json(&run, None, &[], &Whole));
        } else if let Some(summary) = &run.summary {
            ui.done(&run, json!(null), Tone::Good, summary);
        } else {
            ui.done(&run, json!(null), Tone::Good, "queued");
            ui.say(
                "with the configuration as it was then; `ade worker --drain` executes queued runs",
            );
        }
        Ok(())
    }))
}

/// Runs them in this process, one after the other.
fn run_here(args: &Args, workspace: &Workspace, ui: &Ui) -> Outcome {
    let lines = LiveLines::new(ui);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let mut status = ExitStatus::Done;
    let failed = ui.each(&args.run, |given| {
        if cancel.is_cancelled() {
            return Ok(());
        }
        let (run, prepared) = again(workspace, given)?;
        let input = [Input::from(run.input_path.clone())];
        let request = Request {
            workspace,
            tools: Tools::here(),
            prepared: &prepared,
            inputs: &input,
            again: Some(&run),
            output_dir: None,
            shape: None,
            annotate: false,
            sheets: run.input_sheets.clone(),
            options: run.options.clone(),
            jobs: 1,
        };
        let file = ListedFile {
            name: run.input_name.clone(),
            copy: None,
        };
        let progress = RunProgress::new(ui, &lines, vec![file], &prepared.record.name, &[]);
        inline::run(&request, &cancel, &|source, change| {
            progress.show(source, change);
        })
        .map_err(Failure::from)?;
        status = status.max(progress.status());
        Ok(())
    });
    let cancelled = cancel.is_cancelled().then_some(ExitStatus::Cancelled);
    Ok([Some(status), Some(failed), cancelled]
        .into_iter()
        .flatten()
        .max()
        .unwrap_or(ExitStatus::Done))
}
