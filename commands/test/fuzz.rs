//! `ade test --fuzz`: changes a sender's layout in ways that must not change the results.

use ade::base::cancel::Cancel;
use ade::checks::cases::{Case, FuzzedCase, KeptCase, fuzz, keep};
use ade::environment::needed::prepare::PreparedConfiguration;
use ade::store::EnvironmentRecord;
use ade::workspace::Workspace;
use serde_json::json;

use super::differences::print_differences;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, Ui, plural};

/// The options of a fuzz test.
pub struct FuzzOptions<'a> {
    pub cases: &'a [Case],
    /// The number of changes per case.
    pub changes: u32,
    /// The seed for choosing the changes.
    pub seed: u64,
    /// Whether changes that break something are kept as cases.
    pub keep: bool,
}

pub fn run(
    ui: &Ui,
    (workspace, prepared, environment): (&Workspace, &PreparedConfiguration, &EnvironmentRecord),
    wanted: &FuzzOptions<'_>,
    cancel: &Cancel,
) -> Outcome {
    let how = (wanted.changes, wanted.seed);
    let fuzzed = fuzz(workspace, prepared, environment, wanted.cases, how, cancel)?;
    let all = &fuzzed.cases;
    let tried: u64 = all.iter().flat_map(|case| case.tried.values()).sum();
    let broken: u64 = all
        .iter()
        .flat_map(|case| &case.broken)
        .map(|broken| broken.times)
        .sum();
    let failed = all.iter().filter(|case| case.error.is_some()).count();
    if ui.json() {
        ui.document(&json!({"seed": wanted.seed, "tried": tried, "broken": broken, "cases": all}));
    } else {
        all.iter().for_each(|case| print(ui, case));
        let seed = wanted.seed;
        ui.line(format_args!(
            "{} tried, {broken} of them changed the result (--seed {seed})",
            plural(tried, "change of layout").replace("change of layouts", "changes of layout")
        ));
    }
    if wanted.keep {
        for (case, fuzzed) in wanted.cases.iter().zip(all) {
            for broken in &fuzzed.broken {
                match keep(case, broken)? {
                    KeptCase::New(folder) => ui.say(format_args!("Kept as {}", ui.path(&folder))),
                    KeptCase::IsThere(folder) => ui.say(format_args!(
                        "Not kept, because it is there already: {}",
                        ui.path(&folder)
                    )),
                }
            }
        }
    } else if broken > 0 {
        ui.say(
            "Extend the configuration to read these layouts, or keep each as a case with --keep",
        );
    }
    Ok(ExitStatus::refused_if(failed > 0 || broken > 0))
}

fn print(ui: &Ui, case: &FuzzedCase) {
    let is_well = case.error.is_none() && case.broken.is_empty();
    let (tone, mark) = match is_well {
        true => (Tone::Good, "✓"),
        false => (Tone::Bad, "✗"),
    };
    ui.line(format_args!("{} {}", ui.paint(tone, mark), case.name));
    if let Some(error) = &case.error {
        ui.line(format_args!("  nothing was tried: {error}"));
    }
    for broken in &case.broken {
        let tried = case.tried.get(&broken.kind).copied().unwrap_or_default();
        ui.line(format_args!(
            "  {} ({} of {tried}): {}",
            broken.kind, broken.times, broken.change
        ));
        if let Some(error) = &broken.error {
            ui.line(format_args!("    {error}"));
        }
        print_differences(ui, "    ", &broken.differences);
    }
}
