//! `ade ack`: what a sender's files are known to have, so that runs tell what is new alone.

use std::path::PathBuf;

use ade::checks::fix;
use ade::configuration::Configuration;
use ade::engine::Told;
use ade::run::views::show::show;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::fix::print_edits;
use crate::ui::{Tone, plural};

/// Say that a notice is known of a sender, so that later runs tell only what is new
///
/// Without RULE it lists the notices of the run with their rules. With one, the sender of the run's file, the rule and the place are
/// written into the configuration's settings.toml as `[[known]]`. Runs of later files of this sender then count such a notice as known
/// and do not print it; `ade runs show` and the report still have it. Whose file it is says its name without numbers and months, or
/// `[senders]` in settings.toml. Issues, which belong to cells, are not affected.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade ack latest                         its notices, each with its rule\n  ade ack latest total_differs\n  ade ack acme-2025-04.xlsx hidden_rows_read doubtful_header_row"
)]
pub struct Args {
    /// A run's id (the part that a listing shows, or the beginning, is enough), an input by its path or name, or `latest`
    #[arg(default_value = "latest")]
    run: String,
    /// The rules of notices that are known
    rule: Vec<String>,
    /// The folder to edit [default: the one that the run's configuration came from]
    #[arg(short, long, value_name = "DIR")]
    config: Option<PathBuf>,
}

/// The code of notices about the configuration: they are no sender's.
const CONFIGURATION: &str = "configuration";

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let shown = show(&workspace, &args.run)?;
    let all: Vec<&Told> = shown
        .noticed
        .to_tell()
        .filter(|told| told.code() != CONFIGURATION)
        .collect();
    if args.rule.is_empty() {
        if ui.json() {
            ui.document(&json!(all));
            return Ok(ExitStatus::Done);
        }
        for told in &all {
            let known = if told.is_known() { " (known)" } else { "" };
            ui.words(
                "",
                None,
                Tone::Plain,
                &format!("{}{known}: {}", told.rule(), told.sentence()),
            );
        }
        ui.say(format_args!(
            "{} of {}",
            plural(all.len() as u64, "notice"),
            shown.run.input_name
        ));
        return Ok(ExitStatus::Done);
    }
    if let Some(rule) = args
        .rule
        .iter()
        .find(|rule| all.iter().all(|told| told.rule() != **rule))
    {
        let mut rules: Vec<&str> = all.iter().map(|told| told.rule()).collect();
        rules.dedup();
        let hint = match rules.is_empty() {
            true => {
                "it has no notices; `ade issues` lists its issues, which belong to cells".to_owned()
            }
            false => format!("it has {}", rules.join(", ")),
        };
        let message = format!("the run of {} has no notice {rule:?}", shown.run.input_name);
        return Err(Failure::usage("usage", message).hint(hint));
    }
    let chosen: Vec<&Told> = all
        .into_iter()
        .filter(|told| args.rule.iter().any(|rule| rule == told.rule()))
        .collect();
    let folder = fix::folder_of(&workspace, &shown.run, args.config.as_deref())?;
    let root = Configuration::open(&folder)?.root;
    let edit = fix::acknowledged(&root, &shown.run.input_name, &chosen)?;
    let edits: Vec<fix::Edit> = edit.into_iter().collect();
    for edit in &edits {
        fix::write(edit)?;
    }
    if ui.json() {
        ui.document(&json!({"run_id": shown.run.id, "notices": chosen, "edits": edits}));
        return Ok(ExitStatus::Done);
    }
    print_edits(ui, &edits, &[]);
    match edits.first() {
        Some(edit) => ui.say(format_args!(
            "Wrote {}; later runs of this sender count it, and print it no more",
            ui.path(&edit.file)
        )),
        None => ui.say("It is known already"),
    }
    Ok(ExitStatus::Done)
}
