//! `ade runs rm`: removes ended runs.

use ade::base::clock::Timestamp;
use ade::run::calls::remove::{RemovedRuns, remove};
use ade::run::views::chosen::{RunsWanted, instant, pages};
use ade::store::RunStatus;
use ade::workspace::Workspace;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::filters::MAX_RUNS_UNASKED;
use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Tone, Ui, bytes, plural};

/// Remove ended runs with their records and files
///
/// Name runs, or choose those that match all filters. Queued and running runs are kept. Asks first on a terminal if more than
/// ten runs match.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs rm latest\n  ade runs rm 0199c2d4 --dry-run\n  ade runs rm --status failed --older-than 30d --dry-run\n  ade runs rm --status failed --older-than 30d --yes\n  ade runs rm --input crew.xlsx --configuration my-config"
)]
pub struct Args {
    /// Runs: ids (or parts), inputs by path or name, or `latest`
    #[arg(required_unless_present_any = FILTERS)]
    run: Vec<String>,
    /// Choose the runs with this status
    #[arg(long, conflicts_with = "run", value_parser = PossibleValuesParser::new(RunStatus::ENDED.map(RunStatus::as_str)))]
    status: Option<String>,
    /// Choose the runs of this configuration: its name, folder or id
    #[arg(long, conflicts_with = "run")]
    configuration: Option<String>,
    /// Choose the runs of inputs with this name
    #[arg(long, value_name = "NAME", conflicts_with = "run")]
    input: Option<String>,
    /// Choose the runs before a time or an age, such as 2026-11-20, 2026-11-20T10:00:00Z, 12h or 7d
    #[arg(
        long,
        value_name = "TIME",
        visible_alias = "older-than",
        conflicts_with = "run"
    )]
    before: Option<String>,
    /// Remove the runs without asking
    #[arg(short, long, conflicts_with = "dry_run")]
    yes: bool,
    /// Show what would be removed, without removing it
    #[arg(long)]
    dry_run: bool,
}

const FILTERS: [&str; 4] = ["status", "configuration", "input", "before"];

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let before = args.before.as_deref();
    let before = before.map(|text| instant("--before", text, Timestamp::now()));
    let wanted = RunsWanted {
        status: args.status.as_deref(),
        configuration: args.configuration.as_deref(),
        input: args.input.as_deref(),
        before: before.transpose()?,
        limit: u32::MAX,
        ..RunsWanted::default()
    };
    let workspace = context.open_for_runs()?;
    let chosen = if args.run.is_empty() {
        chosen(&workspace, &wanted, ui)?
    } else {
        args.run.clone()
    };
    if args.run.is_empty() && !args.dry_run && !args.yes && chosen.len() > MAX_RUNS_UNASKED {
        let question = format!("Remove {}?", plural(chosen.len() as u64, "run"));
        if !ui.is_agreed(&question) {
            ui.say("Nothing was removed");
            return Ok(ExitStatus::Cancelled);
        }
    }
    let (word, freed) = if args.dry_run {
        ("would be removed", "would be freed")
    } else {
        ("removed", "freed")
    };
    let (mut count, mut total) = (0, 0);
    let status = ui.each(&chosen, |given| {
        let RemovedRuns { run, bytes_freed } = remove(&workspace, given, args.dry_run)?;
        let data = json!({"removed": !args.dry_run, "bytes_freed": bytes_freed});
        let words = format!("{word}, {} {freed}", bytes(bytes_freed));
        ui.done(&run, data, Tone::Good, &words);
        count += 1;
        total += bytes_freed;
        Ok(())
    });
    if chosen.len() != 1 || args.run.is_empty() {
        let runs = plural(count, "run");
        ui.say(format_args!("{runs} {word}, {} {freed}", bytes(total)));
    }
    Ok(status)
}

/// Returns the ids of the ended runs that match the filters, newest first.
fn chosen(workspace: &Workspace, wanted: &RunsWanted<'_>, ui: &Ui) -> Result<Vec<String>, Failure> {
    let (mut ids, mut live) = (Vec::new(), 0);
    for page in pages(workspace, wanted) {
        for run in page? {
            if run.status.is_terminal() {
                ids.push(run.id);
            } else {
                live += 1;
            }
        }
    }
    if live > 0 {
        ui.say(format_args!(
            "note: queued and running runs stay ({}); `ade runs cancel` ends a run",
            plural(live, "run")
        ));
    }
    Ok(ids)
}
