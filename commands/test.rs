//! `ade test`: run the cases of a configuration.

use std::path::PathBuf;
use std::time::Instant;

use ade::checks::cases::{self, Case, CaseResult, Difference};
use ade::checks::check::CheckError;
use ade::environment::provide::Want;
use ade::environment::provide::installers::Installers;
use ade::run::execution::provide::provide;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{EnvironmentProgress, LiveLines, Tone, Ui};

/// So many differences of a case are printed.
const MOST: usize = 20;

/// Run the cases of a configuration: inputs whose result is known
///
/// A case is a folder in tests/cases with an input and the expected.csv that it must become, whose columns are named after fields;
/// only these are compared. Nothing is recorded. The exit status is 1 where a case fails.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade test my-config\n  ade test my-config office-export\n  ade test my-config --update     write what came out as what is expected"
)]
pub struct Args {
    /// The configuration's folder
    #[arg(default_value = ".")]
    config: PathBuf,
    /// Only these cases
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// Only cases with this in their names
    #[arg(short = 'k', value_name = "WORDS")]
    words: Option<String>,
    /// Show what differs, and write what came out as what is expected
    #[arg(long)]
    update: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, prepared) = context.prepare(&args.config)?;
    let chosen = chosen(args, cases::find(&args.config)?)?;
    let lines = LiveLines::new(ui);
    let shown = EnvironmentProgress::new(&lines, &prepared.record.name);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let environment = provide(
        &workspace,
        &Installers,
        &prepared,
        Want::Whole,
        &cancel,
        &mut |progress| {
            shown.show(&progress);
        },
    )
    .map_err(|error| CheckError::Provide(Box::new(error)))?;
    let begun = Instant::now();
    let results = cases::run(&workspace, &prepared, &environment, &chosen, &cancel)?;
    let failed = results.iter().filter(|result| !result.passed).count();
    if ui.json() {
        ui.document(&json!({"passed": results.len() - failed, "failed": failed, "cases": results}));
    } else {
        results.iter().for_each(|result| print(ui, result));
        let took = begun.elapsed().as_secs_f64();
        ui.line(format_args!(
            "{} passed, {failed} failed in {took:.1} s",
            results.len() - failed
        ));
    }
    if args.update {
        for (case, result) in chosen.iter().zip(&results) {
            if let Some(file) = cases::update(case, result)? {
                ui.say(format_args!("Wrote {}", ui.path(&file)));
            }
        }
    }
    let is_left = |(case, result): (&Case, &CaseResult)| {
        let in_csv = |file: &PathBuf| file.ends_with("expected.csv");
        let is_csv = case.expected.as_ref().is_none_or(in_csv);
        let is_written = args.update && result.came_out.is_some() && is_csv;
        !result.passed && !is_written
    };
    let is_refused = chosen.iter().zip(&results).any(is_left);
    Ok(if is_refused {
        ExitStatus::Refused
    } else {
        ExitStatus::Done
    })
}

/// The cases that are meant.
fn chosen(args: &Args, all: Vec<Case>) -> Result<Vec<Case>, Failure> {
    let unknown = args
        .cases
        .iter()
        .find(|name| all.iter().all(|case| case.name != **name));
    let names = || {
        all.iter()
            .map(|case| case.name.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(name) = unknown {
        let message = format!("there is no case {name}");
        return Err(Failure::usage("no_input", message).hint(format!("there are {}", names())));
    }
    let has_words = |case: &Case| {
        args.words
            .as_ref()
            .is_none_or(|words| case.name.contains(words))
    };
    let is_named = |case: &Case| args.cases.is_empty() || args.cases.contains(&case.name);
    let found: Vec<Case> = all
        .iter()
        .filter(|case| has_words(case) && is_named(case))
        .cloned()
        .collect();
    if found.is_empty() {
        return Err(
            Failure::usage("no_input", "no case is meant").hint(format!("there are {}", names()))
        );
    }
    Ok(found)
}

fn print(ui: &Ui, result: &CaseResult) {
    let (tone, mark) = if result.passed {
        (Tone::Good, "✓")
    } else {
        (Tone::Bad, "✗")
    };
    let note = if result.checked {
        ""
    } else {
        "  nobody has checked this"
    };
    ui.line(format_args!(
        "{} {}{note}",
        ui.paint(tone, mark),
        result.name
    ));
    if let Some(error) = &result.error {
        ui.line(format_args!("  {error}"));
    }
    for difference in result.differences.iter().take(MOST) {
        ui.line(in_words(difference));
    }
    if let Some(more @ 1..) = result.differences.len().checked_sub(MOST) {
        ui.line(format_args!("  and {more} more"));
    }
}

fn in_words(difference: &Difference) -> String {
    let row = difference.row;
    let text = |value: &Option<String>, most: usize| match value.as_deref() {
        None | Some("") => "nothing".to_owned(),
        Some(text) if text.chars().count() <= most => text.to_owned(),
        Some(text) => text.chars().take(most - 1).chain(['…']).collect(),
    };
    match (&difference.field, &difference.expected) {
        (Some(field), _) => format!(
            "  row {row}  {field}  expected {}  got {}",
            text(&difference.expected, 20),
            text(&difference.got, 20)
        ),
        (None, Some(_)) => format!("  row {row} is missing: {}", text(&difference.expected, 50)),
        (None, None) => format!(
            "  row {row} was not expected: {}",
            text(&difference.got, 45)
        ),
    }
}
