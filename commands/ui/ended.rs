//! Prints an ended run for `ade run` and `ade runs retry --now`, and decides its exit status.

use std::collections::HashSet;

use ade::base::show_path::FullPaths;
use ade::run::execution::error::RunError;
use ade::run::execution::happenings::FinishedRun;
use ade::run::execution::verdict::kind_of_end;
use ade::run::results::demands::NothingFound;
use ade::run::views::json::RunView;
use ade::run::views::summary::unprocessed;
use ade::store::{FieldState, RunMetrics, RunRecord, RunStatus};
use serde_json::{Value, json};

use super::batch::{BatchLines, CountsAs};
use super::format::{duration, not_found, plural, thousands};
use super::issue_lines;
use super::notices::NoticeLines;
use super::results::{fields_that_are, rows};
use super::terminal::Ui;
use super::tone::Tone;
use crate::exit::{ExitStatus, Failure};

/// The state shared by the output of all runs of one call.
#[derive(Default)]
pub struct RunOutput {
    /// Whether there are several files and their details are requested.
    pub several: bool,
    /// The messages that were already printed once for all files.
    pub told: HashSet<String>,
    /// Set if each of several files gets one line.
    pub batch: Option<BatchLines>,
}

/// Prints a run and its errors. Returns how it counts, and its exit status.
pub fn print(
    ui: &Ui,
    input: usize,
    result: &Result<FinishedRun, RunError>,
    call: &mut RunOutput,
) -> (CountsAs, ExitStatus) {
    let finished = result.as_ref().ok();
    let short = finished.map_or(&[][..], |finished| &finished.shortfalls);
    let failures = match result {
        Ok(finished) => failures(finished),
        Err(error) => vec![Failure::from_problem(error)],
    };
    let counts = match finished {
        Some(finished) if finished.run.status == RunStatus::Cancelled => CountsAs::Cancelled,
        _ if !failures.is_empty() => CountsAs::Failed,
        _ if !short.is_empty() => CountsAs::Refused,
        Some(finished) if finished.is_unchanged => CountsAs::Unchanged,
        Some(finished) if unprocessed(&finished.run).is_some() => CountsAs::Unprocessed,
        Some(finished) if NothingFound::from_run(&finished.run).is_some() => CountsAs::Empty,
        _ => CountsAs::Normalized,
    };
    print_run(ui, input, finished, counts, call);
    if let Some(finished) = finished {
        print_copy(ui, finished, call.batch.as_mut());
    }
    let mut status = ExitStatus::Done;
    let mut tell = |failure: Failure, of_call: bool| {
        status = status.max(failure.status);
        match &mut call.batch {
            // The file's line already says it.
            Some(_) if !ui.json() && counts == CountsAs::Cancelled => {}
            Some(batch) if !ui.json() => batch.failed(input, failure, of_call),
            // A failure of the whole call is the same for every file.
            _ if of_call && !call.told.insert(failure.message.clone()) => {}
            _ => ui.failure(&failure),
        }
    };
    for failure in failures {
        tell(failure, false);
    }
    for short in short {
        tell(Failure::from_problem(short), short.is_of_call());
    }
    // A failed run without an error of its own still fails the call.
    if let Some(kind) = finished.and_then(|ended| kind_of_end(&ended.run)) {
        status = status.max(kind.into());
    }
    (counts, status)
}

/// Prints a run without its errors, in the format of the call.
fn print_run(
    ui: &Ui,
    input: usize,
    finished: Option<&FinishedRun>,
    counts: CountsAs,
    call: &mut RunOutput,
) {
    match (finished, &mut call.batch) {
        (finished, _) if ui.json() => finished.iter().for_each(|ended| ui.record(&to_json(ended))),
        (finished, _) if ui.quiet() => finished.iter().for_each(|ended| print_path(ui, ended, "")),
        (_, Some(batch)) => print_line(ui, input, finished, counts, batch, &mut call.told),
        (Some(finished), None) => print_details(ui, finished, call.several, &mut call.told),
        (None, None) => {}
    }
}

/// Prints the line of one of several files. Its details are stored for the summary.
fn print_line(
    ui: &Ui,
    input: usize,
    finished: Option<&FinishedRun>,
    counts: CountsAs,
    batch: &mut BatchLines,
    told: &mut HashSet<String>,
) {
    if let Some(finished) = finished {
        let run = &finished.run;
        let lines = NoticeLines { ui, run: &run.id };
        lines.of_configuration(&finished.noticed, told);
        // The notices of an unchanged file were printed by the earlier run.
        if run.status != RunStatus::Cancelled && !finished.is_unchanged {
            batch.noticed(input, &finished.noticed);
        }
        if run.status == RunStatus::Succeeded && has_faults(run) {
            batch.hint(issue_lines::hint_at_list(finished));
        }
    }
    batch.line(ui, input, finished, counts);
}

fn failures(finished: &FinishedRun) -> Vec<Failure> {
    let of_run = failure_of(&finished.run);
    let of_copy = finished
        .copy_error
        .as_ref()
        .map(|error| Failure::from_problem(error));
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
        place: error.place.clone(),
    })
}

fn to_json(finished: &FinishedRun) -> Value {
    let copy = finished.copy_path.as_deref();
    let mut object = json!(RunView::new(
        &finished.run,
        copy,
        &finished.shortfalls,
        &FullPaths
    ));
    if finished.is_unchanged {
        object["skipped_reason"] = json!("unchanged");
    }
    object["notices"] = json!(finished.noticed.notices);
    if !finished.beside.is_empty() {
        object["other_outputs"] = json!(finished.beside);
    }
    // The former name of `output_copy`.
    if let Some(copy) = &finished.copied_to {
        // Absolute, like every path in an object.
        let copy = std::path::absolute(copy).unwrap_or_else(|_| copy.clone());
        object["copied_to"] = copy.display().to_string().into();
    }
    object
}

fn print_details(ui: &Ui, finished: &FinishedRun, several: bool, told: &mut HashSet<String>) {
    let run = &finished.run;
    let is_refused = !finished.shortfalls.is_empty();
    let lines = NoticeLines { ui, run: &run.id };
    if several {
        lines.of_configuration(&finished.noticed, told);
    }
    let nothing = NothingFound::from_run(run);
    let instead = unprocessed(run);
    let (mark, words) = match run.status {
        RunStatus::Succeeded if is_refused => (ui.paint(Tone::Bad, "✗"), "refused "),
        RunStatus::Succeeded if nothing.is_some() => (ui.paint(Tone::Warn, "⚠"), "found nothing "),
        RunStatus::Succeeded if has_faults(run) => (ui.paint(Tone::Warn, "⚠"), ""),
        RunStatus::Succeeded => (ui.paint(Tone::Good, "✓"), ""),
        RunStatus::Cancelled => (ui.paint(Tone::Bad, "✗"), "cancelled "),
        _ => (ui.paint(Tone::Bad, "✗"), "failed "),
    };
    let took = match finished.is_unchanged {
        true => format!("unchanged since run {}", finished.short_id),
        false => run.duration_ms().map(duration).unwrap_or_default(),
    };
    ui.line(format_args!(
        "{mark} {}  {words}{}",
        ui.paint(Tone::Strong, &run.input_name),
        ui.paint(Tone::Dim, took)
    ));
    let succeeded = run.status == RunStatus::Succeeded;
    match (instead, &run.summary) {
        (Some((word, what)), _) => ui.line(format_args!("  {word}: {what}")),
        (None, Some(summary)) if succeeded => ui.line(format_args!("  {summary}")),
        _ => {}
    }
    if let (true, Some(metrics)) = (succeeded, &run.metrics) {
        print_found(ui, metrics, nothing, finished);
    }
    // The notices before a failure may explain it.
    if run.status != RunStatus::Cancelled {
        lines.of_one_file(&finished.noticed, several);
    }
    if !succeeded {
        return;
    }
    if let Some(metrics) = &run.metrics {
        issue_lines::print(ui, finished, metrics);
    }
    print_path(ui, finished, "  ");
}

fn has_faults(run: &RunRecord) -> bool {
    let metrics = run.metrics.as_ref();
    metrics.is_some_and(|found| found.faults() > 0)
}

fn print_found(
    ui: &Ui,
    metrics: &RunMetrics,
    nothing: Option<NothingFound>,
    finished: &FinishedRun,
) {
    ui.line(format_args!(
        "  {}, {}, {}",
        plural(metrics.sheets, "sheet"),
        plural(metrics.tables, "table"),
        rows(metrics.rows, finished.rows)
    ));
    if let Some(nothing) = nothing {
        ui.line(format_args!("  {}", ui.paint(Tone::Warn, nothing.words())));
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
        ui.line(format_args!("  {}", not_found(&missing)));
    }
}

fn print_path(ui: &Ui, finished: &FinishedRun, indent: &str) {
    let path = finished.copied_to.as_ref();
    if let Some(path) = path.or(finished.run.output_path.as_ref()) {
        // With `-q` the path is data for a script, so it has no colour.
        let path = ui.path(path);
        let tone = if ui.quiet() { Tone::Plain } else { Tone::Name };
        ui.line(format_args!("{indent}{}", ui.paint(tone, path)));
    }
    for path in &finished.beside {
        let tone = if ui.quiet() { Tone::Plain } else { Tone::Name };
        ui.line(format_args!("{indent}{}", ui.paint(tone, ui.path(path))));
    }
}

/// Prints the messages about the marked copy; for several files in the summary.
fn print_copy(ui: &Ui, finished: &FinishedRun, batch: Option<&mut BatchLines>) {
    let name = &finished.run.input_name;
    let notes = finished.notes.iter();
    let mut lines: Vec<String> = notes.map(|note| format!("note: {name}: {note}")).collect();
    if let Some(error) = &finished.annotate_error {
        let warning = ui.paint_err(Tone::Warn, "warning:");
        lines.push(format!("{warning} {name} is not annotated: {error}"));
    }
    match batch {
        Some(batch) if !ui.json() => lines.into_iter().for_each(|line| batch.note(line)),
        _ => lines.iter().for_each(|line| ui.say(line)),
    }
}
