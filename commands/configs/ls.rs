//! `ade configs ls`: list configurations.

use ade::base::clock::Timestamp;
use ade::base::show_path::Whole;
use ade::store::KnownConfiguration;
use ade::workspace::configurations::configuration_json;
use ade::workspace::configurations::find::short_ids;
use serde_json::Value;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Table, Tone, Ui, ago};

/// List configurations that were run here or uploaded, the active one first
///
/// ACTIVE: runs over the API that name no configuration use this one (`ade configs activate`).
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade configs ls\n  ade configs ls --json | jq '.[] | select(.active).name'"
)]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let known = match context.open_if_present()? {
        Some(workspace) => workspace.store.configurations(workspace.id())?,
        None => Vec::new(),
    };
    if ui.json() {
        ui.document(
            &known
                .iter()
                .map(|known| configuration_json(known, &Whole))
                .collect::<Vec<Value>>(),
        );
    } else if known.is_empty() {
        ui.say("No configurations yet; the first `ade run` of one makes it known");
    } else {
        ui.table(&table(ui, &known));
    }
    Ok(ExitStatus::Done)
}

fn table(ui: &Ui, known: &[KnownConfiguration]) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(
        "ID  CONFIGURATION  ACTIVE  VERSION  LAST RUN  FOLDER",
        &[5, 1],
    )
    .optional(&[3, 4]);
    for (known, id) in known.iter().zip(short_ids(known)) {
        table.row(row(ui, known, id, now));
    }
    table
}

fn row(ui: &Ui, known: &KnownConfiguration, id: String, now: Timestamp) -> Vec<(Tone, String)> {
    let (tone, active) = if known.is_default {
        (Tone::Good, "yes")
    } else {
        (Tone::Dim, "no")
    };
    let version = known.version.as_ref();
    let version = version.map_or_else(|| "-".to_owned(), |version| version.version.to_string());
    let last_run = known.last_run_at;
    vec![
        (Tone::Name, id),
        (Tone::Plain, known.record.name.clone()),
        (tone, active.to_owned()),
        (Tone::Plain, version),
        (
            Tone::Plain,
            last_run.map_or_else(|| "never".to_owned(), |time| ago(time, now)),
        ),
        (Tone::Dim, folder(ui, known)),
    ]
}

/// Its folder; that of an uploaded one is no place for people.
fn folder(ui: &Ui, known: &KnownConfiguration) -> String {
    if known.uploaded {
        "(uploaded)".to_owned()
    } else {
        ui.path(&known.record.path).to_string()
    }
}
