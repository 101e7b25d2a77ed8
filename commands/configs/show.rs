//! `ade configs show`: prints all details of one configuration.

use ade::base::clock::Timestamp;
use ade::base::show_path::FullPaths;
use ade::workspace::configurations::{configuration_json, version_json};
use serde_json::json;

use super::found::{found, runs_use};
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, ago, plural};

/// Show the details of one configuration
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade configs show my-config\n  ade configs show ./my-config --json"
)]
pub struct Args {
    /// The configuration: its name, folder or id
    configuration: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, known) = found(context, &args.configuration)?;
    let versions = workspace.store.versions(&known.record.id)?;
    if ui.json() {
        let mut object = json!(configuration_json(&known, &FullPaths));
        let versions = versions.iter();
        let versions = versions.map(|version| version_json(&known.record.id, version));
        object["versions"] = json!(versions.collect::<Vec<_>>());
        ui.document(&object);
        return Ok(ExitStatus::Done);
    }
    let (tone, default) = if known.is_default {
        (Tone::Good, "default")
    } else {
        (Tone::Dim, "not the default")
    };
    ui.line(format_args!(
        "{} {}",
        ui.paint(Tone::Strong, &known.record.name),
        ui.paint(tone, default)
    ));
    let now = Timestamp::now();
    let at = |time: Timestamp| format!("{time} ({})", ago(time, now));
    ui.fact("id", &known.record.id);
    let kind = if known.uploaded { "draft" } else { "folder" };
    ui.fact(kind, ui.path(&known.record.path));
    ui.fact("runs use", runs_use(&known));
    if let Some(time) = known.archived_at {
        ui.fact("archived", at(time));
    }
    if let Some(most) = known.max_concurrency {
        ui.fact("at once", plural(u64::from(most), "run"));
    }
    ui.fact("known since", at(known.created_at));
    if let Some(time) = known.last_run_at {
        ui.fact("last run", at(time));
    }
    if !versions.is_empty() {
        ui.line(ui.paint(Tone::Dim, "versions"));
    }
    for version in &versions {
        let status = if version.active { "active" } else { "archived" };
        let digest = version.source_digest.get(..12).unwrap_or_default();
        let time = at(version.published_at);
        ui.line(format_args!(
            "  {} {status} {} {time}",
            version.version,
            ui.paint(Tone::Dim, digest),
        ));
    }
    Ok(ExitStatus::Done)
}
