//! `ade runs cancel`: cancels runs.

use std::time::Duration;

use ade::base::problem::{Problem, code};
use ade::run::ending::cancel::{RunCancellation, await_end, cancel};
use ade::run::views::chosen::pages;
use ade::store::{RunRecord, RunStatus};
use ade::system::machine::SteadyTime;
use ade::workspace::Workspace;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::filters::{FILTERS, Filters};
use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, Ui, plural};

/// How long to wait for running runs to stop.
const END_WITHIN: Duration = Duration::from_secs(2);

/// Cancel queued and running runs
///
/// Name runs, or choose those that match all filters. A worker stops a running run within about a second; the command waits up
/// to two seconds for it. Asks first on a terminal if more than ten runs match.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs cancel latest\n  ade runs cancel 0199c2d4 0199c2d5\n  ade runs cancel --status queued --configuration my-config --dry-run"
)]
pub struct Args {
    /// Runs: ids (or parts), inputs by path or name, or `latest`
    #[arg(required_unless_present_any = FILTERS)]
    run: Vec<String>,
    /// Choose the runs with this status
    #[arg(long, conflicts_with = "run", value_parser = PossibleValuesParser::new(LIVE.map(RunStatus::as_str)))]
    status: Option<String>,
    #[command(flatten)]
    filters: Filters,
}

const LIVE: [RunStatus; 2] = [RunStatus::Queued, RunStatus::Running];

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let by_filters = args.run.is_empty();
    let chosen = match by_filters {
        true => chosen(&workspace, args)?,
        false => args.run.clone(),
    };
    if by_filters && !args.filters.is_agreed(ui, "Cancel", chosen.len()) {
        return Ok(ExitStatus::Cancelled);
    }
    let until = workspace.machine.steady().plus(END_WITHIN);
    let mut count = 0;
    let status = ui.each(&chosen, |given| {
        if args.filters.dry_run {
            let run = workspace.find_run(given)?;
            let words = "would be cancelled";
            ui.done(&run, json!({"cancelled": false}), Tone::Plain, words);
            count += 1;
            return Ok(());
        }
        match cancel(&workspace, given) {
            Ok(cancelled) => {
                count += 1;
                show(&workspace, ui, cancelled, until)
            }
            // The run ended after it was chosen.
            Err(error) if by_filters && error.code() == code::RUN_ENDED => Ok(()),
            Err(error) => Err(error.into()),
        }
    });
    if by_filters {
        let word = match args.filters.dry_run {
            true => "would be cancelled",
            false => "cancelled",
        };
        ui.say(format_args!("{} {word}", plural(count, "run")));
    }
    Ok(status)
}

/// Returns the ids of the queued and running runs that match the filters. Newest first, so that cancelling one run does not
/// start a waiting one.
fn chosen(workspace: &Workspace, args: &Args) -> Result<Vec<String>, Failure> {
    let wanted = args.filters.wanted(args.status.as_deref())?;
    let mut ids = Vec::new();
    for page in pages(workspace, &wanted) {
        let live = page?.into_iter().filter(|run| !run.status.is_terminal());
        ids.extend(live.map(|run| run.id));
    }
    Ok(ids)
}

fn show(
    workspace: &Workspace,
    ui: &Ui,
    cancelled: RunCancellation,
    until: SteadyTime,
) -> Result<(), Failure> {
    let done = |run: &RunRecord, data, tone, words| ui.done(run, data, tone, words);
    match cancelled {
        RunCancellation::AtOnce(run) => {
            done(&run, json!({"cancelled": true}), Tone::Good, "cancelled");
        }
        RunCancellation::Requested(run) => {
            let run = await_end(workspace, *run, until)?;
            let (tone, words) = match run.status {
                RunStatus::Cancelled => (Tone::Good, "cancelled"),
                RunStatus::Queued | RunStatus::Running => (Tone::Warn, "asked to stop"),
                RunStatus::Succeeded => (Tone::Warn, "had succeeded before it could be stopped"),
                RunStatus::Failed => (Tone::Warn, "had failed before it could be stopped"),
            };
            done(&run, json!({"cancel_requested": true}), tone, words);
        }
    }
    Ok(())
}
