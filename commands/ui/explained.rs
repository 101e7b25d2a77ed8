//! Prints why a run read its input as it did, for `ade explain` and in parts for `ade runs show`.

use ade::engine::RunNotice;
use ade::engine::report::{ExplainedColumn, ExplainedTable as Explained, Hook};
use ade::run::views::explain::{CellTrace, Explanation, UnmappedField, nearest_in_words, spoken};

use super::results::rows;
use super::table::TerminalTable;
use super::terminal::Ui;
use super::tone::Tone;

/// Prints the whole explanation. `whole`: each column with all details, on its own lines.
pub fn print_explanation(ui: &Ui, explanation: &Explanation, whole: bool) {
    for (number, way) in explanation.places.iter().enumerate() {
        ui.gap(number);
        print_way(ui, way);
    }
    if !explanation.places.is_empty() {
        return;
    }
    for (number, table) in explanation.tables.iter().enumerate() {
        ui.gap(number);
        print_title(ui, table);
        if whole {
            table
                .columns
                .iter()
                .for_each(|column| print_column(ui, column, table));
            if table.columns.is_empty() {
                print_written(ui, table, None);
            }
        } else {
            print_header(ui, table);
            ui.table(&columns(table));
            print_rest(ui, table);
        }
    }
    for (number, without) in explanation.without.iter().enumerate() {
        ui.gap(number + explanation.tables.len());
        print_without(ui, without);
    }
    if !whole {
        print_notices(ui, &explanation.notices);
    }
}

/// Prints which table it is, and where it was written.
fn print_title(ui: &Ui, table: &Explained) {
    let mut place = table.region.clone().unwrap_or_default();
    if let Some(output) = &table.output {
        place.push_str(&format!(" → {}!{}", output.sheet, output.range));
    }
    if let Some(counts) = table.rows.flatten() {
        place.push_str(&format!(", {}", rows(counts.read, Some(counts))));
    }
    let title = format!("{} table {}", table.sheet, table.table);
    let title = ui.paint(Tone::Strong, title);
    match place.trim() {
        "" => ui.line(title),
        place => ui.line(format_args!("{title} {}", ui.paint(Tone::Dim, place))),
    }
}

/// Prints why these rows are the header.
fn print_header(ui: &Ui, table: &Explained) {
    ui.print_texts("header", table.header_rows.why.iter().flatten());
}

/// Makes the list of a table's columns, a line for each.
fn columns(table: &Explained) -> TerminalTable {
    let mut shown =
        TerminalTable::new("COLUMN  HEADER  FIELD  SCORE  WHY", &[1, 2, 4]).numbers(&[3]);
    for column in &table.columns {
        let score = column.score.map(|score| format!("{score:.2}"));
        shown.row(vec![
            (Tone::Plain, column.column.clone()),
            (Tone::Plain, column.name.clone()),
            (Tone::Good, table.fields_of(column).join(", ")),
            (Tone::Plain, score.unwrap_or_default()),
            (Tone::Dim, why(column).join("; ")),
        ]);
    }
    shown
}

/// Returns why a column has its field or none, without the nearest field.
fn why(column: &ExplainedColumn) -> Vec<String> {
    let nearest = column.nearest.as_ref().map(nearest_in_words);
    let why = column
        .why
        .iter()
        .flatten()
        .filter(|why| Some(*why) != nearest.as_ref());
    why.cloned().collect()
}

/// Prints the nearest fields of unmapped columns, fields without a column, and hooks.
fn print_rest(ui: &Ui, table: &Explained) {
    for column in &table.columns {
        if let Some(nearest) = &column.nearest {
            let (letters, name) = (&column.column, &column.name);
            let words = nearest_in_words(nearest);
            ui.print_text("suggestion", None, &format!("{letters} {name}: {words}"));
        }
    }
    let without = table.fields.iter().filter(|field| field.from.is_empty());
    let without: Vec<&str> = without.map(|field| field.field.as_str()).collect();
    if !without.is_empty() {
        ui.print_text("no column", None, &without.join(", "));
    }
    print_hooks(ui, &table.hooks);
}

fn print_hooks(ui: &Ui, hooks: &[Hook]) {
    for hook in hooks {
        let rows = match hook.rows.as_deref() {
            Some("moved") => "it has sorted or replaced rows, and may have changed values",
            Some("lost") => "after this hook, it is not known which rows of the sheet these are",
            _ => "it has kept the rows, and may have changed values",
        };
        ui.print_text(
            "hook",
            None,
            &format!("{} ({}): {rows}", hook.name, hook.stage),
        );
    }
}

/// Prints all details of a column.
fn print_column(ui: &Ui, column: &ExplainedColumn, table: &Explained) {
    let name = if column.name.is_empty() {
        "(no header)"
    } else {
        &column.name
    };
    let cells = column.header_cells.join(", ");
    let letters = ui.paint(Tone::Strong, format!("column {}", column.column));
    let line = format!("{letters} {name} {}", ui.paint(Tone::Dim, cells));
    ui.line(line.trim_end());
    print_field(ui, &table.fields_of(column).join(", "), column);
    for field in table
        .fields
        .iter()
        .filter(|field| field.from.contains(&column.column))
    {
        print_callables(ui, &field.transforms, &field.validators);
    }
    print_written(ui, table, Some(column));
}

fn print_field(ui: &Ui, fields: &str, column: &ExplainedColumn) {
    let field = if fields.is_empty() {
        ui.paint(Tone::Warn, "none")
    } else {
        ui.paint(Tone::Good, fields)
    };
    let score = column.score.map(|score| format!(" with {score:.2}"));
    ui.fact(
        "field",
        format_args!("{field}{}", score.unwrap_or_default()),
    );
    ui.print_texts("why", column.why.iter().flatten());
}

fn print_callables(ui: &Ui, transforms: &[String], validators: &[String]) {
    if !transforms.is_empty() {
        let mut names: Vec<String> = transforms.iter().map(|name| spoken(name)).collect();
        names.dedup();
        ui.print_text("changed by", None, &names.join(", "));
    }
    if !validators.is_empty() {
        ui.print_text("checked by", None, &validators.join(", "));
    }
}

/// Prints the output columns that came from a column; without one, those that came from no column of the sheet.
fn print_written(ui: &Ui, table: &Explained, column: Option<&ExplainedColumn>) {
    let Some(output) = &table.output else { return };
    for written in &output.columns {
        if column.is_none_or(|column| written.from.as_ref() == Some(&column.column)) {
            let (letters, header) = (&written.column, &written.header);
            let place = format!("{}!column {letters} {header}", output.sheet);
            ui.print_text("output", None, &place);
        }
        if column.is_none() {
            ui.print_text("why", None, "it comes from no known column of the sheet; its values, if any, come from a transform or a hook");
        }
    }
}

/// Prints why no column of a table was mapped to a field, and what would map one.
fn print_without(ui: &Ui, without: &UnmappedField) {
    let title = format!("{} table {}", without.sheet, without.table);
    let title = ui.paint(Tone::Strong, title);
    ui.line(format_args!(
        "{title} no column went to {}",
        ui.paint(Tone::Warn, &without.field)
    ));
    let nearest = without.nearest.iter().map(|near| {
        let name = format!("{} {}", near.column, near.name);
        format!("{}: {}", name.trim(), near.why.join("; "))
    });
    ui.print_texts("nearest", nearest);
    for why in &without.why {
        ui.print_text("why", None, why);
    }
    ui.print_texts("to map it", &without.to_map);
}

/// Prints how a row or a cell got from the input to the output.
fn print_way(ui: &Ui, way: &CellTrace) {
    let source = way.source.iter().map(|place| ("input", place));
    let output = way.output.iter().map(|place| ("output", place));
    for (name, place) in source.chain(output) {
        let header = place.header.as_deref().unwrap_or_default();
        let place = ui.paint(Tone::Strong, place.in_words());
        ui.fact(name, format!("{place} {header}").trim_end());
    }
    if way.output.is_empty() {
        ui.fact("output", ui.paint(Tone::Warn, "none"));
    }
    if let Some(column) = &way.column {
        print_field(ui, &way.fields.join(", "), column);
    } else if !way.fields.is_empty() {
        ui.fact("field", ui.paint(Tone::Good, way.fields.join(", ")));
    }
    print_callables(ui, &way.transforms, &way.validators);
    if way.part == "data" {
        print_hooks(ui, &way.hooks);
    }
    ui.print_texts("also", &way.why);
    for issue in &way.issues {
        let cell = issue.cell.iter().map(|cell| format!("{cell} "));
        let words = format!("{} ({})", issue.message, issue.rule);
        let mark = (issue.severity.into(), issue.severity.word());
        ui.print_text("issue", Some(mark), &(cell.collect::<String>() + &words));
    }
}

fn print_notices(ui: &Ui, notices: &[RunNotice]) {
    if !notices.is_empty() {
        ui.line("");
    }
    notices.iter().for_each(|notice| print_notice(ui, notice));
}

/// Prints a notice with its code.
pub fn print_notice(ui: &Ui, notice: &RunNotice) {
    let (name, tone) = match notice.is_warning() {
        true => ("warning", Tone::Warn),
        false if notice.is_known() => ("known", Tone::Dim),
        false => ("note", Tone::Dim),
    };
    ui.print_text(name, Some((tone, notice.code())), notice.message());
}

/// Prints what the rows at the borders of headers, data and notes were read as, sheet by sheet, and why each table has its
/// header rows.
pub fn print_rows(ui: &Ui, rows: &[RunNotice], tables: &[Explained]) {
    if rows.is_empty() {
        ui.line("There is nothing to show: no row detector of the configuration judges rows by their looks (LayoutRows, row_layout).");
    }
    let mut sheet = None;
    for row in rows {
        if sheet != Some(row.sheet()) {
            sheet = Some(row.sheet());
            ui.line(ui.paint(Tone::Strong, row.sheet()));
        }
        ui.words("  ", None, Tone::Plain, row.message());
    }
    for table in tables {
        ui.line("");
        print_title(ui, table);
        print_header(ui, table);
    }
}
