//! The grid of a sender's sheet: which of its rows and columns are shown, what stands in them, and what is said of each row.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::facts::{Facts, Table, letters};
use super::html::{class_of, clipped, code, value};
use super::issues::{Found, Mark, OnSheet, VALUE, beginning, clipped_value};
use super::names::Names;
use super::notes::LeftOut;
use super::rows::{Chip, Kind, Rows};
use crate::base::counted::{plural, thousands};
use crate::cells::{ShownCell, WholeSheet};
use crate::issues::Severity;

/// A sheet with at most so many rows is shown whole, if it is not too wide.
pub const WHOLE: u64 = 60;
/// So many characters wide is a grid at most, if its issues leave it the choice.
const WIDTH: u64 = 118;
/// So many, with the room beside the text of columns, a page shows beside what is said: a grid that is folded keeps to it.
const ROOM: u64 = 126;
/// The narrowest and the widest column, the room beside the text not counted.
const COLUMN: (u64, u64) = (6, 20);
/// An empty column, and one that is folded.
const EMPTY: u64 = 4;
const FOLDED: u64 = 3;
/// So many columns with issues are shown; a sheet may have thousands.
const WITH_ISSUES: usize = 40;
/// So many letters of a cell without an issue are kept; what its column has no room for is cut by the browser.
const LETTERS: usize = 64;
/// So many letters of a line that is not in the result are kept.
const LINE: usize = 160;

/// A sheet's grid.
pub struct Grid {
    /// The sender's sheet.
    pub sheet: String,
    /// How many rows the sheet has.
    pub rows: u64,
    /// Whether all of them are there.
    pub is_whole: bool,
    /// What is shown of it.
    columns: Vec<GridColumn>,
    /// The fields of the columns of its first tables.
    fields: Vec<Option<Chip>>,
    lines: Vec<Line>,
    /// Columns with issues that are not shown.
    folded_issues: u64,
    has_infos: bool,
}

/// A column, or some that are folded.
struct GridColumn {
    first: u64,
    last: u64,
    is_folded: bool,
    width: u64,
}

enum Line {
    /// Rows that are not shown, or not when only those around issues are wanted.
    Gap {
        words: String,
        is_lean: bool,
    },
    /// The fields of the columns of further tables.
    Fields(Vec<Option<Chip>>),
    Row(Row),
}

struct Row {
    number: u64,
    kind: Kind,
    /// Whether it is shown only when all rows are.
    is_far: bool,
    cells: Vec<Cell>,
    /// What is said of the row beside its cells.
    said: Vec<Said>,
}

struct Cell {
    column: u64,
    shown: ShownCell,
    severity: Option<Severity>,
    is_unmapped: bool,
}

struct Said {
    column: Option<u64>,
    severity: Severity,
    message: String,
    is_left_empty: bool,
}

impl Grid {
    /// Takes what is shown of a sheet. `around`: only the rows around issues are, however small the sheet is.
    pub fn of(
        facts: &Facts,
        found: &Found,
        left_out: &[LeftOut],
        title: &str,
        sheet: &WholeSheet,
        around: bool,
    ) -> Self {
        let none = OnSheet::default();
        let issues = found.sheets.get(title).unwrap_or(&none);
        let (rows, columns) = sheet.size();
        let of_rows = Rows::of(facts, left_out, title);
        let marked = |axis: fn(&(u64, u64)) -> u64| issues.marks.keys().map(axis).max();
        let rows = rows.max(marked(|(row, _)| *row).unwrap_or(0));
        let columns = columns.max(marked(|(_, column)| *column).unwrap_or(0));
        let first_chips = of_rows.chips(None);
        let mut grid = Self {
            sheet: title.to_owned(),
            rows,
            is_whole: false,
            columns: Vec::new(),
            fields: Vec::new(),
            lines: Vec::new(),
            folded_issues: 0,
            has_infos: issues
                .marks
                .values()
                .flatten()
                .any(|mark| mark.severity == Severity::Info),
        };
        let all: Vec<u64> = (1..=rows.min(WHOLE)).collect();
        let fits = rows <= WHOLE && {
            let widths = widths(sheet, &all, columns, &of_rows, &first_chips, issues);
            widths.iter().sum::<u64>() <= WIDTH
        };
        grid.is_whole = fits && !around;
        let near = near(issues, &of_rows, rows, if fits { 1 } else { 2 });
        let shown = if grid.is_whole { &all } else { &near };
        let widths = widths(sheet, shown, columns, &of_rows, &first_chips, issues);
        grid.fold(&widths, &first_chips, issues, shown);
        grid.fields = grid.chips(&first_chips);
        grid.take(sheet, &of_rows, (found, issues), shown, &near);
        grid
    }

    /// Decides which columns are folded.
    fn fold(
        &mut self,
        widths: &[u64],
        chips: &BTreeMap<u64, Chip>,
        issues: &OnSheet,
        shown: &[u64],
    ) {
        let mut with_issues = vec![false; widths.len()];
        for (row, column) in issues.marks.keys() {
            if *column > 0 && shown.binary_search(row).is_ok() {
                with_issues[*column as usize - 1] = true;
            }
        }
        let mut kept = 0;
        for has in with_issues.iter_mut().filter(|has| **has) {
            kept += 1;
            if kept > WITH_ISSUES {
                *has = false;
                self.folded_issues += 1;
            }
        }
        let is_mapped =
            |index: usize| matches!(chips.get(&(index as u64 + 1)), Some(Chip::Field(_)));
        let mut order: Vec<usize> = (0..widths.len())
            .filter(|&index| !with_issues[index])
            .collect();
        order.sort_by_key(|&index| std::cmp::Reverse(widths[index]));
        let mut folded = vec![false; widths.len()];
        if total(widths, &folded, 0) > WIDTH {
            let (mapped, unmapped): (Vec<_>, Vec<_>) =
                order.into_iter().partition(|&index| is_mapped(index));
            unmapped.into_iter().for_each(|index| folded[index] = true);
            for index in mapped {
                if total(widths, &folded, 2) > ROOM {
                    folded[index] = true;
                }
            }
        }
        for (index, &is_folded) in folded.iter().enumerate() {
            let column = index as u64 + 1;
            match self.columns.last_mut() {
                Some(last) if last.is_folded && is_folded => last.last = column,
                _ => self.columns.push(GridColumn {
                    first: column,
                    last: column,
                    is_folded,
                    width: if is_folded { FOLDED } else { widths[index] },
                }),
            }
        }
    }

    /// What the shown columns went to.
    fn chips(&self, chips: &BTreeMap<u64, Chip>) -> Vec<Option<Chip>> {
        let of = |column: &GridColumn| chips.get(&column.first).filter(|_| !column.is_folded);
        self.columns
            .iter()
            .map(|column| of(column).cloned())
            .collect()
    }

    /// Takes the rows that are shown, and says what the others are.
    fn take(
        &mut self,
        sheet: &WholeSheet,
        rows: &Rows<'_>,
        of: (&Found, &OnSheet),
        shown: &[u64],
        near: &[u64],
    ) {
        let mut chips = rows.chips(None);
        let mut before = 0;
        // The rows since the last one that is near an issue.
        let mut far = 0;
        for &row in shown {
            if !self.is_whole && row > before + 1 {
                self.gap(rows, of, before + 1, row - 1, false);
            }
            let is_near = near.binary_search(&row).is_ok();
            if is_near && self.is_whole && far > 0 {
                self.gap(rows, of, row - far, row - 1, true);
            }
            let others = rows.chips(Some(row));
            if !others.is_empty() {
                self.lines.push(Line::Fields(self.chips(&others)));
                chips = others;
            }
            let kind = rows.kind(row);
            let taken = self.row(sheet, rows, of.1, row, kind, &chips, !is_near);
            self.lines.push(Line::Row(taken));
            far = if is_near { 0 } else { far + 1 };
            before = row;
        }
        if self.is_whole && far > 0 && far <= before {
            self.gap(rows, of, before + 1 - far, before, true);
        }
        if !self.is_whole && before < self.rows {
            self.gap(rows, of, before + 1, self.rows, false);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a row is made of")]
    fn row(
        &self,
        sheet: &WholeSheet,
        rows: &Rows<'_>,
        issues: &OnSheet,
        row: u64,
        kind: Kind,
        chips: &BTreeMap<u64, Chip>,
        is_far: bool,
    ) -> Row {
        let is_out = matches!(kind, Kind::Out(..)) && !has_marks(issues, row);
        let mut kind = kind;
        let cells = if is_out {
            let shown = line(sheet, row);
            if shown.text.is_empty() && row > rows.first && kind == Kind::outside(rows, row) {
                kind = Kind::Out("blank".to_owned(), None);
            }
            vec![Cell {
                column: 0,
                shown,
                severity: None,
                is_unmapped: false,
            }]
        } else {
            let open = self.columns.iter().filter(|column| !column.is_folded);
            open.map(|column| {
                let column = column.first;
                let marks = issues.marks.get(&(row, column));
                let severity = marks.and_then(|marks| marks.iter().map(|mark| mark.severity).min());
                let most = if severity.is_some() {
                    VALUE + 1
                } else {
                    LETTERS
                };
                Cell {
                    column,
                    shown: sheet.cell(row, column, most),
                    severity,
                    is_unmapped: !matches!(chips.get(&column), Some(Chip::Field(_))),
                }
            })
            .collect()
        };
        let mut said: Vec<Said> = issues
            .marks
            .range((row, 0)..=(row, u64::MAX))
            .flat_map(|(&(_, column), marks)| marks.iter().map(move |mark| Said::of(column, mark)))
            .collect();
        said.truncate(12);
        said.extend(rows.turned_to(row).map(|message| Said {
            column: None,
            severity: Severity::Info,
            message,
            is_left_empty: false,
        }));
        Row {
            number: row,
            kind,
            is_far,
            cells,
            said,
        }
    }

    /// Says what rows that are not shown are.
    fn gap(
        &mut self,
        rows: &Rows<'_>,
        (found, issues): (&Found, &OnSheet),
        first: u64,
        last: u64,
        is_lean: bool,
    ) {
        let place = if first == last {
            format!("row {}", thousands(first))
        } else {
            format!("rows {} to {}", thousands(first), thousands(last))
        };
        let from = issues.rows.partition_point(|(row, _)| *row < first);
        let to = issues.rows.partition_point(|(row, _)| *row <= last);
        let within = &issues.rows[from..to];
        let line = within.first().and_then(|(_, line)| *line);
        let line = line.filter(|line| within.iter().all(|(_, other)| other == &Some(*line)));
        let words = if let Some(value) = line.and_then(|line| found.value_of(line)) {
            let cells = if within.len() == 1 {
                "cell holds"
            } else {
                "cells hold"
            };
            let value = match value {
                "" => "nothing".to_owned(),
                value => beginning(value, 40),
            };
            format!(
                "{place}: {} more {cells} {value}",
                thousands(within.len() as u64)
            )
        } else if !within.is_empty() {
            let issues = if within.len() == 1 { "issue" } else { "issues" };
            format!("{place}: {} more {issues}", thousands(within.len() as u64))
        } else {
            // A sheet may have a million rows; what is left out is counted by what notices name.
            let out = rows.out_within(first, last);
            match rows.kind(first) {
                Kind::Out(words, None)
                    if rows.kind(last) == Kind::Out(words.clone(), None) && last < rows.first =>
                {
                    format!("{place}: {words}")
                }
                _ if out > 0 => format!("{place}: no issues, {} left out", thousands(out)),
                _ => format!("{place}: no issues"),
            }
        };
        self.lines.push(Line::Gap { words, is_lean });
    }

    /// Whether a cell is shown.
    pub fn shows(&self, row: u64, column: u64) -> bool {
        let is_open = |shown: &GridColumn| !shown.is_folded && shown.first == column;
        let has = |line: &Line| matches!(line, Line::Row(shown) if shown.number == row && shown.cells.iter().any(|cell| cell.column == column));
        self.columns.iter().any(is_open) && self.lines.iter().any(has)
    }
}

impl Said {
    fn of(column: u64, mark: &Mark) -> Self {
        Self {
            column: (column > 0).then_some(column),
            severity: mark.severity,
            message: mark.message.clone(),
            is_left_empty: mark.is_left_empty,
        }
    }
}

fn has_marks(issues: &OnSheet, row: u64) -> bool {
    issues
        .marks
        .range((row, 1)..=(row, u64::MAX))
        .next()
        .is_some()
}

/// The rows around issues, and the header rows of the tables that they are in; a gap of one row is shown.
fn near(issues: &OnSheet, rows: &Rows<'_>, count: u64, context: u64) -> Vec<u64> {
    let mut near: Vec<u64> = issues
        .openings
        .iter()
        .flat_map(|row| row.saturating_sub(context).max(1)..=row.saturating_add(context).min(count))
        .collect();
    let has_issue = |table: &Table| {
        let mut within = issues.openings.iter();
        within.any(|&row| table.data.as_ref().is_some_and(|data| data.contains(&row)))
    };
    let headers = rows.tables.iter().enumerate();
    let headers = headers.filter(|(index, table)| *index == 0 || has_issue(table));
    near.extend(
        headers
            .flat_map(|(_, table)| &table.header)
            .filter(|&&row| row <= count),
    );
    // Of a sheet without issues the beginning is shown.
    if issues.openings.is_empty()
        && let Some(header) = near.iter().max().copied()
    {
        near.extend((header + 1..=header + 3).filter(|&row| row <= count));
    }
    near.sort_unstable();
    near.dedup();
    let between: Vec<u64> = near
        .windows(2)
        .filter(|pair| pair[1] - pair[0] == 2)
        .map(|pair| pair[0] + 1)
        .collect();
    near.extend(between);
    near.sort_unstable();
    near
}

/// What stands in a row that is not in the result.
fn line(sheet: &WholeSheet, row: u64) -> ShownCell {
    let mut texts = Vec::new();
    let mut letters = 0;
    let mut before = String::new();
    for column in 1..=sheet.size().1.min(200) {
        let cell = sheet.cell(row, column, LINE).text;
        // A merged range that was filled has the same text in each of its cells.
        if cell.trim().is_empty() || cell == before {
            continue;
        }
        letters += cell.chars().count() + 3;
        before.clone_from(&cell);
        texts.push(cell);
        if letters > LINE {
            break;
        }
    }
    ShownCell {
        text: texts.join(" · "),
        ..ShownCell::default()
    }
}

/// What stands in rows that are not in the result, in few words.
pub fn words_of(sheet: &WholeSheet, rows: &[(u64, u64)]) -> String {
    let rows = rows.iter().flat_map(|&(first, last)| first..=last).take(20);
    let texts = rows.map(|row| line(sheet, row).text);
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).take(3).collect();
    texts.join(" · ")
}

/// How wide the columns are: nine of ten of what they show, the longest words of their headers, and their issues.
fn widths(
    sheet: &WholeSheet,
    shown: &[u64],
    columns: u64,
    rows: &Rows<'_>,
    chips: &BTreeMap<u64, Chip>,
    issues: &OnSheet,
) -> Vec<u64> {
    let kinds: Vec<(u64, Kind)> = shown.iter().map(|&row| (row, rows.kind(row))).collect();
    (1..=columns)
        .map(|column| {
            let mut lengths = Vec::new();
            let mut least = match chips.get(&column) {
                Some(Chip::Field(field)) => field.chars().count() as u64 + 3,
                Some(Chip::Unmapped) => 9,
                None => 0,
            };
            let mut grow = |text: &str| {
                let words = text
                    .split_whitespace()
                    .map(|word| word.chars().count() as u64);
                least = least.max(words.max().unwrap_or(0));
            };
            for (row, kind) in &kinds {
                let cell = sheet.cell(*row, column, LETTERS);
                match kind {
                    Kind::Header => grow(&cell.text),
                    Kind::Data if issues.marks.contains_key(&(*row, column)) => grow(&cell.text),
                    Kind::Data if cell.letters > 0 => lengths.push(cell.letters as u64),
                    Kind::Data | Kind::Out(..) => {}
                }
            }
            lengths.sort_unstable();
            let most = lengths.get((lengths.len() * 9).div_ceil(10).saturating_sub(1));
            match most.copied().unwrap_or(0).max(least) {
                0 => EMPTY,
                width => width.clamp(COLUMN.0, COLUMN.1),
            }
        })
        .collect()
}

/// The number of the class of styles for a grid of so many characters: styles have the even ones up to 200, then tens to 400.
fn width_class(total: u64) -> u64 {
    match total.clamp(20, 400) {
        total @ ..=200 => total.next_multiple_of(2),
        total => total.next_multiple_of(10),
    }
}

/// How many characters a grid takes in which columns are folded, those that follow each other as one, with so much room beside
/// the text of each.
fn total(widths: &[u64], folded: &[bool], beside: u64) -> u64 {
    let open: u64 = widths
        .iter()
        .zip(folded)
        .filter(|(_, folded)| !**folded)
        .map(|(width, _)| width + beside)
        .sum();
    let stretches = folded
        .chunk_by(|one, other| one == other)
        .filter(|stretch| stretch[0])
        .count();
    open + (FOLDED + beside) * stretches as u64
}

/// What a sheet's grid is shown with.
pub struct Drawing<'a> {
    /// The grid.
    pub grid: &'a Grid,
    /// The issues of the run.
    pub found: &'a Found,
    /// The names of places.
    pub names: &'a Names,
}

impl Drawing<'_> {
    /// The grid as a table. `file` is the name of the sender's file.
    pub fn table(&self, file: &str) -> Markup {
        let Grid { sheet, columns, .. } = self.grid;
        // The numbers of rows have a column of their own.
        let digits = (thousands(self.grid.rows).len() as u64).clamp(3, 8) + 2;
        let widths = columns.iter().map(|column| column.width + 2);
        let total = digits + widths.clone().sum::<u64>();
        html! {
            div class="sheet" role="region" tabindex="0" aria-label={ "Sheet " (sheet) " of " (file) } {
                table class={ "t" (width_class(total)) } {
                    caption class="sr" { "The sheet " (sheet) " as it was sent" }
                    colgroup { @for width in std::iter::once(digits).chain(widths) { col class={ "c" (width) }; } col; }
                    thead {
                        tr {
                            th scope="col" { span class="sr" { "Row" } }
                            @for column in columns {
                                th scope="col" {
                                    (letters(column.first))
                                    @if column.last > column.first { ":" (letters(column.last)) }
                                }
                            }
                            th scope="col" class="say" { "What is said" }
                        }
                        (fields(&self.grid.fields))
                    }
                    tbody { @for line in &self.grid.lines { (self.line(line)) } }
                }
            }
            (self.legend())
        }
    }

    fn line(&self, line: &Line) -> Markup {
        let columns = self.grid.columns.len();
        match line {
            Line::Gap { words, is_lean } => html! {
                tr class=(if *is_lean { "gap lean" } else { "gap" }) {
                    th scope="row" { span aria-hidden="true" { "⋮" } span class="sr" { "Rows not shown" } }
                    td colspan=(columns + 1) { (words) }
                }
            },
            Line::Fields(chips) => fields(chips),
            Line::Row(row) => self.row(row),
        }
    }

    fn row(&self, row: &Row) -> Markup {
        let line = row.cells.first().filter(|cell| cell.column == 0);
        let kind = match row.kind {
            Kind::Header => "hdr",
            Kind::Data => "",
            Kind::Out(..) if line.is_some() => "out",
            Kind::Out(..) => "out cells",
        };
        let mut cells = row.cells.iter();
        html! {
            tr class={ @if row.is_far { "far " } (kind) } {
                th scope="row" { (row.number) }
                @if let Some(line) = line {
                    td colspan=(self.grid.columns.len()) {
                        @if !line.shown.text.is_empty() { span { (value(clipped(&line.shown.text, LINE))) } }
                    }
                } @else {
                    @for column in &self.grid.columns {
                        @if column.is_folded { td class="fold" { @if row.kind == Kind::Header { "…" } } }
                        @else if let Some(cell) = cells.next() { (self.cell(row.number, cell)) }
                    }
                }
                td class="say" {
                    @for said in &row.said { (self.said(row.number, said)) }
                    @match &row.kind {
                        Kind::Header => "header",
                        Kind::Data => {}
                        Kind::Out(words, hook) => { (words) @if let Some(hook) = hook { " · " (code(hook)) } }
                    }
                }
            }
        }
    }

    fn cell(
        &self,
        row: u64,
        Cell {
            column,
            shown,
            severity,
            is_unmapped,
        }: &Cell,
    ) -> Markup {
        let classes = [
            severity.map(class_of),
            shown.is_number.then_some("n"),
            (severity.is_none() && *is_unmapped).then_some("unm"),
        ];
        let classes: Vec<&str> = classes.into_iter().flatten().collect();
        let class = (!classes.is_empty()).then(|| classes.join(" "));
        let Some(severity) = severity else {
            return html! { td class=[class] { (clipped(&shown.text, LETTERS - 1)) } };
        };
        let text = html! {
            span class="sr" { (severity.word()) ": " }
            @if shown.letters == 0 { span class="none" { "empty" } }
            (clipped_value(&shown.text, shown.letters))
        };
        html! {
            td id=(self.names.cell(&self.grid.sheet, row, *column)) class=[class] {
                @if let Some(link) = self.link(row, *column) { a href=(link) { (text) } } @else { (text) }
            }
        }
    }

    /// Where the list shows the issues of a cell, if it does.
    fn link(&self, row: u64, column: u64) -> Option<String> {
        let sheet = &self.grid.sheet;
        let is_listed = self.found.lists(sheet, row, column);
        is_listed.then(|| format!("#{}", self.names.line(sheet, row, column)))
    }

    /// What is said of a row, on its line.
    fn said(&self, row: u64, said: &Said) -> Markup {
        html! {
            p {
                @if let Some(column) = said.column {
                    @let cell = format!("{}{row}", letters(column));
                    @if let Some(link) = self.link(row, column) { a href=(link) class=(class_of(said.severity)) { (cell) } }
                    @else { b { (cell) } }
                }
                (clipped(&said.message, 120))
                @if said.is_left_empty { ", left empty" }
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            p class="legend" {
                span class="k" { "error: missing in the result, or wrong there" }
                span class="k w" { "warning: written, to be checked" }
                @if self.grid.has_infos { span class="k i" { "info" } }
                span class="k hat" { "not written" }
                span class="k hd" { "header" }
                @if self.grid.folded_issues > 0 {
                    span { (plural(self.grid.folded_issues, "further column")) " with issues not shown; the list has them" }
                }
            }
        }
    }
}

/// The fields of columns.
fn fields(chips: &[Option<Chip>]) -> Markup {
    html! {
        tr class="map" {
            th scope="row" { span class="sr" { "Field" } }
            @for chip in chips {
                td {
                    @match chip {
                        Some(Chip::Field(field)) => span class="to" { "→ " (clipped(field, 60)) },
                        Some(Chip::Unmapped) => span class="to no" { "unmapped" },
                        None => {}
                    }
                }
            }
            td class="say" {}
        }
    }
}
