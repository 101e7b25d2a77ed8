//! `ade runs show`: the whole story of one run.

use ade::clock::Timestamp;
use ade::run::json::run_json;
use ade::run::waiting;
use ade::store::{Attempt, ColumnResult, FieldResult, RunRecord};
use ade::workspace::Workspace;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Align, Table, Tone, Ui, ago, as_typed, bytes, duration, plural, thousands};

/// Tell the whole story of one run
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  ade runs show latest\n  ade runs show 0199c2d4 --json")]
pub struct Args {
    /// A run's id, the beginning of one, or `latest`
    #[arg(default_value = "latest")]
    run: String,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_if_present()?.ok_or_else(super::none)?;
    let run = workspace.store.run(workspace.id(), &args.run)?;
    let (fields, columns) = (
        workspace.store.run_fields(&run.id)?,
        workspace.store.run_columns(&run.id)?,
    );
    let attempts = workspace.store.attempts(&run.id)?;
    let payload = workspace
        .store
        .run_payload(&run.id)?
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let waits_for = waiting::reason(&workspace, &run, Timestamp::now())?;
    if ui.json() {
        let mut object = run_json(&run);
        if let Some(object) = object.as_object_mut() {
            object.insert("waits_for".to_owned(), json!(waits_for));
            object.insert("attempts".to_owned(), json!(attempts));
            object.insert("fields".to_owned(), json!(fields));
            object.insert("columns".to_owned(), json!(columns));
            object.insert("result".to_owned(), json!(payload));
        }
        ui.document(&object);
        return Ok(ExitStatus::Done);
    }
    head(ui, &run, waits_for.as_deref());
    findings(ui, payload.as_ref());
    tables(ui, &columns, payload.as_ref());
    show_fields(ui, &fields);
    show_attempts(ui, &attempts);
    tail(ui, &workspace, &run);
    Ok(ExitStatus::Done)
}

fn fact(ui: &Ui, name: &str, value: impl std::fmt::Display) {
    ui.line(format_args!(
        "{} {value}",
        ui.paint(Tone::Dim, format!("{name:<14}"))
    ));
}

fn head(ui: &Ui, run: &RunRecord, waits_for: Option<&str>) {
    let took = run
        .duration_ms()
        .map(|took| format!(" in {}", duration(took)))
        .unwrap_or_default();
    ui.line(format_args!(
        "{} {}{took}",
        ui.paint(Tone::Strong, &run.input_name),
        ui.paint(super::tone(run.status), run.status.as_str())
    ));
    if let Some(what) = waits_for {
        fact(ui, "waits for", what);
    }
    if let Some(error) = &run.error {
        fact(
            ui,
            "error",
            format_args!(
                "{} {}",
                ui.paint(Tone::Bad, &error.code),
                if error.message == error.code {
                    ""
                } else {
                    error.message.as_str()
                }
            ),
        );
        if let Some(hint) = &error.hint {
            fact(ui, "hint", hint);
        }
    }
    if let Some(summary) = &run.summary {
        fact(ui, "summary", summary);
    }
    fact(ui, "id", &run.id);
    fact(
        ui,
        "configuration",
        format_args!(
            "{} ({})",
            run.configuration_name,
            as_typed(&run.configuration_path)
        ),
    );
    fact(ui, "source digest", &run.source_digest);
    fact(
        ui,
        "input",
        format_args!("{}, {}", run.input_name, bytes(run.input_size_bytes)),
    );
    fact(
        ui,
        "created",
        format_args!(
            "{} ({})",
            run.created_at,
            ago(run.created_at, Timestamp::now())
        ),
    );
    if let Some(output) = &run.output_path {
        fact(ui, "output", ui.paint(Tone::Name, as_typed(output)));
    }
    if let Some(metrics) = &run.metrics {
        fact(
            ui,
            "found",
            format_args!(
                "{}, {}, {}, {} of {} mapped, {}",
                plural(metrics.sheets, "sheet"),
                plural(metrics.tables, "table"),
                plural(metrics.rows, "row"),
                metrics.mapped_fields,
                plural(metrics.expected_fields, "field"),
                plural(metrics.issues, "issue")
            ),
        );
    }
}

fn findings(ui: &Ui, payload: Option<&Value>) {
    let list = payload
        .and_then(|payload| payload.pointer("/evaluation/findings"))
        .and_then(Value::as_array);
    for finding in list.into_iter().flatten() {
        // Where the run failed, its error says the same.
        if finding.get("code").and_then(Value::as_str) == Some("execution_failed") {
            continue;
        }
        let text = |key: &str| finding.get(key).and_then(Value::as_str).unwrap_or_default();
        let tone = if text("severity") == "error" {
            Tone::Bad
        } else {
            Tone::Warn
        };
        fact(
            ui,
            "finding",
            format_args!("{} {}", ui.paint(tone, text("code")), text("message")),
        );
    }
}

/// Each table with where it was and went, and what became of its columns.
fn tables(ui: &Ui, columns: &[ColumnResult], payload: Option<&Value>) {
    let sheets = payload
        .and_then(|payload| payload.pointer("/workbooks/0/sheets"))
        .and_then(Value::as_array);
    for sheet in sheets.into_iter().flatten() {
        let name = sheet
            .pointer("/locator/sheet/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let index = sheet
            .pointer("/locator/sheet/index")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        for table in sheet
            .get("tables")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let number = table
                .pointer("/locator/table/index")
                .and_then(Value::as_u64)
                .unwrap_or(0);
            let from = table
                .pointer("/structure/region/a1")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let to = table
                .pointer("/outputs/normalized/range_a1")
                .and_then(Value::as_str)
                .map(|to| format!(" → {to}"))
                .unwrap_or_default();
            let rows = table
                .pointer("/counts/rows/total")
                .and_then(Value::as_u64)
                .unwrap_or(0);
            ui.line(format_args!(
                "\n{} {}",
                ui.paint(Tone::Strong, format!("{name} table {}", number + 1)),
                ui.paint(Tone::Dim, format!("{from}{to}, {}", plural(rows, "row")))
            ));
            let mut shown = Table::new(
                &[
                    ("COLUMN", Align::Left),
                    ("FIELD", Align::Left),
                    ("SCORE", Align::Right),
                    ("FILLED", Align::Right),
                    ("WHY NOT", Align::Left),
                ],
                &[0, 4],
            );
            for column in columns
                .iter()
                .filter(|column| column.sheet_index == index && column.table_index == number)
            {
                let header = column
                    .header_raw
                    .clone()
                    .unwrap_or_else(|| format!("(column {})", column.column_index + 1));
                shown.row(vec![
                    (Tone::Plain, header),
                    (Tone::Good, column.mapped_field.clone().unwrap_or_default()),
                    (
                        Tone::Plain,
                        column
                            .mapping_score
                            .map(|score| format!("{score:.2}"))
                            .unwrap_or_default(),
                    ),
                    (Tone::Plain, thousands(column.non_empty_cells)),
                    (
                        Tone::Dim,
                        column
                            .unmapped_reason
                            .as_deref()
                            .map(|reason| reason.replace('_', " "))
                            .unwrap_or_default(),
                    ),
                ]);
            }
            ui.table(&shown);
        }
    }
}

fn show_fields(ui: &Ui, fields: &[FieldResult]) {
    let missing: Vec<&str> = fields
        .iter()
        .filter(|field| !field.detected)
        .map(|field| field.field.as_str())
        .collect();
    if !missing.is_empty() {
        ui.line("");
        fact(ui, "not found", ui.paint(Tone::Warn, missing.join(", ")));
    }
}

fn show_attempts(ui: &Ui, attempts: &[Attempt]) {
    if attempts.is_empty() {
        return;
    }
    ui.line("");
    for attempt in attempts {
        let mut parts = vec![
            attempt
                .outcome
                .clone()
                .unwrap_or_else(|| "running".to_owned()),
            format!("by {}", attempt.worker),
        ];
        if let Some(end) = attempt.completed_at {
            parts.push(duration(end.since(attempt.started_at)));
        }
        if let Some(memory) = attempt.peak_memory_bytes {
            parts.push(format!("{} at most", bytes(memory)));
        }
        if let Some(seconds) = attempt.cpu_seconds {
            parts.push(format!("{seconds:.2} s of CPU"));
        }
        fact(
            ui,
            &format!("attempt {}", attempt.attempt),
            parts.join(", "),
        );
    }
}

fn tail(ui: &Ui, workspace: &Workspace, run: &RunRecord) {
    let folder = workspace.layout.run(&run.key.workspace_id, &run.id);
    fact(ui, "audit record", as_typed(&folder.artifact()));
    fact(ui, "events", as_typed(&folder.events()));
}
