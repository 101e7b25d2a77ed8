//! `ade deliveries ls`: lists the notifications about ended runs.

use ade::base::clock::Timestamp;
use ade::store::{DeliveryFilter, DeliveryRecord, DeliveryStatus, IdKind};
use clap::builder::PossibleValuesParser;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{TerminalTable, Tone, ago};

/// List notifications about ended runs, newest run first
///
/// They go to the address in ADE_ON_END_URL and the program in ADE_ON_END_COMMAND. Failed ones are given up after a day; all
/// are listed for a week.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade deliveries ls\n  ade deliveries ls --status failed\n  ade deliveries ls latest --json"
)]
pub struct Args {
    /// Only those of this run: its id (or part), its input's path or name, or `latest`
    run: Option<String>,
    /// Only those with this status
    #[arg(long, value_parser = PossibleValuesParser::new(DeliveryStatus::ALL.map(DeliveryStatus::as_str)))]
    status: Option<String>,
    /// List at most N
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let mut found = Vec::new();
    let mut shown = Vec::new();
    if let Some(workspace) = context.open_to_look()? {
        let (store, id) = (&workspace.store, workspace.id());
        let run = args.run.as_ref().map(|given| workspace.find_run(given));
        found = store.deliveries(&DeliveryFilter {
            workspace_id: id.to_owned(),
            run_id: run.transpose()?.map(|run| run.id),
            status: args.status.as_deref().and_then(DeliveryStatus::parse),
            behind: None,
            limit: args.limit,
        })?;
        let runs: Vec<&str> = found
            .iter()
            .map(|delivery| delivery.run_id.as_str())
            .collect();
        shown = store.short_ids(IdKind::Runs, id, &runs)?;
    }
    if ui.json() {
        ui.document(&found);
    } else if found.is_empty() {
        ui.say(
            "Nothing to show; set ADE_ON_END_URL or ADE_ON_END_COMMAND to be told when runs end",
        );
    } else {
        ui.table(&table(&found, &shown, Timestamp::now()));
    }
    Ok(ExitStatus::Done)
}

fn table(found: &[DeliveryRecord], shown: &[String], now: Timestamp) -> TerminalTable {
    let mut table = TerminalTable::new("ID  STATUS  INPUT  ATTEMPTS  WHEN  LAST ERROR", &[5, 2])
        .numbers(&[3])
        .optional(&[3]);
    for (delivery, run) in found.iter().zip(shown) {
        let tone = match delivery.status {
            DeliveryStatus::Waiting => Tone::Warn,
            DeliveryStatus::Delivered => Tone::Good,
            DeliveryStatus::Failed => Tone::Bad,
        };
        let when = delivery.delivered_at.unwrap_or(delivery.created_at);
        table.row(vec![
            (Tone::Name, format!("{run}-{}", delivery.kind.as_str())),
            (tone, delivery.status.as_str().to_owned()),
            (Tone::Plain, delivery.input_name.clone()),
            (Tone::Plain, delivery.attempts.to_string()),
            (Tone::Plain, ago(when, now)),
            (Tone::Plain, delivery.last_error.clone().unwrap_or_default()),
        ]);
    }
    table
}
