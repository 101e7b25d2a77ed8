//! `ade workers ls`: lists the processes that execute runs.

use std::time::Duration;

use ade::base::clock::Timestamp;
use ade::workspace::figures::{BusyProcess, FigureScope, Figures};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{TerminalTable, Tone, ago};

/// List workers, oldest first, with their machine and load
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade workers ls\n  ade workers ls --json | jq '.[].id'")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let figures = match context.open_to_look()? {
        Some(workspace) => Some(Figures::read(
            &workspace,
            FigureScope::default(),
            Duration::ZERO,
        )?),
        None => None,
    };
    let processes = figures.as_ref().map_or(&[][..], |read| &read.processes);
    if ui.json() {
        let shown = |known: &BusyProcess| {
            let mut shown = json!(known.record);
            shown["busy"] = json!(known.busy);
            shown
        };
        ui.document(&processes.iter().map(shown).collect::<Vec<_>>());
    } else if processes.is_empty() {
        ui.say("No workers; `ade worker` starts one");
    } else {
        let now = figures
            .as_ref()
            .map_or_else(Timestamp::now, |read| read.now);
        ui.table(&table(processes, now));
    }
    Ok(ExitStatus::Done)
}

fn table(processes: &[BusyProcess], now: Timestamp) -> TerminalTable {
    let mut table = TerminalTable::new(
        "ID  WORKER  HOST  KIND  BUSY  TAKES  STARTED  SEEN",
        &[1, 2],
    )
    .numbers(&[4])
    .optional(&[2, 7]);
    for BusyProcess { record, busy } in processes {
        let end = record.id.len().saturating_sub(6);
        let takes = match &record.quieted_by {
            Some(by) => (Tone::Warn, format!("nothing: quieted by {by}")),
            None => (Tone::Plain, record.only.to_string()),
        };
        table.row(vec![
            (Tone::Name, record.id[end..].to_owned()),
            (Tone::Plain, record.name.clone()),
            (Tone::Plain, record.host.clone()),
            (Tone::Plain, record.kind.clone()),
            (Tone::Plain, format!("{busy} of {}", record.slots)),
            takes,
            (Tone::Plain, ago(record.started_at, now)),
            (Tone::Plain, ago(record.seen_at, now)),
        ]);
    }
    table
}
