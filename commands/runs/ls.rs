//! `ade runs ls`: lists runs, newest first.

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{TerminalTable, Tone, ago, duration, thousands};
use ade::base::clock::Timestamp;
use ade::base::show_path::FullPaths;
use ade::run::results::demands::refusals;
use ade::run::views::chosen::{RunsWanted, instant, label, pages, short_ids};
use ade::run::views::json::runs_json;
use ade::run::views::summary::unprocessed;
use ade::store::{RunRecord, RunStatus, StoreError};
use ade::workspace::Workspace;
use clap::builder::PossibleValuesParser;

/// List runs, newest first
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs ls --status failed --since 7d\n  ade runs ls --input crew.xlsx\n  ade runs ls --configuration my-config --json"
)]
pub struct Args {
    /// Only runs with this status
    #[arg(long, value_parser = PossibleValuesParser::new(RunStatus::ALL.map(RunStatus::as_str)))]
    status: Option<String>,
    /// Only runs of this configuration: its name, folder or id
    #[arg(long)]
    configuration: Option<String>,
    /// Only runs of inputs with this name, or of the file at this path
    #[arg(long, value_name = "NAME")]
    input: Option<String>,
    /// Only runs with this label, such as those uploaded together in the console
    #[arg(long, value_name = "KEY:VALUE", value_parser = label)]
    label: Option<String>,
    /// Only runs with fields that have no column
    #[arg(long)]
    fields_missing: bool,
    /// Only runs since a time or an age, such as 2026-11-20, 2026-11-20T10:00:00Z, 90s, 12h or 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// List at most N runs
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let now = Timestamp::now();
    let since = args.since.as_deref();
    let since = since
        .map(|text| instant("--since", text, now))
        .transpose()?;
    let wanted = RunsWanted {
        status: args.status.as_deref(),
        configuration: args.configuration.as_deref(),
        input: args.input.as_deref(),
        label: args.label.as_deref().and_then(|text| text.split_once(':')),
        fields_missing: args.fields_missing,
        since,
        before: None,
        limit: args.limit,
    };
    let Some(workspace) = context.open_to_look()? else {
        return show_none(context);
    };
    if ui.json() {
        let mut array = ui.array();
        for page in pages(&workspace, &wanted) {
            array.entries(&runs_json(&workspace, &page?, &FullPaths)?);
        }
        array.end();
        return Ok(ExitStatus::Done);
    }
    match table(&workspace, &wanted, now)? {
        Some(table) => ui.table(&table),
        None => return show_none(context),
    }
    Ok(ExitStatus::Done)
}

fn show_none(context: &Context) -> Outcome {
    let ui = &context.ui;
    if ui.json() {
        ui.document(&[(); 0]);
    } else {
        let folder = context.settings()?.data_dir;
        ui.say(format_args!("No runs to show in {}", ui.path(&folder)));
    }
    Ok(ExitStatus::Done)
}

/// Makes the table of runs. `None`: no run matches.
fn table(
    workspace: &Workspace,
    wanted: &RunsWanted<'_>,
    now: Timestamp,
) -> Result<Option<TerminalTable>, StoreError> {
    let mut table = TerminalTable::new(
        "ID  STATUS  CONFIGURATION  INPUT  ROWS READ  ISSUES  TOOK  WHEN",
        &[3, 2],
    )
    .numbers(&[4, 5, 6])
    .optional(&[6, 4]);
    let mut is_empty = true;
    for page in pages(workspace, wanted) {
        let runs = page?;
        for (run, id) in runs.iter().zip(short_ids(workspace, &runs)?) {
            let refused = !refusals(&workspace.store, run)?.is_empty();
            table.row(row(run, &id, refused, now));
            is_empty = false;
        }
    }
    Ok((!is_empty).then_some(table))
}

fn row(run: &RunRecord, id: &str, refused: bool, now: Timestamp) -> Vec<(Tone, String)> {
    let (rows, issues, tone) = match &run.metrics {
        None => (String::new(), String::new(), Tone::Plain),
        Some(metrics) => (
            thousands(metrics.rows),
            thousands(metrics.issues),
            if metrics.faults() > 0 {
                Tone::Warn
            } else {
                Tone::Plain
            },
        ),
    };
    // The run succeeded, but it must not look like a file that was normalized or accepted.
    let status = match unprocessed(run) {
        _ if refused => (Tone::Bad, "refused".to_owned()),
        Some((word, _)) => (Tone::Dim, word.to_owned()),
        None => (run.into(), run.status.as_str().to_owned()),
    };
    let took = run.duration_ms().map(duration).unwrap_or_default();
    vec![
        (Tone::Name, id.to_owned()),
        status,
        (Tone::Plain, run.configuration_name.clone()),
        (Tone::Plain, run.input_name.clone()),
        (Tone::Plain, rows),
        (tone, issues),
        (Tone::Plain, took),
        (Tone::Plain, ago(run.created_at, now)),
    ]
}
