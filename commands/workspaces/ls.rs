//! `ade workspaces ls`: lists workspaces.

use ade::base::clock::Timestamp;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{TerminalTable, Tone, ago};

/// List workspaces, by id
///
/// A workspace is listed after its first run, document or configuration. ID is its name in `--workspace`, addresses and tokens.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade workspaces ls\n  ade workspaces ls --json | jq '.[].id'")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let known = match context.open_if_present()? {
        Some(workspace) => workspace.store.workspaces()?,
        None => Vec::new(),
    };
    if ui.json() {
        ui.document(&known);
        return Ok(ExitStatus::Done);
    }
    if known.is_empty() {
        ui.say("No workspaces yet; the first `ade run` creates one");
        return Ok(ExitStatus::Done);
    }
    let now = Timestamp::now();
    let mut table = TerminalTable::new("ID  NAME  KNOWN SINCE", &[1]);
    for known in known {
        table.row(vec![
            (Tone::Name, known.id),
            (Tone::Plain, known.name),
            (Tone::Dim, ago(known.created_at, now)),
        ]);
    }
    ui.table(&table);
    Ok(ExitStatus::Done)
}
