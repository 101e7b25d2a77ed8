//! `ade env ls`: list environments.

use ade::clock::Timestamp;
use serde_json::Value;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Align, Table, Tone, ago, bytes, id};

/// List environments, last used first
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade env ls\n  ade env ls --json | jq '.[].size_bytes'")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let environments = match context.open_if_present()? {
        Some(workspace) => workspace.store.environments(workspace.id())?,
        None => Vec::new(),
    };
    if ui.json() {
        ui.document(
            &environments
                .iter()
                .map(ade::store::EnvironmentRecord::to_json)
                .collect::<Vec<Value>>(),
        );
        return Ok(ExitStatus::Done);
    }
    if environments.is_empty() {
        ui.say("No environments yet; the first `ade run` of a configuration builds one");
        return Ok(ExitStatus::Done);
    }
    let now = Timestamp::now();
    let columns = [
        ("ID", Align::Left),
        ("CONFIGURATION", Align::Left),
        ("STATUS", Align::Left),
        ("DIGEST", Align::Left),
        ("PYTHON", Align::Left),
        ("SIZE", Align::Right),
        ("LAST USED", Align::Left),
    ];
    let mut table = Table::new(&columns, &[1]);
    for environment in &environments {
        let contents = environment.contents.as_ref();
        table.row(vec![
            (Tone::Name, id(&environment.id).to_owned()),
            (Tone::Plain, environment.configuration_name.clone()),
            (
                super::tone(environment.status),
                environment.status.as_str().to_owned(),
            ),
            (
                Tone::Dim,
                environment
                    .key
                    .deps_digest
                    .get(..12)
                    .unwrap_or_default()
                    .to_owned(),
            ),
            (
                Tone::Plain,
                contents
                    .map(|contents| contents.python_version.clone())
                    .unwrap_or_default(),
            ),
            (
                Tone::Plain,
                contents
                    .map(|contents| bytes(contents.size_bytes))
                    .unwrap_or_default(),
            ),
            (Tone::Plain, ago(super::last_used(environment), now)),
        ]);
    }
    ui.table(&table);
    Ok(ExitStatus::Done)
}
