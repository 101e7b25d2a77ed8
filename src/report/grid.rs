//! The grid of a sender's sheet: which of its rows and columns are shown, what stands in them, and what is said of each row.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::facts::{Facts, Table, letters};
use super::html::{class_of, clipped, clipped_value, code, value};
use super::issues::{Found, Mark, OnSheet, VALUE, beginning};
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
#[derive(Default)]
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
    folded_issues: usize,
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
    /// What stands in it, of one that is not in the result.
    line: Option<String>,
    /// Its cells by column, of others; nothing where the column is folded.
    cells: Vec<Option<Cell>>,
    /// What is said of it, and of which of its columns; 0: of all of it.
    said: Vec<(u64, Mark)>,
}

struct Cell {
    column: u64,
    shown: ShownCell,
    severity: Option<Severity>,
    is_unmapped: bool,
}

/// What a grid is made of.
struct Source<'a> {
    sheet: &'a WholeSheet,
    rows: Rows<'a>,
    found: &'a Found,
    issues: &'a OnSheet,
    /// What the columns of its first tables went to.
    chips: BTreeMap<u64, Chip>,
}

impl GridColumn {
    /// Its number, if it is not folded.
    fn open(&self) -> Option<u64> {
        (!self.is_folded).then_some(self.first)
    }
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
        let rows = Rows::of(facts, left_out, title);
        let chips = rows.chips(None);
        let source = Source {
            sheet,
            rows,
            found,
            issues,
            chips,
        };
        let marked =
            |axis: fn(&(u64, u64)) -> u64| issues.marks.keys().map(axis).max().unwrap_or(0);
        let rows = sheet.size().0.max(marked(|(row, _)| *row));
        let columns = sheet.size().1.max(marked(|(_, column)| *column));
        let mut marks = issues.marks.values().flatten();
        let mut grid = Self {
            sheet: title.to_owned(),
            rows,
            has_infos: marks.any(|mark| mark.severity == Severity::Info),
            ..Self::default()
        };
        let all: BTreeSet<u64> = (1..=rows.min(WHOLE)).collect();
        let fits = rows <= WHOLE && source.widths(columns, &all).iter().sum::<u64>() <= WIDTH;
        grid.is_whole = fits && !around;
        let near = source.near(rows, if fits { 1 } else { 2 });
        let shown = if grid.is_whole { &all } else { &near };
        grid.fold(&source, &source.widths(columns, shown), shown);
        grid.fields = grid.chips(&source.chips);
        grid.take(&source, shown, &near);
        grid
    }

    /// Decides which columns are folded.
    fn fold(&mut self, source: &Source<'_>, widths: &[u64], shown: &BTreeSet<u64>) {
        let marks = source.issues.marks.keys();
        let marks = marks.filter(|(row, column)| *column > 0 && shown.contains(row));
        let with_issues: BTreeSet<u64> = marks.map(|(_, column)| *column).collect();
        self.folded_issues = with_issues.len().saturating_sub(WITH_ISSUES);
        let kept: BTreeSet<u64> = with_issues.into_iter().take(WITH_ISSUES).collect();
        let mut folded = vec![false; widths.len()];
        if total(widths, &folded, 0) > WIDTH {
            let is_mapped = |column: &u64| matches!(source.chips.get(column), Some(Chip::Field(_)));
            let order = (1..=widths.len() as u64).filter(|column| !kept.contains(column));
            let mut order: Vec<u64> = order.collect();
            order.sort_by_key(|column| (is_mapped(column), Reverse(widths[*column as usize - 1])));
            // All that have no field are, and of others the widest ones.
            for column in order {
                folded[column as usize - 1] =
                    !is_mapped(&column) || total(widths, &folded, 2) > ROOM;
            }
        }
        for (column, (&width, is_folded)) in (1..).zip(widths.iter().zip(folded)) {
            match self.columns.last_mut() {
                Some(last) if last.is_folded && is_folded => last.last = column,
                _ => self.columns.push(GridColumn {
                    first: column,
                    last: column,
                    is_folded,
                    width: if is_folded { FOLDED } else { width },
                }),
            }
        }
    }

    /// What the shown columns went to.
    fn chips(&self, chips: &BTreeMap<u64, Chip>) -> Vec<Option<Chip>> {
        let of = |column: &GridColumn| chips.get(&column.open()?).cloned();
        self.columns.iter().map(of).collect()
    }

    /// Takes the rows that are shown, and says what the others are.
    fn take(&mut self, source: &Source<'_>, shown: &BTreeSet<u64>, near: &BTreeSet<u64>) {
        let mut chips = source.chips.clone();
        let mut before = 0;
        // The rows since the last one that is near an issue.
        let mut far = 0;
        for &row in shown {
            if !self.is_whole && row > before + 1 {
                self.lines.push(source.gap(before + 1, row - 1, false));
            }
            let is_near = near.contains(&row);
            if is_near && self.is_whole && far > 0 {
                self.lines.push(source.gap(row - far, row - 1, true));
            }
            let others = source.rows.chips(Some(row));
            if !others.is_empty() {
                self.lines.push(Line::Fields(self.chips(&others)));
                chips = others;
            }
            let taken = source.row(&self.columns, row, &chips);
            let is_far = !is_near;
            self.lines.push(Line::Row(Row { is_far, ..taken }));
            far = if is_near { 0 } else { far + 1 };
            before = row;
        }
        if self.is_whole && far > 0 && far <= before {
            self.lines.push(source.gap(before + 1 - far, before, true));
        }
        if !self.is_whole && before < self.rows {
            self.lines.push(source.gap(before + 1, self.rows, false));
        }
    }

    /// Whether a cell is shown.
    pub fn shows(&self, row: u64, column: u64) -> bool {
        let is_it = |cell: &Cell| cell.column == column;
        let has = |line: &Line| matches!(line, Line::Row(shown) if shown.number == row && shown.cells.iter().flatten().any(is_it));
        self.lines.iter().any(has)
    }
}

impl Source<'_> {
    fn row(&self, columns: &[GridColumn], row: u64, chips: &BTreeMap<u64, Chip>) -> Row {
        let marks = &self.issues.marks;
        let mut kind = self.rows.kind(row);
        let has_cells = !matches!(kind, Kind::Out(..))
            || marks.range((row, 1)..=(row, u64::MAX)).next().is_some();
        let line = (!has_cells).then(|| line(self.sheet, row));
        if line.as_deref() == Some("")
            && row > self.rows.first
            && kind == Kind::outside(&self.rows, row)
        {
            kind = Kind::Out("blank".to_owned(), None);
        }
        let cell = |column: &GridColumn| {
            let column = column.open()?;
            let here = marks.get(&(row, column)).into_iter().flatten();
            let severity = here.map(|mark| mark.severity).min();
            let most = if severity.is_some() {
                VALUE + 1
            } else {
                LETTERS
            };
            Some(Cell {
                column,
                shown: self.sheet.cell(row, column, most),
                severity,
                is_unmapped: !matches!(chips.get(&column), Some(Chip::Field(_))),
            })
        };
        let cells = columns.iter().filter(|_| has_cells).map(cell).collect();
        let said = marks.range((row, 0)..=(row, u64::MAX));
        let said =
            said.flat_map(|((_, column), marks)| marks.iter().map(|mark| (*column, mark.clone())));
        let turned = self.rows.turned_to(row).map(|message| {
            let severity = Severity::Info;
            (
                0,
                Mark {
                    severity,
                    message,
                    is_left_empty: false,
                },
            )
        });
        let said = said.take(12).chain(turned).collect();
        Row {
            number: row,
            kind,
            is_far: false,
            line,
            cells,
            said,
        }
    }

    /// What rows that are not shown are.
    fn gap(&self, first: u64, last: u64, is_lean: bool) -> Line {
        let place = if first == last {
            format!("row {}", thousands(first))
        } else {
            format!("rows {} to {}", thousands(first), thousands(last))
        };
        let rows = &self.issues.rows;
        let from = rows.partition_point(|(row, _)| *row < first);
        let within = &rows[from..rows.partition_point(|(row, _)| *row <= last)];
        let count = within.len() as u64;
        let line = within.first().and_then(|(_, line)| *line);
        let line = line.filter(|line| within.iter().all(|(_, other)| *other == Some(*line)));
        let what = if let Some(value) = line.and_then(|line| self.found.value_of(line)) {
            let cells = if count == 1 {
                "cell holds"
            } else {
                "cells hold"
            };
            let value = if value.is_empty() { "nothing" } else { value };
            format!("{} more {cells} {}", thousands(count), beginning(value, 40))
        } else if count > 0 {
            plural(count, "more issue")
        } else {
            // A sheet may have a million rows; what is left out is counted by what notices name.
            let out = self.rows.out_within(first, last);
            match [first, last].map(|row| self.rows.kind(row)) {
                [Kind::Out(words, None), Kind::Out(also, None)]
                    if words == also && last < self.rows.first =>
                {
                    words
                }
                _ if out > 0 => format!("no issues, {} left out", thousands(out)),
                _ => "no issues".to_owned(),
            }
        };
        let words = format!("{place}: {what}");
        Line::Gap { words, is_lean }
    }

    /// The rows around issues, and the header rows of the tables that they are in; a gap of one row is shown.
    fn near(&self, count: u64, context: u64) -> BTreeSet<u64> {
        let openings = &self.issues.openings;
        let around =
            |row: &u64| row.saturating_sub(context).max(1)..=row.saturating_add(context).min(count);
        let mut near: BTreeSet<u64> = openings.iter().flat_map(around).collect();
        let has_issue = |table: &Table| {
            let data = table.data.as_ref();
            data.is_some_and(|data| openings.iter().any(|row| data.contains(row)))
        };
        let tables = self.rows.tables.iter().enumerate();
        let tables = tables.filter(|(index, table)| *index == 0 || has_issue(table));
        let headers = tables.flat_map(|(_, table)| table.header.iter().copied());
        near.extend(headers.filter(|row| *row <= count));
        // Of a sheet without issues the beginning is shown.
        if openings.is_empty()
            && let Some(header) = near.last().copied()
        {
            near.extend(header + 1..=(header + 3).min(count));
        }
        let between = |row: &u64| near.contains(&(row + 2)).then_some(row + 1);
        let between: Vec<u64> = near.iter().filter_map(between).collect();
        near.extend(between);
        near
    }

    /// How wide the columns are: nine of ten of what they show, the longest words of their headers, and their issues.
    fn widths(&self, columns: u64, shown: &BTreeSet<u64>) -> Vec<u64> {
        let kind = |&row: &u64| (row, self.rows.kind(row));
        let kinds: Vec<(u64, Kind)> = shown.iter().map(kind).collect();
        let width = |column: u64| {
            let mut lengths = Vec::new();
            let mut least = match self.chips.get(&column) {
                Some(Chip::Field(field)) => field.chars().count() as u64 + 3,
                Some(Chip::Unmapped) => 9,
                None => 0,
            };
            for (row, kind) in &kinds {
                let cell = self.sheet.cell(*row, column, LETTERS);
                let is_marked = self.issues.marks.contains_key(&(*row, column));
                match kind {
                    Kind::Data if !is_marked => {
                        lengths.extend((cell.letters > 0).then_some(cell.letters as u64))
                    }
                    Kind::Header | Kind::Data => {
                        let words = cell
                            .text
                            .split_whitespace()
                            .map(|word| word.chars().count() as u64);
                        least = least.max(words.max().unwrap_or(0));
                    }
                    Kind::Out(..) => {}
                }
            }
            lengths.sort_unstable();
            let most = lengths.get((lengths.len() * 9).div_ceil(10).saturating_sub(1));
            match most.copied().unwrap_or(0).max(least) {
                0 => EMPTY,
                width => width.clamp(COLUMN.0, COLUMN.1),
            }
        };
        (1..=columns).map(width).collect()
    }
}

/// What stands in a row that is not in the result.
fn line(sheet: &WholeSheet, row: u64) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut letters = 0;
    for column in 1..=sheet.size().1.min(200) {
        let cell = sheet.cell(row, column, LINE).text;
        // A merged range that was filled has the same text in each of its cells.
        if cell.trim().is_empty() || texts.last() == Some(&cell) {
            continue;
        }
        letters += cell.chars().count() + 3;
        texts.push(cell);
        if letters > LINE {
            break;
        }
    }
    texts.join(" · ")
}

/// What stands in rows that are not in the result, in few words.
pub fn words_of(sheet: &WholeSheet, rows: &[(u64, u64)]) -> String {
    let rows = rows.iter().flat_map(|&(first, last)| first..=last).take(20);
    let texts = rows
        .map(|row| line(sheet, row))
        .filter(|text| !text.is_empty());
    texts.take(3).collect::<Vec<String>>().join(" · ")
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
    let all = widths.iter().zip(folded);
    let open = all
        .filter(|(_, folded)| !**folded)
        .map(|(width, _)| width + beside);
    let stretches = folded
        .chunk_by(|one, other| one == other)
        .filter(|stretch| stretch[0]);
    open.sum::<u64>() + (FOLDED + beside) * stretches.count() as u64
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
        let kind = match row.kind {
            Kind::Header => "hdr",
            Kind::Data => "",
            Kind::Out(..) if row.line.is_some() => "out",
            Kind::Out(..) => "out cells",
        };
        html! {
            tr class={ @if row.is_far { "far " } (kind) } {
                th scope="row" { (row.number) }
                @if let Some(line) = &row.line {
                    td colspan=(self.grid.columns.len()) { @if !line.is_empty() { span { (value(clipped(line, LINE))) } } }
                }
                @for cell in &row.cells {
                    @if let Some(cell) = cell { (self.cell(row.number, cell)) }
                    @else { td class="fold" { @if row.kind == Kind::Header { "…" } } }
                }
                td class="say" {
                    @for (column, mark) in &row.said { (self.said(row.number, *column, mark)) }
                    @match &row.kind {
                        Kind::Header => "header",
                        Kind::Data => {}
                        Kind::Out(words, hook) => { (words) @if let Some(hook) = hook { " · " (code(hook)) } }
                    }
                }
            }
        }
    }

    fn cell(&self, row: u64, cell: &Cell) -> Markup {
        let classes = [
            cell.severity.map(class_of),
            cell.shown.is_number.then_some("n"),
            (cell.severity.is_none() && cell.is_unmapped).then_some("unm"),
        ];
        let classes: Vec<&str> = classes.into_iter().flatten().collect();
        let class = (!classes.is_empty()).then(|| classes.join(" "));
        let Some(severity) = cell.severity else {
            return html! { td class=[class] { (clipped(&cell.shown.text, LETTERS - 1)) } };
        };
        let text = html! {
            span class="sr" { (severity.word()) ": " }
            @if cell.shown.letters == 0 { span class="none" { "empty" } }
            (clipped_value(&cell.shown.text, VALUE, cell.shown.letters))
        };
        html! {
            td id=(self.names.cell(&self.grid.sheet, row, cell.column)) class=[class] {
                @if let Some(link) = self.link(row, cell.column) { a href=(link) { (text) } } @else { (text) }
            }
        }
    }

    /// Where the list shows the issues of a cell, if it does.
    fn link(&self, row: u64, column: u64) -> Option<String> {
        let sheet = &self.grid.sheet;
        let is_listed = self.found.lists(sheet, row, column);
        is_listed.then(|| format!("#{}", self.names.line(sheet, row, column)))
    }

    /// What is said of a row or of one of its cells, on the line of the row.
    fn said(&self, row: u64, column: u64, mark: &Mark) -> Markup {
        html! {
            p {
                @if column > 0 {
                    @let cell = format!("{}{row}", letters(column));
                    @if let Some(link) = self.link(row, column) { a href=(link) class=(class_of(mark.severity)) { (cell) } }
                    @else { b { (cell) } }
                }
                (clipped(&mark.message, 120))
                @if mark.is_left_empty { ", left empty" }
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
                    span { (plural(self.grid.folded_issues as u64, "further column")) " with issues not shown; the list has them" }
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
