//! `ade test`: runs the cases of a configuration, its past inputs, or changed layouts.

mod differences;
mod fuzz;
pub mod past;

use std::path::PathBuf;
use std::time::Instant;

use ade::base::cancel::Cancel;
use ade::base::files;
use ade::checks::cases::{self, Case, CaseResult};
use ade::configuration::Configuration;
use ade::environment::needed::prepare::{PreparedConfiguration, prepare};
use ade::environment::provide::RebuildPolicy;
use ade::environment::provide::installers::Installers;
use ade::run::execution::provide::provide;
use ade::run::inputs::input::{Input, MeantFiles};
use ade::run::inputs::watch::InputWatch;
use ade::store::EnvironmentRecord;
use ade::workspace::Workspace;
use serde_json::json;

use self::differences::print_differences;
use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{EnvironmentProgress, LiveLines, Tone, Ui, first, plural};

/// Test a configuration with inputs whose results are known
///
/// A case is a folder in tests/cases with an input and its expected.csv or expected.xlsx, whose columns are named after fields.
/// Only these are compared, and issues if case.toml lists them. Records nothing. The exit status is 1 if something differs.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade test my-config\n  ade test my-config office-export\n  ade test my-config --update     write what came out as what is expected\n  ade test my-config --watch      again at each change\n  ade test my-config --past 20    what would become of the last 20 inputs\n  ade test my-config --fuzz 20    what a change of layout would do"
)]
pub struct Args {
    /// The folder of the configuration
    #[arg(default_value = ".")]
    config: PathBuf,
    /// Run only these cases
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// Run only cases with this in their names
    #[arg(short = 'k', value_name = "WORDS")]
    words: Option<String>,
    /// Show the differences, and write the results as the expected ones
    #[arg(long)]
    update: bool,
    /// Test again whenever a file of the configuration changes
    #[arg(long, conflicts_with_all = ["update", "past"])]
    watch: bool,
    /// Write the results as JUnit XML to FILE
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Repeat the inputs of the last N runs instead, and show how their results change
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["cases", "words", "update", "junit"])]
    past: Option<u32>,
    /// Try N layout changes on each case's input that must not change the result, such as moved columns
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000), conflicts_with_all = ["past", "update", "junit"])]
    fuzz: Option<u32>,
    /// The seed for choosing the changes
    #[arg(long, value_name = "S", default_value_t = 1, requires = "fuzz")]
    seed: u64,
    /// Keep each smallest change that changes the result as a case
    #[arg(long, requires = "fuzz")]
    keep: bool,
}

/// The parts that every round uses.
struct TestSession<'a> {
    args: &'a Args,
    ui: &'a Ui,
    lines: &'a LiveLines<'a>,
    cancel: &'a Cancel,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let lines = LiveLines::new(ui);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let session = TestSession {
        args,
        ui,
        lines: &lines,
        cancel: &cancel,
    };
    if args.watch {
        return session.watch(&context.open_or_create()?);
    }
    let (workspace, prepared) = context.prepare(&args.config)?;
    session.round(&workspace, &prepared)
}

/// Prepares the environment for cases and past inputs.
pub fn environment_for(
    lines: &LiveLines<'_>,
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    cancel: &Cancel,
) -> Result<EnvironmentRecord, Failure> {
    let shown = EnvironmentProgress::new(lines, &prepared.record.name);
    let on = &mut |progress: ade::environment::provide::ProvideProgress<'_>| shown.show(&progress);
    Ok(provide(
        workspace,
        &Installers,
        prepared,
        RebuildPolicy::Ready,
        cancel,
        on,
    )?)
}

impl TestSession<'_> {
    fn round(&self, workspace: &Workspace, prepared: &PreparedConfiguration) -> Outcome {
        let (args, ui) = (self.args, self.ui);
        if let Some(runs) = args.past {
            let environment = environment_for(self.lines, workspace, prepared, self.cancel)?;
            let with = (workspace, prepared, &environment);
            return past::past(ui, with, runs as usize, self.cancel);
        }
        let all = cases::find(&args.config)?;
        let mut chosen = cases::choose(all, &args.cases, args.words.as_deref())?;
        let environment = environment_for(self.lines, workspace, prepared, self.cancel)?;
        if let Some(changes) = args.fuzz {
            let wanted = fuzz::FuzzOptions {
                cases: &chosen,
                changes,
                seed: args.seed,
                keep: args.keep,
            };
            return fuzz::run(
                ui,
                (workspace, prepared, &environment),
                &wanted,
                self.cancel,
            );
        }
        for case in chosen.iter_mut().filter(|_| args.update) {
            let input = case.input.clone();
            let runs = workspace.runs_of_file(&input);
            if let Some(file) = cases::name_input(case, runs)? {
                ui.say(format_args!("Wrote {}", ui.path(&file)));
            }
        }
        let begun = Instant::now();
        let results = cases::run(workspace, prepared, &environment, &chosen, self.cancel)?;
        let is_updated = |result: &CaseResult| args.update && is_mended(result);
        let passed = results.iter().filter(|result| result.passed).count();
        let updated = results.iter().filter(|result| is_updated(result)).count();
        let failed = results.len() - passed - updated;
        if ui.json() {
            ui.document(
                &json!({"passed": passed, "updated": updated, "failed": failed, "cases": results}),
            );
        } else {
            print_cases(ui, &results, args.update);
            let took = begun.elapsed().as_secs_f64();
            let updated = match updated {
                0 => String::new(),
                _ => format!("{updated} updated, "),
            };
            ui.line(format_args!(
                "{passed} passed, {updated}{failed} failed in {took:.1} s"
            ));
            print_unchecked(ui, &results);
        }
        if let Some(file) = &args.junit {
            let text = cases::as_junit(&prepared.record.name, &results);
            files::write_whole(file, text.as_bytes())
                .map_err(|error| error.of_target("--junit"))?;
        }
        if args.update {
            update(ui, &chosen, &results)?;
        }
        Ok(ExitStatus::refused_if(failed > 0))
    }

    /// Runs a round after each change, until a signal.
    fn watch(&self, workspace: &Workspace) -> Outcome {
        let folder = self.args.config.as_path();
        // All files of the configuration are watched anyway; this folder represents them.
        let itself = [folder.join("tests")];
        let input = || Input::from(itself[0].clone());
        let meant = || MeantFiles {
            inputs: vec![input()],
            outputs: Vec::new(),
            below: Vec::new(),
        };
        let watch = InputWatch {
            configuration: folder,
            arguments: &itself,
            expand: &|| Ok(meant()),
            written: [workspace.paths.data()]
                .into_iter()
                .chain(self.args.junit.as_deref())
                .collect(),
        };
        let mut status = ExitStatus::Done;
        let mut round = |_: &[Input]| -> Result<Vec<Input>, Failure> {
            let opened = Configuration::open(folder).map_err(|error| Failure::from_problem(&error));
            let prepared = opened.and_then(|opened| Ok(prepare(workspace, opened, None)?));
            let done = prepared.and_then(|prepared| self.round(workspace, &prepared));
            status = done.unwrap_or_else(|failure| {
                self.lines.suspend(|| self.ui.failure(&failure));
                failure.status
            });
            Ok(Vec::new())
        };
        let waiting = || self.lines.say("Watching for changes; Ctrl-C ends this");
        let changed = |changes: &ade::run::inputs::watch::ChangedInputs| {
            let files = changes.configuration.iter();
            let names = files.map(|path| self.ui.path(path));
            self.lines.say(format!("changed: {}", first(5, names)));
        };
        watch.rounds(vec![input()], self.cancel, &mut round, &waiting, &changed)?;
        Ok(status)
    }
}

/// Writes the results as the new expectations.
fn update(ui: &Ui, chosen: &[Case], results: &[CaseResult]) -> Result<(), Failure> {
    for (case, result) in chosen.iter().zip(results) {
        if let Some(file) = cases::update(case, result)? {
            ui.say(format_args!("Wrote {}", ui.path(&file)));
        }
        let is_workbook = |file: &PathBuf| file.ends_with("expected.xlsx");
        if !result.passed && case.expected.as_ref().is_some_and(is_workbook) {
            ui.say(format_args!(
                "{}: --update does not write expected.xlsx; delete it to get an expected.csv",
                case.name
            ));
        }
    }
    Ok(())
}

fn print_unchecked(ui: &Ui, results: &[CaseResult]) {
    let unchecked: Vec<String> = results
        .iter()
        .filter(|result| !result.checked)
        .map(|result| result.name.clone())
        .collect();
    if !unchecked.is_empty() {
        ui.line(format_args!(
            "Nobody has checked the expected results of {}: {}",
            plural(unchecked.len() as u64, "case"),
            first(5, unchecked.into_iter())
        ));
    }
}

fn is_mended(result: &CaseResult) -> bool {
    !result.passed && result.is_mended_by_update()
}

/// Prints each case and its differences; differences that `--update` writes are not failures.
pub fn print_cases(ui: &Ui, results: &[CaseResult], update: bool) {
    for result in results {
        print(ui, result, update && is_mended(result));
    }
}

/// Prints a case and its differences; differences that `--update` writes are not failures.
fn print(ui: &Ui, result: &CaseResult, is_updated: bool) {
    let (tone, mark) = match (result.passed, is_updated) {
        (true, _) => (Tone::Good, "✓"),
        (false, true) => (Tone::Warn, "!"),
        (false, false) => (Tone::Bad, "✗"),
    };
    ui.line(format_args!("{} {}", ui.paint(tone, mark), result.name));
    if let Some(error) = &result.error {
        ui.line(format_args!("  {error}"));
    }
    print_differences(ui, "  ", &result.differences);
}
