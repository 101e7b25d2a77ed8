//! The page about the differences between runs, or between the workbooks of two folders.

use std::fmt::Display;
use std::path::Path;

use maud::{Markup, html};

use super::html::{HtmlPage, table, value};
use super::parts::{self, Options, ReportError};
use crate::base::counted::{plural, thousands};
use crate::run::views::difference::{OutputDifference, RowChanges, ValueChange};

/// Writes the page to a file, which appears whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_difference(all: &[OutputDifference], target: &Path) -> Result<(), ReportError> {
    parts::in_file(target, |out| {
        let mut page = HtmlPage::new(out, target);
        page.add(&head(all))?;
        for (number, difference) in all.iter().enumerate() {
            page.add(&html! { @if all.len() > 1 { h2 { (title(difference)) } } (sections(number, difference)) })?;
        }
        page.add(&parts::close("About this page", &html! {}, OPTIONS))?;
        Ok(page.finish()?)
    })
}

const OPTIONS: Options = Options {
    values: true,
    language: None,
};

fn title(difference: &OutputDifference) -> Markup {
    html! { (value(&difference.before)) " → " (value(&difference.after)) }
}

fn head(all: &[OutputDifference]) -> Markup {
    let differing = all.iter().filter(|difference| difference.is_any()).count();
    let head = html! {
        h1 {
            @if let [one] = all { (title(one)) } @else { (plural(all.len() as u64, "pair")) " of workbooks" }
        }
        p class="sub" {
            @match (all.len(), differing) {
                (_, 0) => "Nothing differs.",
                (1, _) => "The values before, and now.",
                _ => { (thousands(differing as u64)) " of them differ." }
            }
        }
    };
    parts::open("Difference", "Difference", None, OPTIONS, &head)
}

fn sections(number: usize, found: &OutputDifference) -> Markup {
    let totals = found.totals.iter().map(|total| ValueChange {
        what: total.what.clone(),
        before: format!("{:.2}", total.before),
        after: format!("{:.2}", total.after),
    });
    let totals: Vec<_> = totals.collect();
    html! {
        (rows(number, &found.rows))
        (changes(&format!("totals-{number}"), "Totals", "Field", &totals))
        (changes(&format!("counts-{number}"), "Counts", "What", &found.counts))
        (changes(&format!("issues-{number}"), "Issues by rule", "Rule", &found.issues))
        (changes(&format!("mapping-{number}"), "Headers of fields", "Field", &found.mapping))
        (changes(&format!("versions-{number}"), "Versions and settings", "What", &found.versions))
    }
}

fn rows(number: usize, rows: &RowChanges) -> Markup {
    let [before, after, added, gone, changed] =
        [rows.before, rows.after, rows.added, rows.gone, rows.changed].map(thousands);
    let sentence = html! {
        (before) " before, " (after) " now: " (added) " new, " (gone) " gone, " (changed) " changed"
        @if let Some(key) = &rows.key { ", by " (value(key)) "." }
        @else { ", compared by position: no field is a key." }
    };
    let more = rows.changed_cells.saturating_sub(rows.cells.len() as u64);
    let body = html! {
        @for (title, names) in [("New rows", &rows.added_rows), ("Rows that are gone", &rows.gone_rows)] {
            @if !names.is_empty() {
                p class="after" {
                    (title) ": "
                    @for (at, name) in names.iter().enumerate() { @if at > 0 { ", " } (value(name)) }
                }
            }
        }
        @for (title, names) in [("New columns", &rows.added_columns), ("Columns that are gone", &rows.gone_columns)] {
            @if !names.is_empty() { p class="after" { (title) ": " (names.join(", ")) } }
        }
        @if !rows.cells.is_empty() {
            (before_and_now("Row", "Changed cells", &html! {
                @for cell in &rows.cells {
                    tr {
                        td { (value(&cell.row)) " · " (value(&cell.column)) }
                        td { (value(&cell.before)) }
                        td { (value(&cell.after)) }
                    }
                }
            }))
            (parts::further(usize::try_from(more).unwrap_or(usize::MAX), "cell"))
        }
    };
    parts::section(&format!("rows-{number}"), "Rows", sentence, &body)
}

fn before_and_now(what: &str, caption: &str, rows: &Markup) -> Markup {
    let columns = [(what, ""), ("Before", ""), ("Now", "")];
    table("list", caption, &columns, &html! { tbody { (rows) } })
}

fn changes<T: Display + PartialEq>(
    name: &str,
    title: &str,
    what: &str,
    all: &[ValueChange<T>],
) -> Markup {
    if all.is_empty() {
        return html! {};
    }
    let differing = all
        .iter()
        .filter(|change| change.before != change.after)
        .count();
    let sentence = format!("{differing} of {} differ.", all.len());
    let rows = html! {
        @for change in all {
            tr {
                td { (value(&change.what)) }
                td { (value(change.before.to_string())) }
                td {
                    @if change.before == change.after { (value(change.after.to_string())) }
                    @else { b { (value(change.after.to_string())) } }
                }
            }
        }
    };
    parts::section(name, title, sentence, &before_and_now(what, title, &rows))
}
