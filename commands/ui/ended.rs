//! Prints a run that ended, as `ade run` and `ade runs retry --now` do, and decides its exit status.

use ade::problem::code;
use ade::run::error::RunError;
use ade::run::inline::Finished;
use ade::run::json::run_json;
use ade::run::{issues, kind_of_end};
use ade::store::{FieldState, RunMetrics, RunRecord, RunStatus};
use serde_json::Value;

use super::format::{duration, plural, thousands};
use super::results::{fields_that_are, rows};
use super::terminal::Ui;
use super::tone::Tone;
use crate::exit::{ExitStatus, Failure};

/// How a run counts in a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Its workbook is where it was wanted.
    Normalized,
    /// The same, but it has issues, and these were denied.
    Denied,
    /// It failed, or its copy could not be written.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// Prints a run and its errors. Returns how it counts, and its exit status. With `deny_issues` a run with validation issues
/// is refused.
pub fn print(
    ui: &Ui,
    result: &Result<Finished, RunError>,
    deny_issues: bool,
) -> (Counts, ExitStatus) {
    let denied = result
        .as_ref()
        .ok()
        .filter(|_| deny_issues)
        .and_then(denied);
    let failures = match result {
        Ok(finished) => {
            if ui.json() {
                ui.record(&to_json(finished));
            } else if ui.quiet() {
                print_path(ui, finished, "");
            } else {
                print_run(ui, finished, denied.is_some());
            }
            failures(finished)
        }
        Err(error) => vec![Failure::of(error)],
    };
    let counts = match result {
        Ok(finished) if finished.run.status == RunStatus::Cancelled => Counts::Cancelled,
        _ if !failures.is_empty() => Counts::Failed,
        _ if denied.is_some() => Counts::Denied,
        _ => Counts::Normalized,
    };
    let mut status = ExitStatus::Done;
    for failure in failures.iter().chain(&denied) {
        ui.failure(failure);
        status = status.max(failure.status);
    }
    // A run that failed without an error of its own still failed.
    if let Some(kind) = result
        .as_ref()
        .ok()
        .and_then(|ended| kind_of_end(&ended.run))
    {
        status = status.max(kind.into());
    }
    (counts, status)
}

/// What is wrong with a run whose issues are denied, where it has some.
fn denied(finished: &Finished) -> Option<Failure> {
    let issues = finished.run.metrics.as_ref()?.issues;
    (issues > 0).then(|| Failure {
        status: ExitStatus::Refused,
        code: code::ISSUES_DENIED.to_owned(),
        message: format!(
            "{} has {}, which --deny-issues does not allow",
            finished.run.input_name,
            plural(issues, "issue")
        ),
        hint: None,
    })
}

fn failures(finished: &Finished) -> Vec<Failure> {
    let of_run = failure_of(&finished.run);
    let of_copy = finished.copy_error.as_ref().map(|error| Failure::of(error));
    of_run.into_iter().chain(of_copy).collect()
}

fn failure_of(run: &RunRecord) -> Option<Failure> {
    let status = kind_of_end(run)?.into();
    let error = run.error.as_ref()?;
    Some(Failure {
        status,
        code: error.code.clone(),
        message: error.message.clone(),
        hint: error.hint.clone(),
    })
}

fn to_json(finished: &Finished) -> Value {
    let mut object = run_json(&finished.run, finished.copy_path.as_deref());
    // The former name of `output_copy`.
    if let Some(copy) = &finished.copied_to {
        // Absolute, as every path in the object.
        let copy = std::path::absolute(copy).unwrap_or_else(|_| copy.clone());
        object["copied_to"] = copy.display().to_string().into();
    }
    object
}

fn print_run(ui: &Ui, finished: &Finished, denied: bool) {
    let run = &finished.run;
    let (mark, words) = match run.status {
        RunStatus::Succeeded if denied => (ui.paint(Tone::Bad, "✗"), "has issues "),
        RunStatus::Succeeded => (ui.paint(Tone::Good, "✓"), ""),
        RunStatus::Cancelled => (ui.paint(Tone::Bad, "✗"), "cancelled "),
        _ => (ui.paint(Tone::Bad, "✗"), "failed "),
    };
    let took = run.duration_ms().map(duration).unwrap_or_default();
    ui.line(format_args!(
        "{mark} {}  {words}{}",
        ui.paint(Tone::Strong, &run.input_name),
        ui.paint(Tone::Dim, took)
    ));
    if run.status != RunStatus::Succeeded {
        return;
    }
    if let Some(summary) = &run.summary {
        ui.line(format_args!("  {summary}"));
    }
    if let Some(metrics) = &run.metrics {
        print_found(ui, metrics, finished);
        print_issues(ui, metrics.issues, run);
    }
    print_path(ui, finished, "  ");
}

fn print_found(ui: &Ui, metrics: &RunMetrics, finished: &Finished) {
    ui.line(format_args!(
        "  {}, {}, {}",
        plural(metrics.sheets, "sheet"),
        plural(metrics.tables, "table"),
        rows(metrics.rows, finished.rows)
    ));
    if metrics.tables == 0 {
        let nothing = ui.paint(Tone::Warn, "no table was found");
        ui.line(format_args!("  {nothing}"));
    }
    let unmapped = match metrics.unmapped_columns {
        0 => String::new(),
        columns => format!(", {} unmapped", plural(columns, "column")),
    };
    let computed = fields_that_are(FieldState::Computed, &finished.fields);
    let and_computed = match computed.len() {
        0 => String::new(),
        fields => format!(", {} computed", thousands(fields as u64)),
    };
    ui.line(format_args!(
        "  {} of {} mapped{and_computed}{unmapped}",
        thousands(metrics.mapped_fields),
        plural(metrics.expected_fields, "field")
    ));
    if !computed.is_empty() {
        ui.line(format_args!("  computed: {}", computed.join(", ")));
    }
    let missing = fields_that_are(FieldState::Missing, &finished.fields);
    if !missing.is_empty() {
        let missing = ui.paint(Tone::Warn, missing.join(", "));
        ui.line(format_args!("  not found: {missing}"));
    }
}

fn print_issues(ui: &Ui, issues: u64, run: &RunRecord) {
    let tone = if issues == 0 { Tone::Plain } else { Tone::Warn };
    ui.line(format_args!(
        "  {}",
        ui.paint(tone, plural(issues, "issue"))
    ));
    if issues > 0 && !issues::are_in_workbook(run) {
        ui.say(
            "hint: write_diagnostics_columns = true in settings.toml puts each issue beside its row",
        );
    }
}

fn print_path(ui: &Ui, finished: &Finished, indent: &str) {
    let path = finished.copied_to.as_ref();
    if let Some(path) = path.or(finished.run.output_path.as_ref()) {
        // With `-q` the path is data for a script, so it is not painted.
        let path = ui.path(path);
        let tone = if ui.quiet() { Tone::Plain } else { Tone::Name };
        ui.line(format_args!("{indent}{}", ui.paint(tone, path)));
    }
}
