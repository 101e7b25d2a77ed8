//! The columns of a run's tables with their fields and the reasons, the readings of columns, and the notices.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::file::ReportFile;
use super::html::{clipped, code, table, value, without_paths};
use super::parts;
use crate::base::counted::{plural, thousands};
use crate::engine::RunNotice;
use crate::engine::report::{ExplainedColumn, ExplainedTable};

/// The maximum number of rows of a table on a page.
const MAX_ROWS: usize = 400;

/// Columns without a field that have the same header and the same reason.
pub type UnmappedGroup<'a> = Vec<(&'a ExplainedTable, &'a ExplainedColumn)>;

/// Returns each column with its table, except columns that have neither header nor values.
fn columns(tables: &[ExplainedTable]) -> impl Iterator<Item = (&ExplainedTable, &ExplainedColumn)> {
    let all = tables
        .iter()
        .flat_map(|table| table.columns.iter().map(move |column| (table, column)));
    all.filter(|(_, column)| !column.name.trim().is_empty() || column.looks().filled > 0)
}

/// Returns the columns with a field, in the order of the sheets.
pub fn mapped(file: &ReportFile) -> Vec<(&ExplainedTable, &ExplainedColumn)> {
    let all = columns(&file.tables);
    all.filter(|(table, column)| !table.fields_of(column).is_empty())
        .collect()
}

/// Returns the columns without a field, grouped by header and reason.
pub fn unmapped(file: &ReportFile) -> Vec<UnmappedGroup<'_>> {
    let mut groups: Vec<UnmappedGroup<'_>> = Vec::new();
    let mut known: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (table, column) in columns(&file.tables) {
        if !table.fields_of(column).is_empty() {
            continue;
        }
        let reason = column.unmapped_because.as_deref().unwrap_or_default();
        let key = (header_of(column).to_lowercase(), reason);
        let next = groups.len();
        // A column without a header has a group of its own.
        let index = match key.0.is_empty() {
            true => next,
            false => *known.entry(key).or_insert(next),
        };
        if index == next {
            groups.push(Vec::new());
        }
        groups[index].push((table, column));
    }
    groups
}

/// Returns the header of a column in one line.
pub fn header_of(column: &ExplainedColumn) -> String {
    let words: Vec<&str> = column.name.split_whitespace().collect();
    words.join(" ")
}

/// Returns the position of a column, such as `North!C`.
fn place(file: &ReportFile, table: &ExplainedTable, column: &ExplainedColumn) -> String {
    match table.turned {
        true => file.place(&table.sheet, &format!("row {}", column.column)),
        false => file.place(&table.sheet, &column.column),
    }
}

/// Lists the columns that have a field.
pub fn list_mapped(file: &ReportFile, mapped: &[(&ExplainedTable, &ExplainedColumn)]) -> Markup {
    let shown = &mapped[..mapped.len().min(MAX_ROWS)];
    let rows = html! {
        @for of_table in shown.chunk_by(|(one, _), (other, _)| std::ptr::eq(*one, *other)) {
            tbody { @for (table, column) in of_table { (row(file, table, column)) } }
        }
    };
    let columns = ["Column", "Header", "Field", "Score", "Cells", "Because"];
    html! {
        (table("list", "Columns and their fields", &columns.map(|title| (title, "")), &rows))
        (parts::further(mapped.len() - shown.len(), "further column"))
    }
}

fn row(file: &ReportFile, table: &ExplainedTable, column: &ExplainedColumn) -> Markup {
    let on_sheet = file.found.columns.get(&table.sheet);
    let issues = on_sheet.and_then(|columns| columns.get(&column.column));
    let issues = issues.filter(|_| !table.turned);
    html! {
        tr {
            td class="mono nw" { (value(place(file, table, column))) }
            td class="name" { (header(column)) }
            td class="full" { (code(&table.fields_of(column).join(", "))) }
            td class="nw score" { @if let Some(score) = column.score { (format!("{score:.2}")) } }
            td class="nw last" {
                @if let Some(looks) = &column.values { (thousands(looks.filled)) " filled" }
                @if column.values.is_some() && issues.is_some() { ", " }
                @if let Some(issues) = issues { (plural(*issues, "issue")) }
            }
            td class="dim full" { (why(column)) }
        }
    }
}

fn header(column: &ExplainedColumn) -> Markup {
    html! {
        @match header_of(column).as_str() {
            "" => span class="dim" { "no header" },
            header => (value(clipped(header, 120))),
        }
    }
}

/// Returns the reasons why a column has its field, or has none.
pub fn why(column: &ExplainedColumn) -> Markup {
    let why: Vec<&str> = column.why.iter().flatten().map(String::as_str).collect();
    html! { (clipped(&why.join("; "), 400)) }
}

/// Lists the columns that have no field.
pub fn list_unmapped(file: &ReportFile, groups: &[UnmappedGroup<'_>]) -> Markup {
    let rows = html! {
        tbody {
            @for group in groups.iter().take(MAX_ROWS) {
                @let filled = group.iter().filter_map(|(_, column)| Some(thousands(column.values.as_ref()?.filled)));
                @let filled: Vec<String> = filled.take(4).collect();
                tr {
                    td class="mono nw" {
                        @for (index, (table, column)) in group.iter().take(8).enumerate() {
                            @if index > 0 { br; }
                            (value(place(file, table, column)))
                        }
                        @if group.len() > 8 { br; "and " (thousands(group.len() as u64 - 8)) " more" }
                    }
                    td class="name" { (header(group[0].1)) }
                    td class="nw last" { @if !filled.is_empty() { (filled.join(" and ")) " filled" } }
                    td class="dim full" { (why(group[0].1)) }
                }
            }
        }
    };
    let columns = ["Column", "Header", "Cells", "Why"].map(|title| (title, ""));
    html! {
        (table("list", "Unmapped columns", &columns, &rows))
        (parts::further(groups.len().saturating_sub(MAX_ROWS), "further header"))
    }
}

/// Lists the columns whose text had to be interpreted, and how each was read.
pub fn list_readings(file: &ReportFile) -> Markup {
    let rows = html! {
        tbody {
            @for reading in file.noticed.readings.iter().take(MAX_ROWS) {
                @let message = reading.message();
                @let (decision, evidence) = message.split_once(": ").unwrap_or((message, ""));
                tr {
                    td class="name" { (clipped(reading.field(), 80)) }
                    td class="mono last" { (value(file.place(reading.sheet(), reading.text("column")))) }
                    td class="full" { strong { (clipped(decision, 200)) } }
                    td class="full" { (clipped(evidence, 400)) }
                }
            }
        }
    };
    let columns = ["Field", "Column", "Read as", "Evidence"].map(|title| (title, ""));
    table("list", "How columns were read", &columns, &rows)
}

/// Lists the notices of the engine.
pub fn list_notices(file: &ReportFile) -> Markup {
    let rows = html! {
        tbody {
            @for notice in file.noticed.notices.iter().take(MAX_ROWS) {
                tr {
                    td class="nw" {
                        @match (notice.is_warning(), notice.is_known()) {
                            (true, _) => span class="st warn" { "Warning" },
                            (_, true) => span class="st" { "Known" },
                            (_, false) => span class="st" { "Note" },
                        }
                    }
                    td class="mono" { (value(notice.sheet())) }
                    td class="full" { (clipped(&without_paths(without_sheet(notice)), 500)) }
                }
            }
        }
    };
    let columns = ["Level", "Sheet", "Note"].map(|title| (title, ""));
    table("list", "Notes", &columns, &rows)
}

/// Returns the message of a notice without the sheet at its beginning.
fn without_sheet(notice: &RunNotice) -> &str {
    let (message, sheet) = (notice.message(), notice.sheet());
    let rest = message.strip_prefix("sheet '");
    let rest = rest.and_then(|rest| rest.strip_prefix(sheet)?.strip_prefix("': "));
    rest.unwrap_or(message)
}
