//! `ade env ls`: lists environments.

use ade::base::clock::Timestamp;
use ade::base::files::{DiskUsage, disk_usage_of_all};
use ade::base::show_path::FullPaths;
use ade::environment::collection::JudgedEnvironment;
use ade::environment::collection::named::{list, short_ids};
use ade::environment::json::EnvironmentView;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{TerminalTable, Tone, Ui, ago, bytes, plural};

/// List environments, last used first
///
/// OWN is the space that removing the environment frees. SHARED is shared with the installer's cache and other environments. GC
/// shows whether `ade env gc` would delete it now, and why.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade env ls\n  ade env ls --json | jq '.[].own_bytes'")]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (environments, ids) = match context.open_to_look()? {
        Some(workspace) => {
            let environments = list(&workspace)?;
            let ids = short_ids(&workspace, &environments)?;
            (environments, ids)
        }
        None => Default::default(),
    };
    let folders = environments
        .iter()
        .map(|judged| judged.environment.folder.as_path());
    let (sizes, all) = disk_usage_of_all(folders);
    if ui.json() {
        let objects = environments.iter().zip(&sizes).map(to_json);
        ui.document(&objects.collect::<Vec<Value>>());
    } else if environments.is_empty() {
        ui.say("No environments yet; the first `ade run` of a configuration builds one");
    } else {
        ui.table(&table(ui, &environments, &sizes, &ids));
        ui.say(format_args!(
            "{}: {} on disk, {} of it shared with the installer's cache",
            plural(environments.len() as u64, "environment"),
            bytes(all.total_bytes),
            bytes(all.shared_bytes())
        ));
    }
    Ok(ExitStatus::Done)
}

fn to_json((judged, size): (&JudgedEnvironment, &Option<DiskUsage>)) -> Value {
    let mut object = json!(EnvironmentView::new(&judged.environment, &FullPaths));
    if let Some(object) = object.as_object_mut() {
        let gc = json!({"deletes": judged.verdict.deletes(), "verdict": judged.verdict, "reason": judged.verdict.reason()});
        object.insert("gc".to_owned(), gc);
        let own = size.map(|size| size.exclusive_bytes);
        object.insert("own_bytes".to_owned(), json!(own));
        let shared = size.map(DiskUsage::shared_bytes);
        object.insert("shared_bytes".to_owned(), json!(shared));
    }
    object
}

fn table(
    ui: &Ui,
    environments: &[JudgedEnvironment],
    sizes: &[Option<DiskUsage>],
    ids: &[String],
) -> TerminalTable {
    let now = Timestamp::now();
    let mut table = TerminalTable::new(
        "ID  CONFIGURATION  FOLDER  STATUS  DIGEST  PYTHON  OWN  SHARED  LAST USED  GC",
        &[9, 1, 2],
    )
    .numbers(&[6, 7])
    .optional(&[4, 5, 7, 6]);
    for ((judged, size), id) in environments.iter().zip(sizes).zip(ids) {
        table.row(row(ui, judged, *size, id, now));
    }
    table
}

fn row(
    ui: &Ui,
    judged: &JudgedEnvironment,
    size: Option<DiskUsage>,
    id: &str,
    now: Timestamp,
) -> Vec<(Tone, String)> {
    let JudgedEnvironment {
        environment,
        verdict,
    } = judged;
    let digest = environment.key.deps_digest.get(..12).unwrap_or_default();
    let contents = environment.contents.as_ref();
    let python = contents.map(|contents| contents.python_version.clone());
    // An environment that is not built has no size worth showing.
    let (own, shared) = match size.filter(|_| contents.is_some()) {
        Some(size) => (bytes(size.exclusive_bytes), bytes(size.shared_bytes())),
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
        (Tone::Plain, python.unwrap_or_default()),
        (Tone::Plain, own),
        (Tone::Plain, shared),
        (Tone::Plain, ago(environment.last_used(), now)),
        gc,
    ]
}
