//! `ade runs retry` and `ade runs again`: repeat ended runs, with their old configuration or with the current one.

use std::collections::HashSet;

use ade::base::problem::Error;
use ade::base::show_path::FullPaths;
use ade::run::calls::inline;
use ade::run::calls::request::Request;
use ade::run::calls::retry::{CurrentConfiguration, anew, anew_here, current, retry, retry_here};
use ade::run::inputs::input::Input;
use ade::run::views::chosen::pages;
use ade::run::views::json::RunView;
use ade::store::{RunRecord, RunStatus, Submission, Submitter};
use ade::workspace::Workspace;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::filters::{FILTERS, Filters};
use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{LiveLines, RunProgress, Tone, Ui, plural};

/// Repeat ended runs with their own configuration
///
/// Each new run has the old input and the old snapshot of the configuration; `ade runs again` uses the current one. Name runs,
/// or choose those that match all filters and were not repeated before. Asks first on a terminal if more than ten runs match.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs retry latest\n  ade runs retry 0199c2d4 && ade worker --drain\n  ade runs retry latest --now\n  ade runs retry --status failed --since 1d --dry-run"
)]
pub struct Args {
    #[command(flatten)]
    which: RunSelection,
}

/// Repeat ended runs with the current configuration
///
/// Each new run has the old input, labels and options, but the active version of the configuration, or its folder as it is now.
/// Name runs, or choose them as in `ade runs retry`.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs again latest\n  ade runs again latest --now\n  ade runs again --configuration crew --since 1d --dry-run"
)]
pub struct RunAgainArgs {
    #[command(flatten)]
    which: RunSelection,
}

#[derive(clap::Args)]
struct RunSelection {
    /// Runs: ids (or parts), inputs by path or name, or `latest`
    #[arg(required_unless_present_any = FILTERS)]
    run: Vec<String>,
    /// Choose the runs with this status
    #[arg(long, conflicts_with = "run", value_parser = PossibleValuesParser::new(RunStatus::ENDED.map(RunStatus::as_str)))]
    status: Option<String>,
    #[command(flatten)]
    filters: Filters,
    /// Run them in this process now, instead of queueing them for a worker
    #[arg(long)]
    now: bool,
}

/// The configuration files that a repeated run uses.
#[derive(Clone, Copy)]
enum RetryFiles {
    AsTheyWere,
    AsTheyAre,
}

impl RetryFiles {
    fn queue(self, workspace: &Workspace, given: &str) -> Result<RunRecord, Error> {
        let by = Submitter::of_machine(&*workspace.machine);
        let asked = Submission::default();
        let (run, _) = match self {
            Self::AsTheyWere => retry(workspace, given, &by, &asked)?,
            Self::AsTheyAre => {
                let (prepared, version) = current(workspace, given)?;
                let now = CurrentConfiguration {
                    prepared: &prepared,
                    version,
                };
                anew(workspace, given, &now, &by, &asked)?
            }
        };
        Ok(run)
    }

    fn words(self) -> &'static str {
        match self {
            Self::AsTheyWere => "as it was then",
            Self::AsTheyAre => "as it is now",
        }
    }
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    repeat(&args.which, RetryFiles::AsTheyWere, context)
}

pub fn again(args: &RunAgainArgs, context: &Context) -> Outcome {
    repeat(&args.which, RetryFiles::AsTheyAre, context)
}

fn repeat(args: &RunSelection, files: RetryFiles, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let by_filters = args.run.is_empty();
    let chosen = match by_filters {
        true => chosen(&workspace, args)?,
        false => args.run.clone(),
    };
    if by_filters && !args.filters.is_agreed(ui, "Run again", chosen.len()) {
        return Ok(ExitStatus::Cancelled);
    }
    let status = match (args.filters.dry_run, args.now) {
        (true, _) => show_chosen(&chosen, &workspace, ui),
        (false, true) => run_here(&chosen, files, &workspace, ui),
        (false, false) => queue(&chosen, files, &workspace, ui),
    };
    if by_filters {
        let word = if args.filters.dry_run {
            "would be run again"
        } else {
            "chosen"
        };
        ui.say(format_args!(
            "{} {word}",
            plural(chosen.len() as u64, "run")
        ));
    }
    Ok(status)
}

/// Returns the ids of the runs that match the filters, oldest first, without those that were already run again: the newer run
/// matches the filters too, whatever its result.
fn chosen(workspace: &Workspace, args: &RunSelection) -> Result<Vec<String>, Failure> {
    let wanted = args.filters.wanted(None)?;
    let is_wanted = |run: &RunRecord| match &args.status {
        Some(status) => run.status.as_str() == status,
        None => run.status.is_terminal(),
    };
    let (mut ids, mut repeated) = (Vec::new(), HashSet::new());
    for page in pages(workspace, &wanted) {
        for run in page? {
            if is_wanted(&run) && !repeated.contains(&run.id) {
                ids.push(run.id);
            }
            repeated.extend(run.retry_of_run_id);
        }
    }
    ids.reverse();
    Ok(ids)
}

fn show_chosen(chosen: &[String], workspace: &Workspace, ui: &Ui) -> ExitStatus {
    ui.each(chosen, |given| {
        let run = workspace.find_run(given)?;
        ui.done(
            &run,
            json!({"retried": false}),
            Tone::Plain,
            "would be run again",
        );
        Ok(())
    })
}

fn queue(chosen: &[String], files: RetryFiles, workspace: &Workspace, ui: &Ui) -> ExitStatus {
    ui.each(chosen, |given| {
        let run = files.queue(workspace, given)?;
        if ui.json() {
            ui.record(&RunView::plain(&run, &FullPaths));
        } else if let Some(summary) = &run.summary {
            ui.done(&run, json!(null), Tone::Good, summary);
        } else {
            ui.done(&run, json!(null), Tone::Good, "queued");
            ui.say(format_args!(
                "with the configuration {}; `ade worker --drain` executes queued runs",
                files.words()
            ));
        }
        Ok(())
    })
}

/// Runs them in this process, one after the other.
fn run_here(chosen: &[String], files: RetryFiles, workspace: &Workspace, ui: &Ui) -> ExitStatus {
    let lines = LiveLines::new(ui);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let mut status = ExitStatus::Done;
    let failed = ui.each(chosen, |given| {
        if cancel.is_cancelled() {
            return Ok(());
        }
        let (run, prepared) = match files {
            RetryFiles::AsTheyWere => retry_here(workspace, given)?,
            RetryFiles::AsTheyAre => anew_here(workspace, given)?,
        };
        let input = [Input::from(run.input_path.clone())];
        let request = Request {
            again: Some(&run),
            ..Request::like(&run, workspace, &prepared, &input)
        };
        let progress = RunProgress::of_one(ui, &lines, &run, &prepared.record.name);
        inline::run(&request, &cancel, &|source, change| {
            progress.show(source, change);
        })
        .map_err(Failure::from)?;
        status = status.max(progress.status());
        Ok(())
    });
    match cancel.is_cancelled() {
        true => ExitStatus::Cancelled,
        false => status.max(failed),
    }
}
