//! `ade env ls`: list environments.

use ade::clock::Timestamp;
use ade::environment::gc::{Judged, Options, judge_all};
use ade::environment::json::environment_json;
use ade::store::StoreError;
use ade::workspace::Workspace;
use serde_json::{Value, json};

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
        Some(workspace) => listed(&workspace)?,
        None => Vec::new(),
    };
    if ui.json() {
        ui.document(&environments.iter().map(to_json).collect::<Vec<Value>>());
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
        ("GC", Align::Left),
    ];
    let mut table = Table::new(&columns, &[7, 1]).optional(&[3, 4, 5]);
    for Judged {
        environment,
        verdict,
    } in &environments
    {
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
            if verdict.deletes() {
                (Tone::Warn, format!("goes: {}", verdict.reason()))
            } else {
                (Tone::Dim, format!("stays: {}", verdict.reason()))
            },
        ]);
    }
    ui.table(&table);
    Ok(ExitStatus::Done)
}

/// The workspace's environments with what collection would do to them, last used first.
fn listed(workspace: &Workspace) -> Result<Vec<Judged>, StoreError> {
    let options = Options::of_settings(&workspace.settings);
    let mut judged = judge_all(workspace, &options, Timestamp::now())?;
    judged.retain(|judged| judged.environment.key.workspace_id == workspace.id());
    judged.sort_by_key(|judged| std::cmp::Reverse(super::last_used(&judged.environment)));
    Ok(judged)
}

fn to_json(judged: &Judged) -> Value {
    let mut object = environment_json(&judged.environment);
    if let Some(object) = object.as_object_mut() {
        let gc = json!({"deletes": judged.verdict.deletes(), "verdict": judged.verdict, "reason": judged.verdict.reason()});
        object.insert("gc".to_owned(), gc);
    }
    object
}
