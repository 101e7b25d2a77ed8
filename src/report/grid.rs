//! The grid of a sender's sheet: which of its rows and columns are shown, what stands in them, and what is said of each row.

use std::collections::BTreeMap;

use super::facts::{Facts, Table, letters};
use super::html::Html;
use super::issues::{Found, Mark, OnSheet, VALUE, beginning, clipped_value};
use super::names::Names;
use super::notes::LeftOut;
use crate::base::counted::{plural, thousands};
use crate::cells::{Fate, Reason, ShownCell, WholeSheet};
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
    /// The fields of the columns of tables.
    Fields(Vec<Option<Chip>>),
    Row(Row),
}

/// What a column went to.
#[derive(Clone)]
enum Chip {
    Field(String),
    Unmapped,
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
    cell: Option<(u64, Severity)>,
    severity: Severity,
    message: String,
    is_left_empty: bool,
}

/// What a row is.
#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Header,
    Data,
    /// Not in the result; why, and the hook that dropped it.
    Out(String, Option<String>),
}

impl Kind {
    /// Of a row that is in no table, and that no notice names.
    fn outside(rows: &Rows<'_>, row: u64) -> Self {
        let words = if rows.tables.is_empty() {
            "no table was found"
        } else if row < rows.first {
            "above the table"
        } else {
            "not in a table"
        };
        Self::Out(words.to_owned(), None)
    }
}

/// What decides about the rows of a sheet.
struct Rows<'a> {
    tables: Vec<&'a Table>,
    left_out: Vec<&'a LeftOut>,
    first: u64,
    /// What the run tells of each row.
    facts: &'a Facts,
    sheet: &'a str,
}

impl<'a> Rows<'a> {
    fn of(facts: &'a Facts, left_out: &'a [LeftOut], sheet: &'a str) -> Self {
        let tables: Vec<&Table> = facts
            .tables
            .iter()
            .filter(|table| table.sheet == sheet)
            .collect();
        let firsts = tables.iter().filter_map(|table| table.first_row());
        Self {
            left_out: left_out.iter().filter(|rows| rows.sheet == sheet).collect(),
            first: firsts.min().unwrap_or(u64::MAX),
            tables,
            facts,
            sheet,
        }
    }

    fn kind(&self, row: u64) -> Kind {
        if self.tables.iter().any(|table| table.header.contains(&row)) {
            return Kind::Header;
        }
        if let Some(kind) = self.told(row) {
            return kind;
        }
        let named = self.left_out.iter().find(|out| {
            out.rows
                .iter()
                .any(|&(first, last)| (first..=last).contains(&row))
        });
        if let Some(out) = named {
            return Kind::Out(out.words(), out.hook.clone());
        }
        let is_data = |table: &&Table| {
            let data = table.data.as_ref().is_some_and(|data| data.contains(&row));
            data || table.turned && table.has_row(row)
        };
        if self.tables.iter().any(is_data) {
            return Kind::Data;
        }
        Kind::outside(self, row)
    }

    /// What a row is that the run tells to be not in the result; nothing where it tells nothing, or not why.
    fn told(&self, row: u64) -> Option<Kind> {
        let Fate::NotWritten(told) = self.facts.rows_told.as_ref()?.fate(self.sheet, row) else {
            return None;
        };
        let words = match told.reason {
            Reason::Blank => "blank",
            Reason::Total => "left out: total",
            Reason::Note => "left out: note",
            Reason::Title if row > self.first => "left out: title of a section",
            Reason::RepeatedHeader => "left out: header again",
            Reason::Dropped => "dropped",
            Reason::Quarantined => "quarantined",
            Reason::Line => "a further line of the record above",
            Reason::Title | Reason::Header | Reason::Outside | Reason::Other => return None,
        };
        Some(Kind::Out(words.to_owned(), told.hook.clone()))
    }

    /// What the columns of the tables went to, of those whose header begins in a row, or of the first ones.
    fn chips(&self, header: Option<u64>) -> BTreeMap<u64, Chip> {
        let wanted = self.tables.iter().filter(|table| match header {
            Some(row) => table.header.first() == Some(&row) && !self.is_first(table),
            None => self.is_first(table),
        });
        let mut chips = BTreeMap::new();
        for column in wanted
            .filter(|table| !table.turned)
            .flat_map(|table| &table.columns)
        {
            let Some(position) = column.position() else {
                continue;
            };
            let chip = match (&column.told.field, column.parts.as_slice()) {
                (Some(field), _) => Chip::Field(field.clone()),
                (None, []) if column.told.name.is_empty() && column.filled == Some(0) => continue,
                (None, []) => Chip::Unmapped,
                (None, parts) => Chip::Field(parts.join(", ")),
            };
            chips.insert(position, chip);
        }
        chips
    }

    /// Whether a table is the first of the sheet, or beside it.
    fn is_first(&self, table: &Table) -> bool {
        let first = self.tables.first();
        first.is_some_and(|first| {
            first.index == table.index
                || matches!((first.header.first(), table.header.first()), (Some(one), Some(other)) if one == other)
        })
    }
}

impl Table {
    /// Its first row in the sheet.
    fn first_row(&self) -> Option<u64> {
        let place = self.place.map(|place| u64::from(place.first_row) + 1);
        self.header.first().copied().or(place)
    }

    fn has_row(&self, row: u64) -> bool {
        let place = self.place;
        place.is_some_and(|place| {
            (u64::from(place.first_row) + 1..=u64::from(place.last_row) + 1).contains(&row)
        })
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
        grid.lines.push(Line::Fields(grid.chips(&first_chips)));
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
        Row {
            number: row,
            kind,
            is_far,
            cells,
            said: {
                said.extend(rows.turned_to(row));
                said
            },
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
            cell: (column > 0).then_some((column, mark.severity)),
            severity: mark.severity,
            message: mark.message.clone(),
            is_left_empty: mark.is_left_empty,
        }
    }
}

impl Rows<'_> {
    /// Of a row that is a column of a table on its side: what it went to.
    fn turned_to(&self, row: u64) -> Option<Said> {
        let turned = self.tables.iter().filter(|table| table.turned);
        let number = row.to_string();
        let column = turned
            .flat_map(|table| &table.columns)
            .find(|column| column.told.column == number)?;
        Some(Said {
            cell: None,
            severity: Severity::Info,
            message: match &column.told.field {
                Some(field) => format!("→ {field}"),
                None => "unmapped".to_owned(),
            },
            is_left_empty: false,
        })
    }

    /// How many rows within others are not in the result, as notices name them.
    fn out_within(&self, first: u64, last: u64) -> u64 {
        let stretches = self.left_out.iter().flat_map(|out| &out.rows);
        stretches
            .filter(|(from, to)| *from <= last && first <= *to)
            .map(|(from, to)| last.min(*to) - first.max(*from) + 1)
            .sum()
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

/// Writes the grid of a sheet.
pub fn write(html: &mut Html<'_>, grid: &Grid, found: &Found, names: &Names, file: &str) {
    // The numbers of rows have a column of their own.
    let digits = (thousands(grid.rows).len() as u64).clamp(3, 8) + 2;
    let total = digits
        + grid
            .columns
            .iter()
            .map(|column| column.width + 2)
            .sum::<u64>();
    html.mark("<div class=\"sheet\" role=\"region\" tabindex=\"0\" aria-label=\"Sheet ")
        .text(&grid.sheet)
        .mark(" of ")
        .text(file)
        .mark("\"><table class=\"t")
        .number(width_class(total))
        .mark("\"><caption class=\"sr\">The sheet ")
        .text(&grid.sheet)
        .mark(" as it was sent</caption><colgroup><col class=\"c")
        .number(digits)
        .mark("\">");
    for column in &grid.columns {
        html.mark("<col class=\"c")
            .number(column.width + 2)
            .mark("\">");
    }
    html.mark("<col></colgroup><thead><tr><th scope=\"col\"><span class=\"sr\">Row</span></th>");
    for column in &grid.columns {
        html.mark("<th scope=\"col\">").text(&letters(column.first));
        if column.last > column.first {
            html.mark(":").text(&letters(column.last));
        }
        html.mark("</th>");
    }
    html.mark("<th scope=\"col\" class=\"say\">What is said</th></tr>");
    let mut lines = grid.lines.iter();
    if let Some(Line::Fields(chips)) = lines.next() {
        write_chips(html, chips);
    }
    html.mark("</thead><tbody>");
    for line in lines {
        match line {
            Line::Gap { words, is_lean } => {
                html.mark("<tr class=\"gap")
                    .mark_if(*is_lean, " lean")
                    .mark("\"><th scope=\"row\"><span aria-hidden=\"true\">⋮</span><span class=\"sr\">Rows not shown</span></th><td colspan=\"")
                    .number(grid.columns.len() as u64 + 1)
                    .mark("\">")
                    .text(words)
                    .mark("</td></tr>");
            }
            Line::Fields(chips) => write_chips(html, chips),
            Line::Row(row) => write_row(html, grid, row, found, names),
        }
    }
    html.mark("</tbody></table></div>");
    write_legend(html, grid);
}

fn write_chips(html: &mut Html<'_>, chips: &[Option<Chip>]) {
    html.mark("<tr class=\"map\"><th scope=\"row\"><span class=\"sr\">Field</span></th>");
    for chip in chips {
        html.mark("<td>");
        match chip {
            Some(Chip::Field(field)) => html
                .mark("<span class=\"to\">→ ")
                .clipped(field, 60)
                .mark("</span>"),
            Some(Chip::Unmapped) => html.mark("<span class=\"to no\">unmapped</span>"),
            None => html,
        };
        html.mark("</td>");
    }
    html.mark("<td class=\"say\"></td></tr>");
}

fn write_row(html: &mut Html<'_>, grid: &Grid, row: &Row, found: &Found, names: &Names) {
    let is_line = row.cells.len() == 1 && row.cells[0].column == 0;
    html.mark("<tr class=\"")
        .mark_if(row.is_far, "far ")
        .mark(match row.kind {
            Kind::Header => "hdr",
            Kind::Data => "",
            Kind::Out(..) if is_line => "out",
            Kind::Out(..) => "out cells",
        })
        .mark("\"><th scope=\"row\">")
        .number(row.number)
        .mark("</th>");
    if is_line {
        html.mark("<td colspan=\"")
            .number(grid.columns.len() as u64)
            .mark("\">");
        if !row.cells[0].shown.text.is_empty() {
            html.mark("<span><bdi>")
                .clipped(&row.cells[0].shown.text, LINE)
                .mark("</bdi></span>");
        }
        html.mark("</td>");
    } else {
        let mut cells = row.cells.iter();
        for column in &grid.columns {
            match column.is_folded {
                true => html
                    .mark("<td class=\"fold\">")
                    .mark_if(row.kind == Kind::Header, "…")
                    .mark("</td>"),
                false => match cells.next() {
                    Some(cell) => write_cell(html, grid, row.number, cell, found, names),
                    None => html.mark("<td></td>"),
                },
            };
        }
    }
    html.mark("<td class=\"say\">");
    write_said(html, grid, row, found, names);
    html.mark("</td></tr>");
}

fn write_cell<'h, 'w>(
    html: &'h mut Html<'w>,
    grid: &Grid,
    row: u64,
    cell: &Cell,
    found: &Found,
    names: &Names,
) -> &'h mut Html<'w> {
    html.mark("<td");
    if cell.severity.is_some() {
        html.mark(" id=\"")
            .text(&names.cell(&grid.sheet, row, cell.column))
            .mark("\"");
    }
    html.mark(match (cell.severity, cell.shown.is_number) {
        (Some(Severity::Error), false) => " class=\"e\">",
        (Some(Severity::Error), true) => " class=\"e n\">",
        (Some(Severity::Warning), false) => " class=\"w\">",
        (Some(Severity::Warning), true) => " class=\"w n\">",
        (Some(Severity::Info), false) => " class=\"i\">",
        (Some(Severity::Info), true) => " class=\"i n\">",
        (None, true) if cell.is_unmapped => " class=\"n unm\">",
        (None, true) => " class=\"n\">",
        (None, false) if cell.is_unmapped => " class=\"unm\">",
        (None, false) => ">",
    });
    let Some(severity) = cell.severity else {
        return html.clipped(&cell.shown.text, LETTERS - 1).mark("</td>");
    };
    let is_listed = found.lists(&grid.sheet, row, cell.column);
    if is_listed {
        html.mark("<a href=\"#")
            .text(&names.line(&grid.sheet, row, cell.column))
            .mark("\">");
    }
    html.mark("<span class=\"sr\">")
        .text(severity.word())
        .mark(": </span>");
    if cell.shown.letters == 0 {
        html.mark("<span class=\"none\">empty</span>");
    }
    clipped_value(html, &cell.shown.text, cell.shown.letters);
    html.mark_if(is_listed, "</a>").mark("</td>")
}

/// Writes what is said of a row, on its line.
fn write_said(html: &mut Html<'_>, grid: &Grid, row: &Row, found: &Found, names: &Names) {
    for said in &row.said {
        html.mark("<p>");
        if let Some((column, _)) = said.cell {
            let cell = format!("{}{}", letters(column), row.number);
            let class = match said.severity {
                Severity::Error => "\" class=\"e\">",
                Severity::Warning => "\" class=\"w\">",
                Severity::Info => "\" class=\"i\">",
            };
            if found.lists(&grid.sheet, row.number, column) {
                let to = names.line(&grid.sheet, row.number, column);
                html.mark("<a href=\"#")
                    .text(&to)
                    .mark(class)
                    .text(&cell)
                    .mark("</a>");
            } else {
                html.mark("<b>").text(&cell).mark("</b>");
            }
        }
        html.clipped(&said.message, 120)
            .mark_if(said.is_left_empty, ", left empty")
            .mark("</p>");
    }
    match &row.kind {
        Kind::Header => html.mark("header"),
        Kind::Data => html,
        Kind::Out(words, None) => html.text(words),
        Kind::Out(words, Some(hook)) => html.text(words).mark(" · ").code(hook),
    };
}

fn write_legend(html: &mut Html<'_>, grid: &Grid) {
    html.mark("<p class=\"legend\"><span class=\"k\">error: missing in the result, or wrong there</span><span class=\"k w\">warning: written, to be checked</span>")
        .mark_if(grid.has_infos, "<span class=\"k i\">info</span>")
        .mark("<span class=\"k hat\">not written</span><span class=\"k hd\">header</span>");
    if grid.folded_issues > 0 {
        html.mark("<span>")
            .text(&plural(grid.folded_issues, "further column"))
            .mark(" with issues not shown; the list has them</span>");
    }
    html.mark("</p>");
}
