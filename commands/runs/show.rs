//! `ade runs show`: prints all details of one run.

use ade::base::clock::Timestamp;
use ade::base::problem::Problem;
use ade::engine::report::{NearestField, RunFinding, SheetFound, TableFound};
use ade::engine::{RowCounts, RunNotice};
use ade::run::views::explain::{nearest_in_words, why_unmapped};
use ade::run::views::show::{RunDetails, show};
use ade::run::views::summary::unprocessed;
use ade::settings::paths::RunFolder;
use ade::store::{Attempt, ColumnResult, FieldResult, FieldState, Priority, RunRecord};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{
    IssueCounts, TerminalTable, Tone, Ui, ago, bytes, duration, fields_that_are, plural,
    print_notice, print_rows, rows, thousands,
};

/// Show the details of one run
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade runs show latest\n  ade runs show crew.xlsx\n  ade runs show 0199c2d4 --json"
)]
pub struct Args {
    /// A run: its id (or part), its input's path or name, or `latest`
    ///
    /// A path means the newest run of that file. A name shared by several files is refused.
    #[arg(default_value = "latest")]
    run: String,
    /// Show how rows around headers, totals and notes were read, and why
    #[arg(long)]
    rows: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let shown = show(&workspace, &args.run)?;
    if ui.json() {
        ui.document(&shown.json());
        return Ok(ExitStatus::Done);
    }
    if args.rows {
        print_rows(ui, &shown.report.noticed.rows, &shown.tables);
        print_quarantined(ui, &shown);
        return Ok(ExitStatus::Done);
    }
    let run = &shown.run;
    print_state(ui, &shown);
    print_facts(ui, run, shown.report.rows());
    let overrides = shown.report.noticed.overrides.iter();
    overrides.for_each(|told| ui.print_text("setting", None, told.message()));
    let completed = &shown.report.completed;
    let findings = completed.evaluation.findings.iter();
    findings.for_each(|finding| print_finding(ui, finding));
    let notices = shown.report.noticed.notices.iter();
    notices.for_each(|notice| print_notice(ui, notice));
    let mut readings: Vec<&RunNotice> = shown.report.noticed.readings.iter().collect();
    for sheet in completed.sheets() {
        for table in &sheet.tables {
            print_table(ui, sheet, table, &shown);
            let (title, index) = (sheet.name(), table.index());
            let (of_table, others): (Vec<_>, Vec<_>) = readings
                .into_iter()
                .partition(|reading| reading.is_of_table(title, index));
            print_readings(ui, &of_table);
            readings = others;
        }
    }
    print_readings(ui, &readings);
    print_fields(ui, &shown.fields);
    print_attempts(ui, &shown.attempts);
    let folder = RunFolder::at(&run.run_dir);
    for (name, file) in [
        ("audit record", folder.artifact()),
        ("events", folder.events()),
    ] {
        if file.is_file() {
            ui.fact(name, ui.path(&file));
        }
    }
    Ok(ExitStatus::Done)
}

/// Prints where the rows with errors are.
fn print_quarantined(ui: &Ui, shown: &RunDetails) {
    /// The maximum number of row ranges that are printed.
    const MAX_ROW_RANGES: usize = 50;
    let Some(rows) = &shown.rows else { return };
    let all = rows.all_quarantined();
    if !all.is_empty() {
        ui.line("");
    }
    let mut lines = Vec::new();
    for range in all.iter().take(MAX_ROW_RANGES) {
        let (Some(sheet), Some(row), Some(count)) = (range.sheet, range.row, range.count) else {
            continue;
        };
        let last = if range.descending {
            row + 1 - count
        } else {
            row + count - 1
        };
        let what = if range.turned { "column" } else { "row" };
        let to = match (range.output_sheet, range.output_row) {
            (Some(sheet), Some(first)) => {
                format!("{sheet}!{}", stretch("row", first, first + count - 1))
            }
            (Some(sheet), None) => format!("{sheet}, at an unknown position"),
            (None, _) => "not known".to_owned(),
        };
        let from = stretch(what, row, last);
        lines.push(format!("{sheet}!{from} → {to}"));
    }
    if all.len() > MAX_ROW_RANGES {
        let more = thousands((all.len() - MAX_ROW_RANGES) as u64);
        lines.push(format!(
            "and {more} more; `ade explain --row` says where a row is"
        ));
    }
    ui.print_texts("quarantined", lines);
}

/// Names a range of rows: `row 7`, `rows 3 to 5`.
fn stretch(what: &str, first: u64, last: u64) -> String {
    if first == last {
        return format!("{what} {first}");
    }
    format!("{what}s {first} to {last}")
}

/// Prints the run's status and the reason for it.
fn print_state(ui: &Ui, shown: &RunDetails) {
    let run = &shown.run;
    let took = run
        .duration_ms()
        .map(|took| format!(" in {}", duration(took)));
    ui.line(format_args!(
        "{} {}{}",
        ui.paint(Tone::Strong, &run.input_name),
        match shown.refused.is_empty() {
            true => ui.paint(run.into(), run.status.as_str()),
            false => ui.paint(Tone::Bad, "refused"),
        },
        took.unwrap_or_default()
    ));
    for short in &shown.refused {
        let code = (Tone::Bad, short.facts().code);
        ui.print_text("refused", Some(code), &short.to_string());
    }
    if let Some(what) = &shown.waits_for {
        ui.fact("waits for", what);
    }
    if let Some(error) = &run.error {
        let message = Some(&*error.message).filter(|message| *message != error.code);
        let code = ui.paint(Tone::Bad, &error.code);
        let message = message.unwrap_or_default();
        ui.fact("error", format_args!("{code} {message}"));
        if let Some(hint) = &error.hint {
            ui.fact("hint", hint);
        }
    }
    match (unprocessed(run), &run.summary) {
        (Some((word, what)), _) => ui.fact("summary", format_args!("{word}: {what}")),
        (None, Some(summary)) => ui.fact("summary", summary),
        (None, None) => {}
    }
}

fn print_facts(ui: &Ui, run: &RunRecord, counts: Option<RowCounts>) {
    let folder = ui.path(&run.configuration_path);
    let created = run.created_at;
    ui.fact("id", &run.id);
    ui.fact(
        "configuration",
        format_args!("{} ({folder})", run.configuration_name),
    );
    ui.fact("source digest", &run.source_digest);
    ui.fact(
        "input",
        format_args!("{}, {}", run.input_name, bytes(run.input_size_bytes)),
    );
    ui.fact(
        "created",
        format_args!("{created} ({})", ago(created, Timestamp::now())),
    );
    if let Some(by) = &run.options.submitted_by {
        ui.fact("submitted by", by);
    }
    if run.options.priority != Priority::default() {
        ui.fact("priority", run.options.priority.as_str());
    }
    if let Some(output) = &run.output_path {
        ui.fact("output", ui.paint(Tone::Name, ui.path(output)));
    }
    if let Some(metrics) = &run.metrics {
        ui.fact(
            "found",
            format_args!(
                "{}, {}, {}, {} of {} mapped, {}",
                plural(metrics.sheets, "sheet"),
                plural(metrics.tables, "table"),
                rows(metrics.rows, counts),
                metrics.mapped_fields,
                plural(metrics.expected_fields, "field"),
                IssueCounts::from_metrics(metrics).in_all()
            ),
        );
    }
}

fn print_finding(ui: &Ui, finding: &RunFinding) {
    // If the run failed, its error contains the same text.
    if finding.code == "execution_failed" {
        return;
    }
    let tone = match &*finding.severity {
        "error" => Tone::Bad,
        _ => Tone::Warn,
    };
    ui.fact("finding", ui.paint(tone, &finding.message));
}

/// Prints how the text in columns of a table was interpreted.
fn print_readings(ui: &Ui, readings: &[&RunNotice]) {
    if readings.is_empty() {
        return;
    }
    ui.line(ui.paint(Tone::Dim, "how columns were read"));
    for reading in readings {
        let (mark, tone) = if reading.is_ambiguous() {
            (Some((Tone::Warn, "!")), Tone::Warn)
        } else {
            (None, Tone::Plain)
        };
        ui.words("  ", mark, tone, &reading.sentence());
    }
}

/// Prints a table: its position in the input and the output, and how its columns were mapped.
fn print_table(ui: &Ui, sheet: &SheetFound, table: &TableFound, run: &RunDetails) {
    let place = (sheet.index(), table.index());
    let from = table.region().unwrap_or_default();
    let to = table.written().map(|to| format!(" → {to}"));
    let to = to.unwrap_or_default();
    let rows = rows(table.rows_read().unwrap_or(0), RowCounts::from_table(table));
    let title = format!("{} table {}", sheet.name(), table.index() + 1);
    ui.line(format_args!(
        "\n{} {}",
        ui.paint(Tone::Strong, title),
        ui.paint(Tone::Dim, format!("{from}{to}, {rows}"))
    ));
    let mut shown =
        TerminalTable::new("COLUMN  FIELD  SCORE  FILLED  WHY", &[0, 4]).numbers(&[2, 3]);
    let explained = run.tables.iter().find(|candidate| {
        candidate.sheet == sheet.name()
            && candidate.table == table.index() + 1
            && candidate.region.as_deref() == Some(from)
    });
    run.columns
        .iter()
        .filter(|column| (column.sheet_index, column.table_index) == place)
        .for_each(|column| {
            let reasons: Vec<&RunNotice> = run
                .report
                .noticed
                .columns
                .iter()
                .filter(|reason| reason.is_of_table(&column.sheet_name, column.table_index))
                .filter(|reason| match column.mapped_field.as_deref() {
                    Some(field) => reason.is_of_field(field),
                    // Fields that were split from this column.
                    None => reason.source_index() == Some(column.column_index),
                })
                .collect();
            let index = usize::try_from(column.column_index).ok();
            let told = explained.and_then(|table| table.columns.get(index?));
            let nearest = told.and_then(|told| told.nearest.as_ref());
            let letters = told.map(|told| told.column.as_str());
            // The reason in the column's event is older and does not know ties, so it is only the fallback.
            let why_not = told.and_then(|told| told.reason.as_deref());
            let why_not = why_not.or(column.unmapped_reason.as_deref());
            shown.row(row(column, letters, &reasons, why_not, nearest));
        });
    ui.table(&shown);
}

/// Makes the row of a column. The reason for its field, and the fields split from it, are known if the configuration finds
/// fields by values or splits them. `letters`: the column's letters; `why_not`: the reason that it has no field; `nearest`: the
/// field that its header resembles most.
fn row(
    column: &ColumnResult,
    letters: Option<&str>,
    reasons: &[&RunNotice],
    why_not: Option<&str>,
    nearest: Option<&NearestField>,
) -> Vec<(Tone, String)> {
    let header = column.header_raw.clone();
    let score = column.mapping_score.map(|score| format!("{score:.2}"));
    let why_not = why_not.filter(|_| column.mapped_field.is_none());
    let mut why = match reasons.first() {
        Some(why) => why.message().to_owned(),
        None => why_not.map(why_unmapped).unwrap_or_default(),
    };
    if let Some(nearest) = nearest {
        why = format!("{why}; {}", nearest_in_words(nearest));
    }
    let parts = || reasons.iter().map(|part| part.field());
    let fields = column.mapped_field.clone();
    let fields = fields.unwrap_or_else(|| parts().collect::<Vec<_>>().join(", "));
    let place = letters.map_or_else(|| (column.column_index + 1).to_string(), str::to_owned);
    vec![
        (Tone::Plain, header.unwrap_or(format!("(column {place})"))),
        (Tone::Good, fields),
        (Tone::Plain, score.unwrap_or_default()),
        (Tone::Plain, thousands(column.non_empty_cells)),
        (Tone::Dim, why),
    ]
}

fn print_fields(ui: &Ui, fields: &[FieldResult]) {
    let computed = fields_that_are(FieldState::Computed, fields);
    let missing = fields_that_are(FieldState::Missing, fields);
    if !(computed.is_empty() && missing.is_empty()) {
        ui.line("");
    }
    if !computed.is_empty() {
        ui.fact("computed", computed.join(", "));
    }
    if !missing.is_empty() {
        ui.fact("not found", ui.paint(Tone::Warn, missing.join(", ")));
    }
}

fn print_attempts(ui: &Ui, attempts: &[Attempt]) {
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
            format!("by {}", attempt.worker.as_deref().unwrap_or_default()),
        ];
        if let Some(end) = attempt.completed_at {
            parts.push(duration(end.since(attempt.started_at)));
        }
        if let Some(memory) = attempt.peak_memory_bytes {
            parts.push(format!("up to {}", bytes(memory)));
        }
        if let Some(seconds) = attempt.cpu_seconds {
            parts.push(format!("{seconds:.2} s of CPU"));
        }
        ui.fact(&format!("attempt {}", attempt.attempt), parts.join(", "));
    }
}
