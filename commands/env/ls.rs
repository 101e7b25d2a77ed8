//! `ade env ls`: list environments.

use ade::clock::Timestamp;
use ade::environment::find::{list, short_ids};
use ade::environment::gc::Judged;
use ade::environment::json::environment_json;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Align, Table, Tone, Ui, ago, bytes};

/// List environments, last used first
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade env ls\n  ade env ls --json | jq '.[].size_bytes'")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (environments, ids) = match context.open_if_present()? {
        Some(workspace) => {
            let environments = list(&workspace)?;
            let ids = short_ids(&workspace, &environments)?;
            (environments, ids)
        }
        None => Default::default(),
    };
    if ui.json() {
        ui.document(&environments.iter().map(to_json).collect::<Vec<Value>>());
    } else if environments.is_empty() {
        ui.say("No environments yet; the first `ade run` of a configuration builds one");
    } else {
        ui.table(&table(ui, &environments, &ids));
    }
    Ok(ExitStatus::Done)
}

fn to_json(judged: &Judged) -> Value {
    let mut object = environment_json(&judged.environment);
    if let Some(object) = object.as_object_mut() {
        let gc = json!({"deletes": judged.verdict.deletes(), "verdict": judged.verdict, "reason": judged.verdict.reason()});
        object.insert("gc".to_owned(), gc);
    }
    object
}

fn table(ui: &Ui, environments: &[Judged], ids: &[String]) -> Table {
    let columns = [
        ("ID", Align::Left),
        ("CONFIGURATION", Align::Left),
        ("FOLDER", Align::Left),
        ("STATUS", Align::Left),
        ("DIGEST", Align::Left),
        ("PYTHON", Align::Left),
        ("SIZE", Align::Right),
        ("LAST USED", Align::Left),
        ("GC", Align::Left),
    ];
    let now = Timestamp::now();
    let mut table = Table::new(&columns, &[8, 1, 2]).optional(&[4, 5, 6]);
    for (judged, id) in environments.iter().zip(ids) {
        table.row(row(ui, judged, id, now));
    }
    table
}

fn row(ui: &Ui, judged: &Judged, id: &str, now: Timestamp) -> Vec<(Tone, String)> {
    let Judged {
        environment,
        verdict,
    } = judged;
    let digest = environment.key.deps_digest.get(..12).unwrap_or_default();
    let (python, size) = match &environment.contents {
        Some(contents) => (contents.python_version.clone(), bytes(contents.size_bytes)),
        None => Default::default(),
    };
    let gc = if verdict.deletes() {
        (Tone::Warn, format!("deletable: {}", verdict.reason()))
    } else {
        (Tone::Dim, format!("kept: {}", verdict.reason()))
    };
    vec![
        (Tone::Name, id.to_owned()),
        (Tone::Plain, environment.configuration_name.clone()),
        (Tone::Plain, ui.path(&environment.configuration_path)),
        (
            environment.status.into(),
            environment.status.as_str().to_owned(),
        ),
        (Tone::Dim, digest.to_owned()),
        (Tone::Plain, python),
        (Tone::Plain, size),
        (Tone::Plain, ago(environment.last_used(), now)),
        gc,
    ]
}
