//! `ade test --past`: tries the current configuration on the inputs of its last runs.

use ade::base::cancel::Cancel;
use ade::checks::past::{PastComparison, again, runs};
use ade::environment::needed::prepare::PreparedConfiguration;
use ade::store::EnvironmentRecord;
use ade::workspace::Workspace;
use serde_json::json;

use crate::exit::{ExitStatus, Outcome};
use crate::runs::diff;
use crate::ui::{Tone, Ui, plural};

/// Tries the inputs of the last runs, and prints each when it is done.
pub fn past(
    ui: &Ui,
    (workspace, prepared, environment): (&Workspace, &PreparedConfiguration, &EnvironmentRecord),
    most: usize,
    cancel: &Cancel,
) -> Outcome {
    let mut tried = Vec::new();
    for run in runs(workspace, prepared, most)? {
        let past = again(workspace, prepared, environment, run, cancel)?;
        if !ui.json() {
            print(ui, &past);
        }
        tried.push(past);
    }
    let differ = tried.iter().filter(|past| past.differs()).count();
    if ui.json() {
        ui.document(&json!({"inputs": tried.len(), "differ": differ, "past": tried}));
    } else {
        let same = tried.len() - differ;
        ui.line(format_args!(
            "{}: {same} as before, {differ} differ",
            plural(tried.len() as u64, "input")
        ));
    }
    Ok(ExitStatus::refused_if(differ > 0))
}

fn print(ui: &Ui, past: &PastComparison) {
    match (&past.error, &past.difference) {
        (None, Some(found)) if found.is_any() => diff::print(ui, found),
        (None, Some(_)) => ui.line(format_args!("{} {}", ui.paint(Tone::Good, "✓"), past.input)),
        (error, _) => {
            let why = error.as_ref().map_or_else(
                || "a run of it has no report".to_owned(),
                |error| format!("{}: {}", error.code, error.message),
            );
            ui.line(format_args!("{} {}", ui.paint(Tone::Bad, "✗"), past.input));
            ui.line(format_args!("  a run of it fails now: {why}"));
        }
    }
}
