//! The columns of a run's tables: what each went to and why, those that no field claims, and how columns were read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::facts::{Column, Facts, Table, text};
use super::html::Html;
use super::issues::Found;
use super::names::Names;
use super::parts;
use crate::base::counted::{plural, thousands};
use crate::cells::WholeSheet;
use crate::run::views::explain::why_unmapped;

/// So many columns are shown, and so many unmapped headers.
const MOST: usize = 400;
/// So many values of an unmapped column are shown, of so many letters each.
const SAMPLES: usize = 3;
const LETTERS: usize = 30;

/// The first values of unmapped columns, by sheet and letters.
pub type Samples = BTreeMap<(String, String), Vec<String>>;

/// Takes the first values of a sheet's unmapped columns.
pub fn take_samples(facts: &Facts, title: &str, sheet: &WholeSheet, samples: &mut Samples) {
    let tables = facts
        .tables
        .iter()
        .filter(|table| table.sheet == title && !table.turned);
    for table in tables {
        let Some(data) = &table.data else { continue };
        for column in table
            .columns
            .iter()
            .filter(|column| is_unmapped(column))
            .take(MOST)
        {
            let Some(position) = column.position() else {
                continue;
            };
            let mut found: Vec<String> = Vec::new();
            for row in data.clone().take(200) {
                let cell = sheet.cell(row, position, LETTERS + 1);
                let text = if cell.letters > LETTERS {
                    format!("{}…", cell.text)
                } else {
                    cell.text
                };
                if !text.trim().is_empty() && !found.contains(&text) {
                    found.push(text);
                }
                if found.len() == SAMPLES {
                    break;
                }
            }
            let samples = samples
                .entry((title.to_owned(), column.told.column.clone()))
                .or_default();
            *samples = found;
        }
    }
}

/// Whether a column has something and no field, and is no part of one.
pub fn is_unmapped(column: &Column) -> bool {
    let is_empty = column.told.name.trim().is_empty() && column.filled.unwrap_or(0) == 0;
    column.told.field.is_none() && !is_empty
}

/// The place of a column, `North!C`.
fn place(names: &Names, table: &Table, letters: &str) -> String {
    match (letters, table.turned) {
        ("", _) => table.sheet.clone(),
        (row, true) => names.said(&table.sheet, &format!("row {row}")),
        (letters, false) => names.said(&table.sheet, letters),
    }
}

/// How many columns have a field, or are parts of some.
pub fn mapped(facts: &Facts) -> usize {
    let columns = facts.tables.iter().flat_map(|table| &table.columns);
    columns
        .filter(|column| column.told.field.is_some() || !column.parts.is_empty())
        .count()
}

/// Writes the columns that have a field.
pub fn write(html: &mut Html<'_>, facts: &Facts, names: &Names, found: Option<&Found>) {
    html.mark("<table class=\"list\"><caption class=\"sr\">Columns and their fields</caption><thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Header</th><th scope=\"col\">Field</th><th scope=\"col\">Score</th><th scope=\"col\" class=\"hide-s\">Next best</th><th scope=\"col\">Cells</th><th scope=\"col\">Because</th></tr></thead>");
    let mut left = MOST;
    for table in &facts.tables {
        let columns = table.columns.iter();
        let columns: Vec<&Column> = columns
            .filter(|column| column.told.field.is_some() || !column.parts.is_empty())
            .take(left)
            .collect();
        left -= columns.len();
        if columns.is_empty() {
            continue;
        }
        html.mark("<tbody>");
        columns
            .iter()
            .for_each(|column| write_column(html, names, table, column, found));
        html.mark("</tbody>");
    }
    html.mark("</table>");
    parts::further(html, mapped(facts).saturating_sub(MOST), "further column");
}

fn write_column(
    html: &mut Html<'_>,
    names: &Names,
    table: &Table,
    column: &Column,
    found: Option<&Found>,
) {
    let fields = match &column.told.field {
        Some(field) => field.clone(),
        None => column.parts.join(", "),
    };
    html.mark("<tr><td class=\"mono nw\">")
        .value(&place(names, table, &column.told.column))
        .mark("</td><td class=\"name\">");
    header(html, column);
    html.mark("</td><td class=\"full\">")
        .code(&fields)
        .mark("</td><td class=\"nw score\">");
    if let Some(score) = column.told.score {
        bar(html, score, true);
    }
    html.mark("</td><td class=\"dim hide-s\">");
    if let Some((field, score)) = second(column) {
        html.code(field).mark(" ").text(&format!("{score:.2}"));
    }
    html.mark("</td><td class=\"nw last\">");
    if let Some(filled) = column.filled {
        html.count(filled).mark(" filled");
    }
    let on_sheet = found.and_then(|found| found.sheets.get(&table.sheet));
    let issues = on_sheet.and_then(|sheet| sheet.columns.get(&column.told.column));
    if let Some(issues) = issues.filter(|_| !table.turned) {
        html.mark_if(column.filled.is_some(), ", ")
            .text(&plural(*issues, "issue"));
    }
    html.mark("</td><td class=\"dim full\">")
        .clipped(&column.because, 200)
        .mark("</td></tr>");
}

fn header(html: &mut Html<'_>, column: &Column) {
    match column.told.name.trim() {
        "" => html.mark("<span class=\"dim\">no header</span>"),
        header => html.mark("<bdi>").clipped(header, 120).mark("</bdi>"),
    };
}

/// Writes a score with its bar: a score of 1.5 and more fills it.
fn bar(html: &mut Html<'_>, score: f64, is_field: bool) {
    const STEPS: [&str; 11] = [
        "b0", "b10", "b20", "b30", "b40", "b50", "b60", "b70", "b80", "b90", "b100",
    ];
    let step = (score / 1.5 * 10.0).round().clamp(0.0, 10.0) as usize;
    html.text(&format!("{score:.2}"))
        .mark("<span class=\"bar")
        .mark_if(!is_field, " no")
        .mark("\" aria-hidden=\"true\"><i class=\"")
        .mark(STEPS[step])
        .mark("\"></i></span>");
}

/// Unmapped columns that have the same header and the same reason.
pub struct Unmapped<'a> {
    /// Where they are.
    pub places: Vec<(&'a Table, &'a Column)>,
}

/// The unmapped columns of runs, those of the same header together.
pub fn unmapped<'a>(all: impl Iterator<Item = &'a Table>) -> Vec<Unmapped<'a>> {
    let mut groups: Vec<Unmapped<'_>> = Vec::new();
    let mut known: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for table in all {
        for column in table
            .columns
            .iter()
            .filter(|column| is_unmapped(column) && column.parts.is_empty())
        {
            let header = column.header();
            let key = (header.to_lowercase(), reason_of(column));
            let next = groups.len();
            // A column without a header is like no other.
            let index = if header.is_empty() {
                next
            } else {
                *known.entry(key).or_insert(next)
            };
            if index == next {
                groups.push(Unmapped { places: Vec::new() });
            }
            groups[index].places.push((table, column));
        }
    }
    groups
}

/// The field that came next, or the best one that was not enough, with its score.
fn second(column: &Column) -> Option<(&str, f64)> {
    let second = column.told.second.as_ref()?;
    Some((&second.field, second.score?))
}

/// Why a column has no field: a word of the engine.
pub fn reason_of(column: &Column) -> &str {
    column.told.reason.as_deref().unwrap_or_default()
}

/// Writes the columns that have no field.
pub fn write_unmapped(
    html: &mut Html<'_>,
    names: &Names,
    groups: &[Unmapped<'_>],
    samples: &Samples,
) {
    html.mark("<table class=\"list\"><caption class=\"sr\">Unmapped columns</caption><thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Header</th><th scope=\"col\">Why</th><th scope=\"col\">Nearest</th><th scope=\"col\">Suggestion</th></tr></thead><tbody>");
    for group in groups.iter().take(MOST) {
        let (_, first) = group.places[0];
        html.mark("<tr><td class=\"mono nw\">");
        for (index, (table, column)) in group.places.iter().take(8).enumerate() {
            html.mark_if(index > 0, "<br>")
                .value(&place(names, table, &column.told.column));
        }
        if group.places.len() > 8 {
            html.mark("<br>and ")
                .count(group.places.len() as u64 - 8)
                .mark(" more");
        }
        html.mark("</td><td class=\"name\">");
        header(html, first);
        write_filled(html, group, samples);
        html.mark("</td><td class=\"nw full\"><span class=\"chip no\">")
            .clipped(&why_unmapped(reason_of(first)), 60)
            .mark("</span></td><td class=\"full\">");
        nearest(html, first);
        html.mark("</td><td class=\"full\">");
        let nearest = first.told.nearest.as_ref();
        match nearest.and_then(|nearest| nearest.suggestion.as_deref()) {
            Some(suggestion) if !suggestion.is_empty() => {
                html.mark("<pre>").clipped(suggestion, 400).mark("</pre>")
            }
            _ => html.mark("<span class=\"dim\">none</span>"),
        };
        html.mark("</td></tr>");
    }
    html.mark("</tbody></table>");
    parts::further(html, groups.len().saturating_sub(MOST), "further header");
}

/// Writes how many cells have a value, and the first values.
fn write_filled(html: &mut Html<'_>, group: &Unmapped<'_>, samples: &Samples) {
    let filled: Vec<String> = group
        .places
        .iter()
        .filter_map(|(_, column)| column.filled)
        .map(thousands)
        .take(4)
        .collect();
    if filled.is_empty() {
        return;
    }
    html.mark("<span class=\"under\">")
        .text(&filled.join(" and "))
        .mark(" filled");
    let found = group.places.iter().find_map(|(table, column)| {
        let key = (table.sheet.clone(), column.told.column.clone());
        samples.get(&key).filter(|texts| !texts.is_empty())
    });
    if let Some(texts) = found {
        html.mark(": ").value(&texts.join("; "));
    }
    html.mark("</span>");
}

/// Writes which field is nearest to a column that has none.
pub fn nearest(html: &mut Html<'_>, column: &Column) {
    let nearest = column.told.nearest.as_ref();
    let nearest = nearest.and_then(|one| Some((&one.field, one.likeness?)));
    match (nearest, second(column)) {
        (Some((field, likeness)), _) => html
            .code(field)
            .mark(" <span class=\"dim\">header ")
            .text(&format!("{:.0}%", likeness * 100.0))
            .mark(" alike</span>"),
        (None, Some((field, score))) => {
            html.code(field).mark(" ").text(&format!("{score:.2}"));
            if !column.told.wanted_by.is_empty() && reason_of(column).contains("lost") {
                let others = column
                    .told
                    .wanted_by
                    .iter()
                    .take(3)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ");
                html.mark(" <span class=\"dim\">also wanted by ")
                    .value(&others)
                    .mark("</span>");
            }
            html
        }
        (None, None) => html.mark("<span class=\"dim\">no similar field</span>"),
    };
}

/// Writes how columns were read whose text had to be interpreted.
pub fn write_readings(html: &mut Html<'_>, names: &Names, readings: &[Value]) {
    html.mark("<table class=\"list\"><caption class=\"sr\">How columns were read</caption><thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Column</th><th scope=\"col\">Read as</th><th scope=\"col\">Evidence</th></tr></thead><tbody>");
    for reading in readings.iter().take(MOST) {
        let message = text(reading, "/message");
        let (decision, evidence) = message.split_once(": ").unwrap_or((message, ""));
        html.mark("<tr><td class=\"name\">")
            .clipped(text(reading, "/field"), 80)
            .mark("</td><td class=\"mono last\">");
        match (text(reading, "/sheet"), text(reading, "/column")) {
            ("", column) => html.value(column),
            (sheet, "") => html.value(sheet),
            (sheet, column) => html.value(&names.said(sheet, column)),
        };
        html.mark("</td><td class=\"full\"><strong>")
            .clipped(decision, 200)
            .mark("</strong></td><td class=\"full\">")
            .clipped(evidence, 400)
            .mark("</td></tr>");
    }
    html.mark("</tbody></table>");
}
