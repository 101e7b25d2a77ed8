//! The columns of a run's tables: what each went to and why, those that no field claims, and how columns were read.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::facts::{Column, Facts, Table};
use super::html::{clipped, code, table, value};
use super::issues::Found;
use super::names::Names;
use super::parts;
use crate::base::counted::{plural, thousands};
use crate::cells::WholeSheet;
use crate::engine::Told;
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
    for table in facts.tables_on(title).filter(|table| !table.turned) {
        let rows = table.data.clone().into_iter().flatten().take(200);
        let columns = table.columns.iter().filter(|column| is_unmapped(column));
        for column in columns.take(MOST) {
            let Some(position) = column.position() else {
                continue;
            };
            let mut found: Vec<String> = Vec::new();
            for row in rows.clone() {
                let cell = sheet.cell(row, position, LETTERS + 1);
                let more = if cell.letters > LETTERS { "…" } else { "" };
                let text = cell.text + more;
                if !text.trim().is_empty() && !found.contains(&text) {
                    found.push(text);
                }
                if found.len() == SAMPLES {
                    break;
                }
            }
            samples.insert((title.to_owned(), column.told.column.clone()), found);
        }
    }
}

/// Whether a column has something and no field, and is no part of one.
fn is_unmapped(column: &Column) -> bool {
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

/// All columns, each with its table.
fn columns(tables: &[Table]) -> impl Iterator<Item = (&Table, &Column)> {
    let tables = tables.iter();
    tables.flat_map(|table| table.columns.iter().map(move |column| (table, column)))
}

/// The columns that have a field, or are parts of some.
pub fn mapped(facts: &Facts) -> impl Iterator<Item = (&Table, &Column)> {
    let all = columns(&facts.tables);
    all.filter(|(_, column)| column.told.field.is_some() || !column.parts.is_empty())
}

/// The columns that have a field.
pub fn list(facts: &Facts, names: &Names, found: &Found) -> Markup {
    let shown: Vec<_> = mapped(facts).take(MOST).collect();
    let rows = html! {
        @for of_table in shown.chunk_by(|(one, _), (other, _)| std::ptr::eq(*one, *other)) {
            tbody { @for (table, column) in of_table { (row(names, table, column, found)) } }
        }
    };
    html! {
        (table("list", "Columns and their fields", &[
            ("Column", ""), ("Header", ""), ("Field", ""), ("Score", ""), ("Next best", "hide-s"), ("Cells", ""), ("Because", ""),
        ], &rows))
        (parts::further(mapped(facts).count().saturating_sub(MOST), "further column"))
    }
}

fn row(names: &Names, table: &Table, column: &Column, found: &Found) -> Markup {
    let fields = match &column.told.field {
        Some(field) => field.clone(),
        None => column.parts.join(", "),
    };
    let on_sheet = found.sheets.get(&table.sheet);
    let issues = on_sheet.and_then(|sheet| sheet.columns.get(&column.told.column));
    html! {
        tr {
            td class="mono nw" { (value(place(names, table, &column.told.column))) }
            td class="name" { (header(column)) }
            td class="full" { (code(&fields)) }
            td class="nw score" { @if let Some(score) = column.told.score { (bar(score)) } }
            td class="dim hide-s" { @if let Some((field, score)) = second(column) { (code(field)) (format!(" {score:.2}")) } }
            td class="nw last" {
                @if let Some(filled) = column.filled { (thousands(filled)) " filled" }
                @if let Some(issues) = issues.filter(|_| !table.turned) {
                    @if column.filled.is_some() { ", " }
                    (plural(*issues, "issue"))
                }
            }
            td class="dim full" { (clipped(&column.because, 200)) }
        }
    }
}

fn header(column: &Column) -> Markup {
    html! {
        @match column.told.name.trim() {
            "" => span class="dim" { "no header" },
            header => (value(clipped(header, 120))),
        }
    }
}

/// A score with its bar: a score of 1.5 and more fills it.
fn bar(score: f64) -> Markup {
    let step = (score / 1.5 * 10.0).round().clamp(0.0, 10.0) as usize * 10;
    html! { (format!("{score:.2}")) span class="bar" aria-hidden="true" { i class={ "b" (step) } {} } }
}

/// Unmapped columns that have the same header and the same reason.
pub type Unmapped<'a> = Vec<(&'a Table, &'a Column)>;

/// The unmapped columns of a run, those of the same header together.
pub fn unmapped(facts: &Facts) -> Vec<Unmapped<'_>> {
    let mut groups: Vec<Unmapped<'_>> = Vec::new();
    let mut known: BTreeMap<(String, Option<&str>), usize> = BTreeMap::new();
    let all = columns(&facts.tables);
    for (table, column) in all.filter(|(_, column)| is_unmapped(column) && column.parts.is_empty())
    {
        let header = column.header();
        let key = (header.to_lowercase(), column.told.reason.as_deref());
        let next = groups.len();
        // A column without a header is like no other.
        let index = if header.is_empty() {
            next
        } else {
            *known.entry(key).or_insert(next)
        };
        if index == next {
            groups.push(Vec::new());
        }
        groups[index].push((table, column));
    }
    groups
}

/// The field that came next, or the best one that was not enough, with its score.
fn second(column: &Column) -> Option<(&str, f64)> {
    let second = column.told.second.as_ref()?;
    Some((&second.field, second.score?))
}

/// The columns that have no field.
pub fn list_unmapped(names: &Names, groups: &[Unmapped<'_>], samples: &Samples) -> Markup {
    let columns = ["Column", "Header", "Why", "Nearest", "Suggestion"].map(|title| (title, ""));
    let rows = html! {
        tbody {
            @for group in groups.iter().take(MOST) {
                @let (_, first) = group[0];
                tr {
                    td class="mono nw" {
                        @for (index, (table, column)) in group.iter().take(8).enumerate() {
                            @if index > 0 { br; }
                            (value(place(names, table, &column.told.column)))
                        }
                        @if group.len() > 8 { br; "and " (thousands(group.len() as u64 - 8)) " more" }
                    }
                    td class="name" { (header(first)) (filled(group, samples)) }
                    (why_and_nearest(first))
                    td class="full" {
                        @match first.told.nearest.as_ref().and_then(|nearest| nearest.suggestion.as_deref()) {
                            None | Some("") => span class="dim" { "none" },
                            Some(suggestion) => pre { (clipped(suggestion, 400)) },
                        }
                    }
                }
            }
        }
    };
    html! {
        (table("list", "Unmapped columns", &columns, &rows))
        (parts::further(groups.len().saturating_sub(MOST), "further header"))
    }
}

/// How many cells have a value, and the first values.
fn filled(group: &Unmapped<'_>, samples: &Samples) -> Markup {
    let filled = group.iter().filter_map(|(_, column)| column.filled);
    let filled: Vec<String> = filled.map(thousands).take(4).collect();
    let texts = group.iter().find_map(|(table, column)| {
        let key = (table.sheet.clone(), column.told.column.clone());
        samples.get(&key).filter(|texts| !texts.is_empty())
    });
    html! {
        @if !filled.is_empty() {
            span class="under" {
                (filled.join(" and ")) " filled"
                @if let Some(texts) = texts { ": " (value(texts.join("; "))) }
            }
        }
    }
}

/// Why a column has no field, and which one is nearest to it.
pub fn why_and_nearest(column: &Column) -> Markup {
    let told = &column.told;
    let nearest = told.nearest.as_ref();
    let nearest = nearest.and_then(|one| Some((&one.field, one.likeness?)));
    let reason = told.reason.as_deref().unwrap_or_default();
    let others = told.wanted_by.iter().take(3).cloned();
    let others: Vec<String> = others.filter(|_| reason.contains("lost")).collect();
    html! {
        td class="nw full" { span class="chip no" { (clipped(&why_unmapped(reason), 60)) } }
        td class="full" {
            @if let Some((field, likeness)) = nearest {
                (code(field)) " " span class="dim" { "header " (format!("{:.0}%", likeness * 100.0)) " alike" }
            } @else if let Some((field, score)) = second(column) {
                (code(field)) (format!(" {score:.2}"))
                @if !others.is_empty() { " " span class="dim" { "also wanted by " (value(others.join(", "))) } }
            } @else {
                span class="dim" { "no similar field" }
            }
        }
    }
}

/// How columns were read whose text had to be interpreted.
pub fn readings(names: &Names, readings: &[Told]) -> Markup {
    let columns = ["Field", "Column", "Read as", "Evidence"].map(|title| (title, ""));
    let rows = html! {
        tbody {
            @for reading in readings.iter().take(MOST) {
                @let message = reading.message();
                @let (decision, evidence) = message.split_once(": ").unwrap_or((message, ""));
                tr {
                    td class="name" { (clipped(reading.field(), 80)) }
                    td class="mono last" {
                        @match (reading.sheet(), reading.text("column")) {
                            ("", column) => (value(column)),
                            (sheet, column) => (value(names.said(sheet, column))),
                        }
                    }
                    td class="full" { strong { (clipped(decision, 200)) } }
                    td class="full" { (clipped(evidence, 400)) }
                }
            }
        }
    };
    table("list", "How columns were read", &columns, &rows)
}
