//! What `ade run` tells while it works, and what it prints of each run that ended.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ade::run::inline::{self, Finished, RunError};
use ade::run::json::run_json;
use ade::run::provide::Progress;
use ade::store::{RunRecord, RunStatus};
use serde_json::Value;

use crate::exit::Failure;
use crate::ui::{
    EnvironmentNarration, Narrator, Task, Tone, Ui, as_typed, duration, plural, thousands,
};

/// The state of the telling.
pub struct Narration<'a> {
    ui: &'a Ui,
    narrator: &'a Narrator<'a>,
    configuration: &'a str,
    inputs: usize,
    environment: EnvironmentNarration<'a>,
    tasks: Mutex<Vec<Option<Task>>>,
    names: Mutex<Vec<String>>,
    failed: AtomicUsize,
    ended: AtomicUsize,
}

impl<'a> Narration<'a> {
    pub fn new(
        ui: &'a Ui,
        narrator: &'a Narrator<'a>,
        inputs: usize,
        configuration: &'a str,
    ) -> Self {
        let tasks = (0..inputs).map(|_| None).collect();
        Self {
            ui,
            narrator,
            configuration,
            inputs,
            environment: EnvironmentNarration::new(narrator),
            tasks: Mutex::new(tasks),
            names: Mutex::new(vec![String::new(); inputs]),
            failed: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
        }
    }

    fn with_task(&self, input: usize, act: impl FnOnce(&mut Option<Task>)) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = tasks.get_mut(input) {
            act(task);
        }
    }

    fn name_of(&self, input: usize) -> String {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)[input].clone()
    }

    /// One line for all files, where there were several.
    pub fn summarize(&self) {
        if self.inputs > 1 && !self.ui.json() {
            let (ended, failed) = (
                self.ended.load(Ordering::Relaxed),
                self.failed.load(Ordering::Relaxed),
            );
            let unbegun = self.inputs - ended;
            let mut text = format!(
                "{} of {} normalized",
                ended - failed,
                plural(self.inputs as u64, "file")
            );
            if failed > 0 {
                text.push_str(&format!(", {failed} failed"));
            }
            if unbegun > 0 {
                text.push_str(&format!(", {unbegun} not begun"));
            }
            self.ui.say(text);
        }
    }

    fn show(&self, finished: &Finished) {
        let (ui, run) = (self.ui, &finished.run);
        let took = run.duration_ms().map(duration).unwrap_or_default();
        let name = ui.paint(Tone::Strong, &run.input_name);
        let path = finished.copied_to.as_ref().or(run.output_path.as_ref());
        if ui.quiet() {
            // Data alone: where the workbook is.
            if let Some(path) = path {
                ui.line(as_typed(path));
            }
            return;
        }
        match run.status {
            RunStatus::Succeeded => {
                ui.line(format_args!(
                    "{} {name}  {}",
                    ui.paint(Tone::Good, "✓"),
                    ui.paint(Tone::Dim, took)
                ));
                if let Some(summary) = &run.summary {
                    ui.line(format_args!("  {summary}"));
                }
                if let Some(metrics) = &run.metrics {
                    ui.line(format_args!(
                        "  {}, {}, {}",
                        plural(metrics.sheets, "sheet"),
                        plural(metrics.tables, "table"),
                        plural(metrics.rows, "row")
                    ));
                    if metrics.tables == 0 {
                        ui.line(format_args!(
                            "  {}",
                            ui.paint(Tone::Warn, "no table was found")
                        ));
                    }
                    let unmapped = if metrics.unmapped_columns == 0 {
                        String::new()
                    } else {
                        format!(", {} unmapped", plural(metrics.unmapped_columns, "column"))
                    };
                    ui.line(format_args!(
                        "  {} of {} mapped{unmapped}",
                        thousands(metrics.mapped_fields),
                        plural(metrics.expected_fields, "field")
                    ));
                    if !finished.missing_fields.is_empty() {
                        let missing = finished.missing_fields.join(", ");
                        ui.line(format_args!(
                            "  not found: {}",
                            ui.paint(Tone::Warn, missing)
                        ));
                    }
                    let issues = plural(metrics.issues, "issue");
                    if metrics.issues == 0 {
                        ui.line(format_args!("  {issues}"));
                    } else {
                        ui.line(format_args!("  {}", ui.paint(Tone::Warn, issues)));
                        if !shows_issues(run) {
                            ui.say(
                                "hint: write_diagnostics_columns = true in settings.toml puts each issue beside its row",
                            );
                        }
                    }
                }
                if let Some(path) = path {
                    ui.line(format_args!("  {}", ui.paint(Tone::Name, as_typed(path))));
                }
            }
            _ => {
                let word = if run.status == RunStatus::Cancelled {
                    "cancelled"
                } else {
                    "failed"
                };
                ui.line(format_args!(
                    "{} {name}  {word} {}",
                    ui.paint(Tone::Bad, "✗"),
                    ui.paint(Tone::Dim, took)
                ));
            }
        }
    }

    fn failure(&self, finished: &Finished) -> Option<Failure> {
        let run = &finished.run;
        let status = ade::run::kind_of_end(run)?.into();
        let error = run.error.as_ref()?;
        Some(Failure {
            status,
            code: error.code.clone(),
            message: error.message.clone(),
            hint: error.hint.clone(),
        })
    }
}

/// Whether the configuration writes its issues into the workbook.
fn shows_issues(run: &RunRecord) -> bool {
    let settings = std::fs::read_to_string(run.snapshot.join("settings.toml")).unwrap_or_default();
    let table = settings.parse::<toml::Table>().unwrap_or_default();
    table.get("write_diagnostics_columns") == Some(&toml::Value::Boolean(true))
}

/// Where the engine is in a workbook: the sheet, the stage, a bar where the end is known, the rows.
fn at_work(event: &Value) -> String {
    const CELLS: u64 = 16;
    let data = |key: &str| event.get("data").and_then(|data| data.get(key));
    let mut parts: Vec<String> = Vec::new();
    parts.extend(
        data("sheet_name")
            .and_then(Value::as_str)
            .map(str::to_owned),
    );
    parts.extend(data("stage").and_then(Value::as_str).map(str::to_owned));
    let rows = data("rows").and_then(Value::as_u64);
    if let (Some(rows), Some(total @ 1..)) = (rows, data("total_rows").and_then(Value::as_u64)) {
        let filled = usize::try_from(rows.min(total) * CELLS / total).unwrap_or(0);
        let empty = usize::try_from(CELLS).unwrap_or(0) - filled;
        parts.push(format!("{}{}", "█".repeat(filled), "░".repeat(empty)));
    }
    parts.extend(rows.map(|rows| plural(rows, "row")));
    parts.join(" · ")
}

/// Joins the library's reports to the telling.
pub struct Observer<'a> {
    pub narration: &'a Narration<'a>,
    pub ended: &'a (dyn Fn(&Result<Finished, RunError>) + Sync),
}

impl inline::Observer for Observer<'_> {
    fn environment(&self, progress: &Progress<'_>) {
        self.narration
            .environment
            .tell(progress, self.narration.configuration);
    }

    fn begun(&self, input: usize, run: &RunRecord) {
        let narrator = self.narration.narrator;
        self.narration
            .with_task(input, |task| *task = Some(narrator.task(&run.input_name)));
    }

    fn event(&self, input: usize, event: &Value) {
        let narration = self.narration;
        let name = event
            .get("event")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match name {
            "engine.sheet.started" | "engine.sheet.progress" | "engine.table.written" => {
                let text = at_work(event);
                narration.with_task(input, |task| {
                    if let Some(task) = task {
                        task.update(format_args!("{} {text}", narration.name_of(input)));
                        if name == "engine.sheet.progress" && task.is_due(Duration::from_secs(5)) {
                            narration
                                .narrator
                                .say_unless_drawn(format_args!("  {text}"));
                        }
                    }
                });
            }
            _ if narration.ui.verbose() > 0 => {
                let level = event
                    .get("level")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let message = event
                    .get("message")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                narration
                    .narrator
                    .say(format_args!("{level:>7} {name} {message}"));
            }
            "console.line" => {
                // What the configuration's author prints is for the author to see.
                let message = event
                    .get("message")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                narration.narrator.say(message);
            }
            _ => {}
        }
    }

    fn ended(&self, input: usize, result: &Result<Finished, RunError>) {
        let narration = self.narration;
        narration.with_task(input, |task| *task = None);
        narration.ended.fetch_add(1, Ordering::Relaxed);
        let mut failures = Vec::new();
        narration.narrator.suspend(|| {
            // Whole blocks: two files that end together do not mix their lines.
            let _turn = narration.tasks.lock();
            match result {
                Ok(finished) => {
                    if narration.ui.json() {
                        let mut object = run_json(&finished.run);
                        if let (Some(copy), Some(object)) =
                            (&finished.copied_to, object.as_object_mut())
                        {
                            // As every path in the object: one that means the same in any folder.
                            let copy = std::path::absolute(copy).unwrap_or_else(|_| copy.clone());
                            object
                                .insert("copied_to".to_owned(), copy.display().to_string().into());
                        }
                        narration.ui.record(&object);
                    } else {
                        narration.show(finished);
                    }
                    failures.extend(narration.failure(finished));
                    failures.extend(finished.copy_error.as_ref().map(|error| Failure::of(error)));
                }
                Err(error) => failures.push(Failure::of(error)),
            }
            for failure in &failures {
                narration.ui.failure(failure);
            }
        });
        if !failures.is_empty() {
            narration.failed.fetch_add(1, Ordering::Relaxed);
        }
        (self.ended)(result);
    }
}
