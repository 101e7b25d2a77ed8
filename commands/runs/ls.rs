//! `ade runs ls`: list runs, newest first.

use ade::clock::Timestamp;
use ade::run::json::run_json;
use ade::store::{RunFilter, RunStatus};
use clap::builder::PossibleValuesParser;
use serde_json::Value;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Align, Table, Tone, ago, as_typed, duration, id_width, thousands};

/// List runs, newest first
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs ls --status failed --since 7d\n  ade runs ls --configuration my-config --json"
)]
pub struct Args {
    /// In this state
    #[arg(long, value_parser = PossibleValuesParser::new(RunStatus::ALL.map(RunStatus::as_str)))]
    status: Option<String>,
    /// Of this configuration: its name, folder or id
    #[arg(long)]
    configuration: Option<String>,
    /// Recorded since then: 2026-11-20, 2026-11-20T10:00:00Z, 90s, 30m, 12h, 7d, 2w
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let now = Timestamp::now();
    let since = match &args.since {
        None => None,
        Some(text) => Some(Timestamp::parse(text, now).ok_or_else(|| {
            Failure::usage(
                "bad_time",
                format!("--since {text:?} is no time"),
                Some(
                    "a date, an instant (2026-11-20T10:00:00Z) or an age (30m, 12h, 7d)".to_owned(),
                ),
            )
        })?),
    };
    let configuration = args.configuration.as_ref().map(|given| {
        // A folder is known by its real path.
        std::path::Path::new(given)
            .canonicalize()
            .ok()
            .filter(|path| path.is_dir())
            .map_or_else(|| given.clone(), |path| path.to_string_lossy().into_owned())
    });
    let runs = match context.open_if_present()? {
        None => Vec::new(),
        Some(workspace) => workspace.store.runs(&RunFilter {
            workspace_id: workspace.id().to_owned(),
            status: args.status.as_deref().and_then(RunStatus::parse),
            configuration,
            since,
            limit: args.limit,
        })?,
    };
    if ui.json() {
        ui.document(&runs.iter().map(run_json).collect::<Vec<Value>>());
        return Ok(ExitStatus::Done);
    }
    if runs.is_empty() {
        ui.say(format_args!(
            "No runs to show in {}",
            as_typed(&context.settings()?.data_dir)
        ));
        return Ok(ExitStatus::Done);
    }
    let columns = [
        ("ID", Align::Left),
        ("STATUS", Align::Left),
        ("CONFIGURATION", Align::Left),
        ("INPUT", Align::Left),
        ("ROWS", Align::Right),
        ("ISSUES", Align::Right),
        ("TOOK", Align::Right),
        ("WHEN", Align::Left),
    ];
    let mut table = Table::new(&columns, &[3, 2]).optional(&[6, 4]);
    let shown = id_width(runs.iter().map(|run| run.id.as_str()));
    for run in &runs {
        let metric = |value: fn(&ade::store::RunMetrics) -> u64| {
            run.metrics
                .as_ref()
                .map(|metrics| thousands(value(metrics)))
                .unwrap_or_default()
        };
        let issues = run
            .metrics
            .as_ref()
            .is_some_and(|metrics| metrics.issues > 0);
        table.row(vec![
            (Tone::Name, run.id[..shown.min(run.id.len())].to_owned()),
            (super::tone(run.status), run.status.as_str().to_owned()),
            (Tone::Plain, run.configuration_name.clone()),
            (Tone::Plain, run.input_name.clone()),
            (Tone::Plain, metric(|metrics| metrics.rows)),
            (
                if issues { Tone::Warn } else { Tone::Plain },
                metric(|metrics| metrics.issues),
            ),
            (
                Tone::Plain,
                run.duration_ms().map(duration).unwrap_or_default(),
            ),
            (Tone::Plain, ago(run.created_at, now)),
        ]);
    }
    ui.table(&table);
    Ok(ExitStatus::Done)
}
