//! `ade fix --edition`: moves a configuration to a newer edition, and shows how the results change.

use std::path::Path;

use ade::checks::cases::{self, CasesError};
use ade::checks::fix;
use serde_json::json;

use super::edits::print_edits;
use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::signals;
use crate::test::{environment_for, past, print_cases};
use crate::ui::LiveLines;

/// The maximum number of recent inputs to compare.
const MAX_INPUTS: usize = 20;

/// Moves the configuration. With `is_agreed` the command does not ask first.
pub fn run(folder: &Path, is_agreed: bool, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, prepared) = context.prepare(folder)?;
    let Some(edit) = fix::of_edition(&prepared.configuration.root)? else {
        match ui.json() {
            true => ui.document(&json!({"edits": [], "written": false, "cases": []})),
            false => {
                ui.line("The configuration already uses edition 2026, and every line of its settings.toml is needed")
            }
        }
        return Ok(ExitStatus::Done);
    };
    let edits = [edit];
    if !ui.json() {
        print_edits(ui, &edits, &[]);
    }
    let [edit] = &edits;
    let asks = |question: &str| ui.can_ask() && ui.is_agreed(question);
    if !is_agreed && !asks("Write this, and see what changes in the results?") {
        if ui.json() {
            ui.document(&json!({"edits": edits, "written": false, "cases": []}));
        } else {
            ui.hint("add --yes to write it; ade then runs its cases and latest inputs to show what changes in the results");
        }
        return Ok(ExitStatus::Done);
    }
    fix::write(edit)?;
    ui.say(format_args!("Wrote {}", ui.path(&edit.file)));
    let lines = LiveLines::new(ui);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let (workspace, prepared) = match context.prepare(folder) {
        Ok(anew) => anew,
        Err(_) => (workspace, prepared),
    };
    let environment = environment_for(&lines, &workspace, &prepared, &cancel)?;
    let all = match cases::find(folder) {
        Err(CasesError::None(_)) => Vec::new(),
        found => found?,
    };
    let results = cases::run(&workspace, &prepared, &environment, &all, &cancel)?;
    let are_same = results.iter().all(|result| result.passed);
    if ui.json() {
        ui.document(&json!({"edits": edits, "written": true, "cases": results}));
        return Ok(ExitStatus::refused_if(!are_same));
    }
    print_cases(ui, &results, false);
    let with = (&workspace, &prepared, &environment);
    let of_past = past::past(ui, with, MAX_INPUTS, &cancel)?;
    let is_same = are_same && matches!(of_past, ExitStatus::Done);
    if !is_same && !is_agreed && !asks("Keep it?") {
        fix::write(&edit.back())?;
        ui.say(format_args!("Put {} back", ui.path(&edit.file)));
    }
    Ok(ExitStatus::refused_if(!is_same))
}
