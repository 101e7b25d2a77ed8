//! `ade ci`: runs all checks that a CI job needs for its configurations, in one call.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use ade::base::files;
use ade::checks::ci::{
    CiEvent, CiPlan, CiStep, ExaminedConfiguration, Level, Repository, StepState, annotations,
    as_junit, code_quality, examine, meant, outcome, summary,
};
use ade::engine::assignment;
use ade::run::execution::safe_mode::demand_acceptance;
use ade::settings::Settings;
use ade::store::RunOptions;
use clap::ValueEnum;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::run::{DemandArgs, report_left_out};
use crate::signals;
use crate::ui::{EnvironmentProgress, LiveLines, Tone, Ui};

/// Check configurations and files in a CI job
///
/// For each configuration, checks that its lock is up to date, that it loads, that its cases pass, and that its files normalize
/// and meet the requirements. The exit status is the highest of all. Under GitHub Actions, findings are marked in files, and
/// the job gets a summary.
///
/// Logs and reports contain no values or headers of inputs, except for differences in cases.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade ci\n  ade ci crew payroll --junit ade.xml --code-quality gl-code-quality.json\n  ade ci crew inbox/ --require email --max-errors 2%\n  ade ci crew inbox/roster.xlsx payroll 'wages/*.csv'   each file by the configuration before it\n  ade ci crew/src/ade_config/columns/fields.py          the configuration of a file that changed"
)]
pub struct Args {
    /// Configurations, each followed by the files, folders or quoted globs to normalize with it
    ///
    /// A file inside a configuration stands for the configuration. Files that belong to none are skipped.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Search subfolders of input folders
    #[arg(short, long)]
    recursive: bool,
    /// Override an engine setting for the runs, such as date_order=mdy; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    settings: Vec<(String, String)>,
    /// Skip the configurations' cases
    #[arg(long)]
    no_test: bool,

    #[command(flatten)]
    demands: DemandArgs,

    /// Write the results as JUnit XML to FILE
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    junit: Option<PathBuf>,
    /// Write a Markdown summary to FILE
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    summary: Option<PathBuf>,
    /// Write the findings as a GitLab code quality report to FILE
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    code_quality: Option<PathBuf>,
    /// Mark findings for this CI system: auto detects GitHub Actions; none also omits its job summary
    #[arg(
        long,
        value_enum,
        value_name = "FOR",
        default_value = "auto",
        help_heading = REPORTS
    )]
    annotate: AnnotationFormat,
}

const REPORTS: &str = "Reports";

/// The CI system whose annotation format is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AnnotationFormat {
    // No descriptions: clap would print each value on a line of its own.
    Auto,
    Github,
    None,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let meant = meant(&args.paths)?;
    for path in &meant.passed_over {
        ui.say(format_args!(
            "note: {} belongs to no configuration",
            ui.path(path)
        ));
    }
    let settings = context.settings()?;
    demand_acceptance(&settings)?;
    let repository = Repository::from_settings(&settings);
    let (mut all, mut cancelled) = (Vec::new(), false);
    if !meant.configurations.is_empty() {
        let workspace = context.open_or_create()?;
        let mut configurations = Vec::new();
        for asked in &meant.configurations {
            let found = asked.files(&workspace, args.recursive)?;
            report_left_out(ui, &found);
            configurations.push((asked.configuration.clone(), found.inputs));
        }
        let plan = CiPlan {
            workspace: &workspace,
            configurations: &configurations,
            test: !args.no_test,
            options: RunOptions {
                settings: args.settings.iter().cloned().collect(),
                demands: args.demands.demands(),
                ..RunOptions::default()
            },
        };
        (all, cancelled) = look(ui, &plan);
    }
    let status = match cancelled {
        true => ExitStatus::Cancelled,
        false => outcome(&all).map_or(ExitStatus::Done, ExitStatus::from),
    };
    report(args, ui, &settings, &repository, (&all, status))
}

/// Runs the planned steps and prints each one when it ends. Also returns whether the call was cancelled.
fn look(ui: &Ui, plan: &CiPlan<'_>) -> (Vec<ExaminedConfiguration>, bool) {
    let lines = LiveLines::new(ui);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let environment = EnvironmentProgress::new(&lines, "");
    let all = examine(plan, &cancel, &|told| match told {
        CiEvent::Begun(name, folder) => {
            // Several configurations may have the same name, so folders tell them apart; the current folder needs no path.
            let typed = ui.path(folder);
            let is_typed = !Path::new(&typed).is_absolute();
            let title = if is_typed { &*typed } else { name };
            environment.go_on_with(title);
            if !ui.json() {
                lines.suspend(|| ui.line(ui.paint(Tone::Strong, title)));
            }
        }
        CiEvent::Ended(_) if ui.json() => {}
        CiEvent::Environment(progress) => environment.show(progress),
        CiEvent::Trouble(message) => lines.say(format_args!("note: {message}")),
        CiEvent::Ended(step) => lines.suspend(|| print(ui, step)),
    });
    (all, cancel.is_cancelled())
}

fn print(ui: &Ui, step: &CiStep) {
    let (tone, mark) = match step.state {
        _ if step.found_nothing() => (Tone::Warn, "⚠"),
        StepState::Passed => (Tone::Good, "✓"),
        StepState::Failed => (Tone::Bad, "✗"),
        StepState::Skipped => (Tone::Dim, "-"),
    };
    let title = match &step.input {
        Some(input) => format!("{} {}", step.step.word(), ui.path(input)),
        None => step.step.word().to_owned(),
    };
    let message = match step.state {
        StepState::Skipped => format!("skipped: {}", step.message),
        // The findings already report the error.
        StepState::Failed
            if step
                .findings
                .iter()
                .any(|finding| finding.message.starts_with(&step.message)) =>
        {
            String::new()
        }
        _ => step.message.clone(),
    };
    let line = format!("  {} {title:<5}  {message}", ui.paint(tone, mark));
    ui.line(line.trim_end());
    for finding in &step.findings {
        let tone = match finding.level {
            Level::Error => Tone::Bad,
            Level::Warning => Tone::Warn,
        };
        let mut words = finding.message.lines();
        let first = words.next().unwrap_or_default();
        let level = ui.paint(tone, finding.level.word());
        ui.line(format_args!("    {level}: {first}"));
        // Behind a bar, a line of output can never be read as a command by the CI system.
        words.for_each(|line| ui.line(format_args!("    | {line}")));
        if let Some(hint) = &finding.hint {
            ui.line(format_args!("    hint: {}", hint.replace('\n', " ")));
        }
    }
}

/// Prints and writes the reports. If one file cannot be written, the others still are.
fn report(
    args: &Args,
    ui: &Ui,
    settings: &Settings,
    repository: &Repository,
    (all, status): (&[ExaminedConfiguration], ExitStatus),
) -> Outcome {
    if ui.json() {
        ui.document(&json!({
            "passed": status == ExitStatus::Done,
            "exit_status": status as u8,
            "configurations": all,
        }));
    }
    let variable = |name: &str| settings.variables.get(OsStr::new(name));
    let on_github = match args.annotate {
        AnnotationFormat::Auto => variable("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
        AnnotationFormat::Github => true,
        AnnotationFormat::None => false,
    };
    if on_github {
        for command in annotations(all, repository) {
            // With --json, standard output holds only the document; GitHub reads both streams.
            match ui.json() {
                true => ui.log(command),
                false => ui.line(command),
            }
        }
        let of_job = variable("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty());
        if let Some(file) = of_job
            && let Err(error) = append(Path::new(file), &summary(all, repository))
        {
            ui.say(format_args!(
                "note: cannot write the summary of the job: {error}"
            ));
        }
    }
    let quality = || serde_json::to_string_pretty(&code_quality(all, repository));
    let reports = [
        ("--junit", &args.junit, as_junit(all, repository)),
        ("--summary", &args.summary, summary(all, repository)),
        (
            "--code-quality",
            &args.code_quality,
            quality().unwrap_or_default(),
        ),
    ];
    let asked: Vec<(&str, &PathBuf, String)> = reports
        .into_iter()
        .filter_map(|(flag, file, text)| Some((flag, file.as_ref()?, text)))
        .collect();
    let written = ui.each(&asked, |(flag, file, text)| {
        let written = files::write_whole(file, text.as_bytes());
        Ok(written.map_err(|error| error.of_target(flag))?)
    });
    Ok(status.max(written))
}

fn append(file: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)?;
    file.write_all(text.as_bytes())
}
