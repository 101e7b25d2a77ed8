//! The cells: painted cells get another format, and missing ones are inserted.
//!
//! Rows without painted cells are skipped after their first tags. New rows and cells always come before a later one with an
//! explicit number, or at the end, so the counting of rows and cells without a number does not change.

use std::collections::BTreeMap;
use std::io::{self, Write};

use memchr::memmem::Finder;

use super::outline::Outline;
use crate::base::places::{Area, CellPosition, MAX_SHEET_COLUMNS};
use crate::issues::Severity;
use crate::painting::measures::Measures;
use crate::painting::refusal::{PartContext, Trouble};
use crate::painting::styles::WorkbookStyles;
use crate::painting::xml::scan::{Scanner, TagKind, XmlTag, with_attribute};
use crate::painting::xml::{CUT_SHORT, MalformedXml, NOT_WELL_FORMED};

/// The painter of a sheet's cells.
pub struct CellPainter<'a> {
    /// The name of the part.
    pub part: &'a str,
    /// The cells to paint.
    pub cells: &'a BTreeMap<CellPosition, Severity>,
    /// The areas where text has a colour that cell formats do not show: tables and pivot tables.
    pub ink: &'a [Area],
    /// The styles of the workbook.
    pub styles: &'a mut WorkbookStyles,
}

/// The painted columns of a row.
type PaintedColumns = [(u64, Severity)];

impl CellPainter<'_> {
    /// Writes everything from the first to the last tag of the cells, and records the heights of rows.
    pub fn write(
        &mut self,
        outline: &Outline<'_>,
        measures: &mut Measures,
        out: &mut impl Write,
    ) -> Result<(), Trouble> {
        let by_row = by_row(self.cells);
        let mut waiting = by_row.iter().peekable();
        let text = outline.text;
        if outline.data.kind == TagKind::Empty && !by_row.is_empty() {
            let open = text[outline.data.start..outline.data.end]
                .trim_end_matches("/>")
                .trim_end();
            let rows = self.new_rows(outline, waiting, measures)?;
            let all = format!("{open}>{rows}</{}>", outline.data.name);
            return put(out, &all);
        }
        put(out, outline.data.text)?;
        let finder = RowFinder::new(outline);
        let (mut copied, mut at, mut number) = (outline.data.end, outline.data.end, 0);
        while let Some(tag) = finder.next(at).in_part(self.part)? {
            let before = number;
            number = finder.number_of(&tag, before).in_part(self.part)?;
            if number <= before {
                let what = format!("has row {number} behind row {before}");
                return Err(Trouble::part(self.part, what));
            }
            measures.note_row(number, &tag);
            let missing = std::iter::from_fn(|| waiting.next_if(|(row, _)| **row < number));
            let new = self.new_rows(outline, missing, measures)?;
            at = tag.end;
            let painted = waiting.next_if(|(row, _)| **row == number);
            if new.is_empty() && painted.is_none() {
                continue;
            }
            put(out, &text[copied..tag.start])?;
            put(out, &new)?;
            copied = tag.start;
            if let Some((_, columns)) = painted {
                let (inner_end, end) = finder.end_of(&tag).in_part(self.part)?;
                let row = PaintedRow {
                    number,
                    tag,
                    inner_end,
                    end,
                };
                put(out, &self.painted_row(outline, &row, columns, measures)?)?;
                (copied, at) = (end, end);
            }
        }
        put(out, &text[copied..outline.rows_end])?;
        put(out, &self.new_rows(outline, waiting, measures)?)?;
        put(out, &text[outline.rows_end..outline.tail])
    }

    fn new_rows<'c>(
        &mut self,
        outline: &Outline<'_>,
        rows: impl Iterator<Item = (&'c u64, &'c Vec<(u64, Severity)>)>,
        measures: &Measures,
    ) -> Result<String, Trouble> {
        let (p, mut out) = (outline.prefix(), String::new());
        for (&row, columns) in rows {
            out.push_str(&format!("<{p}row r=\"{row}\">"));
            for &(column, severity) in columns {
                let base = measures.format(column);
                out.push_str(&self.new_cell(p, CellPosition { row, column }, base, severity)?);
            }
            out.push_str(&format!("</{p}row>"));
        }
        Ok(out)
    }

    fn new_cell(
        &mut self,
        p: &str,
        cell: CellPosition,
        base: u32,
        severity: Severity,
    ) -> Result<String, Trouble> {
        let format = self.format(cell, base, severity)?;
        Ok(format!("<{p}c r=\"{cell}\" s=\"{format}\"/>"))
    }

    fn format(
        &mut self,
        cell: CellPosition,
        base: u32,
        severity: Severity,
    ) -> Result<u32, Trouble> {
        let is_inked = self.ink.iter().any(|area| area.holds(cell));
        self.styles.painted(base, severity, is_inked)
    }

    /// Returns an existing row with its painted cells.
    fn painted_row(
        &mut self,
        outline: &Outline<'_>,
        row: &PaintedRow<'_>,
        columns: &PaintedColumns,
        measures: &Measures,
    ) -> Result<String, Trouble> {
        let (text, p) = (outline.text, outline.prefix());
        let at = |column| CellPosition {
            row: row.number,
            column,
        };
        let base = |column| row.format(measures, column);
        let mut waiting = columns.iter().copied().peekable();
        let mut out = grown_tag(row, columns);
        let mut scanner = Scanner::new(text, row.tag.end);
        let (mut copied, mut column) = (row.tag.end, 0);
        let mut has_more = row.tag.kind == TagKind::Start;
        while has_more {
            let next = scanner.tag().and_then(|tag| tag.ok_or(CUT_SHORT));
            let tag = next.in_part(self.part)?;
            // Cells end at the end of the row, or at its list of extensions.
            let is_cell = tag.opens() && tag.local() == "c";
            if is_cell {
                column = self.column_of(&tag, column, row.number)?;
            }
            let limit = if is_cell {
                column
            } else {
                MAX_SHEET_COLUMNS + 1
            };
            while let Some((missing, severity)) = waiting.next_if(|(missing, _)| *missing < limit) {
                out.push_str(&text[copied..tag.start]);
                copied = tag.start;
                out.push_str(&self.new_cell(p, at(missing), base(missing), severity)?);
            }
            has_more = is_cell;
            if !is_cell {
                continue;
            }
            if let Some((_, severity)) = waiting.next_if(|(painted, _)| *painted == column) {
                out.push_str(&text[copied..tag.start]);
                let format = self.format(at(column), tag.number("s").unwrap_or(0), severity)?;
                out.push_str(&tag.with("s", Some(&format.to_string())));
                copied = tag.end;
            }
            scanner.leave(&tag).in_part(self.part)?;
            if scanner.at > row.inner_end {
                return Err(NOT_WELL_FORMED).in_part(self.part);
            }
        }
        out.push_str(&text[copied..row.inner_end]);
        for (column, severity) in waiting {
            out.push_str(&self.new_cell(p, at(column), base(column), severity)?);
        }
        match row.tag.kind {
            TagKind::Empty => out.push_str(&format!("</{}>", row.tag.name)),
            _ => out.push_str(&text[row.inner_end..row.end]),
        }
        Ok(out)
    }

    /// Returns the column of a cell, which must come after the cell before.
    fn column_of(&self, tag: &XmlTag<'_>, before: u64, row: u64) -> Result<u64, Trouble> {
        let name = tag.value("r");
        let cell = match &name {
            Some(name) => CellPosition::named(name).filter(|cell| cell.row == row),
            None => CellPosition::new(row, before.saturating_add(1)),
        };
        let behind = cell
            .map(|cell| cell.column)
            .filter(|column| *column > before);
        behind
            .ok_or_else(|| Trouble::part(self.part, format!("has cells of row {row} out of order")))
    }
}

fn put(out: &mut impl Write, text: &str) -> Result<(), Trouble> {
    let written: io::Result<()> = out.write_all(text.as_bytes());
    written.map_err(Trouble::Write)
}

/// A row that exists in the sheet.
struct PaintedRow<'a> {
    number: u64,
    tag: XmlTag<'a>,
    /// The start byte of its end tag.
    inner_end: usize,
    end: usize,
}

impl PaintedRow<'_> {
    /// Returns the format for a new cell: the row's own, else that of its column.
    fn format(&self, measures: &Measures, column: u64) -> u32 {
        match self.tag.is_true("customFormat") {
            true => self.tag.number("s").unwrap_or(0),
            false => measures.format(column),
        }
    }
}

/// Returns the first tag of a row that gets cells. An empty tag is opened. `spans` is only a hint for readers, but must not be
/// wrong.
fn grown_tag(row: &PaintedRow<'_>, columns: &PaintedColumns) -> String {
    let mut tag = row.tag.text.to_owned();
    let spans = row.tag.value("spans");
    let spans = spans.as_deref().and_then(|spans| spans.split_once(':'));
    let spans = spans.and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    if let Some((low, high)) = spans {
        let (first, last) = (columns[0].0, columns[columns.len() - 1].0);
        let grown: (u64, u64) = (first.min(low), last.max(high));
        if grown != (low, high) {
            tag = with_attribute(&tag, "spans", Some(&format!("{}:{}", grown.0, grown.1)));
        }
    }
    if row.tag.kind == TagKind::Empty {
        tag = format!("{}>", tag.trim_end_matches("/>").trim_end());
    }
    tag
}

fn by_row(cells: &BTreeMap<CellPosition, Severity>) -> BTreeMap<u64, Vec<(u64, Severity)>> {
    let mut rows: BTreeMap<u64, Vec<(u64, Severity)>> = BTreeMap::new();
    for (cell, severity) in cells {
        rows.entry(cell.row)
            .or_default()
            .push((cell.column, *severity));
    }
    rows
}

/// Finds the first tags of rows.
struct RowFinder<'a> {
    text: &'a str,
    /// The byte after the last row.
    end: usize,
    is_plain: bool,
    name: String,
    start: Finder<'static>,
    close: Finder<'static>,
}

impl<'a> RowFinder<'a> {
    fn new(outline: &Outline<'a>) -> Self {
        let name = format!("{}row", outline.prefix());
        Self {
            text: outline.text,
            end: outline.rows_end,
            is_plain: outline.is_plain,
            start: Finder::new(format!("<{name}").as_bytes()).into_owned(),
            close: Finder::new(format!("</{name}").as_bytes()).into_owned(),
            name,
        }
    }

    /// Returns the next row at or after a byte.
    fn next(&self, from: usize) -> Result<Option<XmlTag<'a>>, MalformedXml> {
        let mut scanner = Scanner::new(self.text, from);
        loop {
            if self.is_plain {
                match self.start.find(&self.text.as_bytes()[scanner.at..self.end]) {
                    Some(at) => scanner.at += at,
                    None => return Ok(None),
                }
            }
            match scanner.tag()? {
                Some(tag) if tag.start >= self.end => return Ok(None),
                Some(tag) if tag.opens() && tag.name == self.name => return Ok(Some(tag)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Returns the number of a row: its own, else the one in its first cell's name, else the next number.
    fn number_of(&self, row: &XmlTag<'a>, before: u64) -> Result<u64, MalformedXml> {
        if let Some(number) = row.number("r") {
            return Ok(number);
        }
        let mut first = None;
        if row.kind == TagKind::Start {
            first = Scanner::new(self.text, row.end)
                .tag()?
                .filter(|tag| tag.opens() && tag.local() == "c");
        }
        let named = first.and_then(|cell| CellPosition::named(&cell.value("r")?));
        Ok(named.map_or(before.saturating_add(1), |cell| cell.row))
    }

    /// Returns the start and end bytes of a row's end tag.
    fn end_of(&self, row: &XmlTag<'a>) -> Result<(usize, usize), MalformedXml> {
        if row.kind == TagKind::Empty {
            return Ok((row.end, row.end));
        }
        let mut scanner = Scanner::new(self.text, row.end);
        loop {
            if self.is_plain {
                let rest = &self.text.as_bytes()[scanner.at..self.end];
                scanner.at += self.close.find(rest).ok_or(CUT_SHORT)?;
            }
            let tag = scanner.tag()?.ok_or(CUT_SHORT)?;
            if tag.kind == TagKind::End && tag.name == self.name {
                return Ok((tag.start, tag.end));
            }
        }
    }
}
