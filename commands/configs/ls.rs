//! `ade configs ls`: list configurations.

use ade::base::clock::Timestamp;
use ade::base::show_path::FullPaths;
use ade::store::KnownConfiguration;
use ade::workspace::configurations::configuration_json;
use ade::workspace::configurations::find::short_ids;

use super::found::runs_use;
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{TerminalTable, Tone, Ui, ago};

/// List configurations, the default first
///
/// DEFAULT marks the configuration of API runs that name none. RUNS USE shows what API runs use: the active version, or the
/// folder.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade configs ls\n  ade configs ls --json | jq '.[] | select(.default).name'"
)]
pub struct Args {
    /// List archived configurations instead
    #[arg(long)]
    archived: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let mut known = match context.open_if_present()? {
        Some(workspace) => workspace.store.configurations(workspace.id())?,
        None => Vec::new(),
    };
    let all = known.len();
    known.retain(|known| known.archived_at.is_some() == args.archived);
    if ui.json() {
        let object = |known| configuration_json(known, &FullPaths);
        ui.document(&known.iter().map(object).collect::<Vec<_>>());
    } else if known.is_empty() && args.archived {
        ui.say("No configuration is archived");
    } else if known.is_empty() && all > 0 {
        ui.say("All configurations are archived; `ade configs ls --archived` lists them");
    } else if known.is_empty() {
        ui.say("No configurations yet; the first `ade run` of one adds it");
    } else {
        ui.table(&table(ui, &known));
    }
    Ok(ExitStatus::Done)
}

fn table(ui: &Ui, known: &[KnownConfiguration]) -> TerminalTable {
    let now = Timestamp::now();
    let mut table = TerminalTable::new(
        "ID  CONFIGURATION  DEFAULT  RUNS USE  LAST RUN  FOLDER",
        &[5, 1],
    )
    .optional(&[3, 4]);
    for (known, id) in known.iter().zip(short_ids(known)) {
        table.row(row(ui, known, id, now));
    }
    table
}

fn row(ui: &Ui, known: &KnownConfiguration, id: String, now: Timestamp) -> Vec<(Tone, String)> {
    let (tone, default) = if known.is_default {
        (Tone::Good, "yes")
    } else {
        (Tone::Dim, "no")
    };
    let last_run = known.last_run_at;
    vec![
        (Tone::Name, id),
        (Tone::Plain, known.record.name.clone()),
        (tone, default.to_owned()),
        (Tone::Plain, runs_use(known)),
        (
            Tone::Plain,
            last_run.map_or_else(|| "never".to_owned(), |time| ago(time, now)),
        ),
        (Tone::Dim, folder(ui, known)),
    ]
}

/// Returns the configuration's folder. An uploaded configuration shows none, because its folder is internal.
fn folder(ui: &Ui, known: &KnownConfiguration) -> String {
    if known.uploaded {
        "(uploaded)".to_owned()
    } else {
        ui.path(&known.record.path).to_string()
    }
}
