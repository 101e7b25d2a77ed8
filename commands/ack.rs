//! `ade ack`: records what a sender's files are known to contain, so that runs report only what is new.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ade::checks::fix;
use ade::configuration::Configuration;
use ade::engine::RunNotice;
use ade::run::views::show::show;
use ade::store::RunRecord;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::fix::print_edits;
use crate::ui::{Tone, Ui, plural};

/// Mark notices of a sender as known, so that later runs report only new ones
///
/// Without RULE, lists the run's notices with their rules. With RULE, adds a `[[known]]` entry for the sender, rule and
/// position to settings.toml. Later runs only count such notices; `ade runs show` and reports still list them. The sender is
/// the file's name without numbers and months, unless `[senders]` in settings.toml names it. Issues are not affected.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade ack latest                         its notices, each with its rule\n  ade ack latest total_differs\n  ade ack acme-2025-04.xlsx hidden_rows_read doubtful_header_row\n  ade ack march/ rows_left_out            of each of its files"
)]
pub struct Args {
    /// A run: its id (or part), its input's path or name, or `latest`; or a folder of inputs (the newest run of each)
    #[arg(default_value = "latest")]
    run: String,
    /// The rules of the known notices
    rule: Vec<String>,
    /// The configuration's folder [default: that of the run]
    #[arg(short, long, value_name = "DIR")]
    config: Option<PathBuf>,
}

/// The code of notices about the configuration, which belong to no sender.
const CONFIGURATION: &str = "configuration";

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let mut shown = Vec::new();
    for run in context.runs(&workspace, std::slice::from_ref(&args.run))? {
        shown.push(show(&workspace, &run.id)?);
    }
    let all: Vec<(&RunRecord, Vec<&RunNotice>)> = shown
        .iter()
        .map(|details| {
            let new_notices = details.report.noticed.new_notices();
            let of_sender = new_notices.filter(|told| told.code() != CONFIGURATION);
            (&details.run, of_sender.collect())
        })
        .collect();
    if args.rule.is_empty() {
        list(ui, &all);
        return Ok(ExitStatus::Done);
    }
    let notices = all.iter().flat_map(|(_, notices)| notices);
    let rules: BTreeSet<&str> = notices.map(|told| told.rule()).collect();
    if let Some(rule) = args.rule.iter().find(|rule| !rules.contains(&***rule)) {
        let hint = match rules.is_empty() {
            true => {
                "it has no notices; `ade issues` lists its issues, which belong to cells".to_owned()
            }
            false => format!("it has {}", Vec::from_iter(rules).join(", ")),
        };
        let message = match &*all {
            [(run, _)] => format!("the run of {} has no notice {rule:?}", run.input_name),
            _ => format!("no run of the files in {} has a notice {rule:?}", args.run),
        };
        return Err(Failure::usage("usage", message).hint(hint));
    }
    let (mut known, mut edits) = (Vec::new(), Vec::new());
    for (run, notices) in all {
        let chosen: Vec<&RunNotice> = notices
            .into_iter()
            .filter(|told| args.rule.iter().any(|rule| rule == told.rule()))
            .collect();
        let folder = fix::folder_of(&workspace, run, args.config.as_deref())?;
        let root = Configuration::open(&folder)?.root;
        // One file at a time: each edit builds on what the last one wrote.
        if let Some(edit) = fix::acknowledged(&root, &run.input_name, &chosen)? {
            fix::write(&edit)?;
            edits.push(edit);
        }
        known.push(json!({"run_id": run.id, "notices": chosen}));
    }
    if ui.json() {
        let mut told = match &*known {
            [one] => one.clone(),
            _ => json!({"runs": known}),
        };
        told["edits"] = json!(edits);
        ui.document(&told);
        return Ok(ExitStatus::Done);
    }
    print_edits(ui, &edits, &[]);
    match edits.first() {
        Some(edit) => ui.say(format_args!(
            "Wrote {}; later runs of this sender count the same notices without printing them",
            ui.path(&edit.file)
        )),
        None => ui.say("Nothing to write: already acknowledged"),
    }
    Ok(ExitStatus::Done)
}

/// Prints the notices of the runs with their rules.
fn list(ui: &Ui, all: &[(&RunRecord, Vec<&RunNotice>)]) {
    if ui.json() {
        match all {
            [(_, notices)] => ui.document(&json!(notices)),
            _ => {
                for (run, notices) in all {
                    ui.document(
                        &json!({"run_id": run.id, "input": run.input_name, "notices": notices}),
                    );
                }
            }
        }
        return;
    }
    for (run, notices) in all {
        if all.len() > 1 && !notices.is_empty() {
            ui.line(ui.paint(Tone::Strong, &run.input_name));
        }
        for told in notices {
            let known = if told.is_known() { " (known)" } else { "" };
            let sentence = format!("{}{known}: {}", told.rule(), told.sentence());
            ui.words("", None, Tone::Plain, &sentence);
        }
    }
    let count: usize = all.iter().map(|(_, notices)| notices.len()).sum();
    let of = match all {
        [(run, _)] => run.input_name.clone(),
        _ => plural(all.len() as u64, "file"),
    };
    ui.say(format_args!("{} of {of}", plural(count as u64, "notice")));
}
