//! Prints a run that ended, as `ade run` does, and decides its exit status.

use ade::run::error::RunError;
use ade::run::inline::Finished;
use ade::run::json::run_json;
use ade::run::{issues, kind_of_end};
use ade::store::{RunMetrics, RunRecord, RunStatus};
use serde_json::Value;

use crate::exit::{ExitStatus, Failure};
use crate::ui::{Tone, Ui, duration, plural, thousands};

/// Prints a run and its error. Returns whether it has one.
pub fn print(ui: &Ui, result: &Result<Finished, RunError>) -> bool {
    let failures = match result {
        Ok(finished) => {
            if ui.json() {
                ui.record(&to_json(finished));
            } else if ui.quiet() {
                print_path(ui, finished, "");
            } else {
                print_run(ui, finished);
            }
            failures(finished)
        }
        Err(error) => vec![Failure::of(error)],
    };
    failures.iter().for_each(|failure| ui.failure(failure));
    !failures.is_empty()
}

/// Returns the exit status of a run; with `deny_issues` a run with validation issues counts as refused.
pub fn status(result: &Result<Finished, RunError>, deny_issues: bool) -> ExitStatus {
    let finished = match result {
        Ok(finished) => finished,
        Err(error) => return Failure::of(error).status,
    };
    let metrics = finished.run.metrics.as_ref();
    let denied = deny_issues && metrics.is_some_and(|metrics| metrics.issues > 0);
    let copy = finished.copy_error.as_ref();
    [
        kind_of_end(&finished.run).map(Into::into),
        copy.map(|error| Failure::of(error).status),
        denied.then_some(ExitStatus::Refused),
    ]
    .into_iter()
    .flatten()
    .max()
    .unwrap_or(ExitStatus::Done)
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
    let mut object = run_json(&finished.run);
    if let Some(copy) = &finished.copied_to {
        // Absolute, as every path in the object.
        let copy = std::path::absolute(copy).unwrap_or_else(|_| copy.clone());
        object["copied_to"] = copy.display().to_string().into();
    }
    object
}

fn print_run(ui: &Ui, finished: &Finished) {
    let run = &finished.run;
    let (mark, words) = match run.status {
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
        print_found(ui, metrics, &finished.missing_fields);
        print_issues(ui, metrics.issues, run);
    }
    print_path(ui, finished, "  ");
}

fn print_found(ui: &Ui, metrics: &RunMetrics, missing_fields: &[String]) {
    ui.line(format_args!(
        "  {}, {}, {}",
        plural(metrics.sheets, "sheet"),
        plural(metrics.tables, "table"),
        plural(metrics.rows, "row")
    ));
    if metrics.tables == 0 {
        let nothing = ui.paint(Tone::Warn, "no table was found");
        ui.line(format_args!("  {nothing}"));
    }
    let unmapped = match metrics.unmapped_columns {
        0 => String::new(),
        columns => format!(", {} unmapped", plural(columns, "column")),
    };
    ui.line(format_args!(
        "  {} of {} mapped{unmapped}",
        thousands(metrics.mapped_fields),
        plural(metrics.expected_fields, "field")
    ));
    if !missing_fields.is_empty() {
        let missing = ui.paint(Tone::Warn, missing_fields.join(", "));
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
