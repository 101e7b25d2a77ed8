//! Reads a worksheet part into the store.

use std::sync::Arc;

use super::Workbook;
use super::cell_type::{CellType, ROW_WITHOUT_CELLS, detail};
use super::iso_date::from_iso8601;
use super::number::{is_whole_number, number_cell, parse_unsigned, row_number, styled};
use super::number_format::NumberKind;
use super::strings::{RichText, has_escapes, shown};
use super::styles::Marks;
use super::usual_cell::{UsualCell, UsualCellContent};
use crate::cells::{
    CellTag, DeclaredExtent, MAX_SHEET_COLUMNS, MergedRange, ScanLimits, ScanStep, Sheet,
    SheetBuilder, SheetCell, column_name, column_of,
};
use crate::error::Result;
use crate::progress::ScanWatch;
use crate::read::read_ahead::ReadAhead;
use crate::read::sheets::{SheetList, Sheets};
use crate::read::xml::{DecodedPart, Event, SPREADSHEET, XmlReader};

/// The maximum number of bytes after an early end of the scan that are searched for merged ranges, unless these are to be
/// filled.
const MAX_BYTES_BEHIND_SCAN: usize = 8 << 20;

impl Sheets for Workbook {
    fn list(&self) -> &SheetList {
        &self.list
    }

    fn heap_bytes(&self) -> usize {
        self.strings.cell_bytes() + self.archive.heap_bytes() + self.shared_text.len()
    }

    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &ScanWatch) -> Result<Sheet> {
        Ok(self.read(sheet, limits, watch, None)?.0)
    }

    fn scan_in_detail(&self, sheet: usize, limits: ScanLimits) -> Result<(Sheet, Option<Sheet>)> {
        let details = SheetBuilder::new(&self.list.sheets[sheet].title, limits, Arc::default());
        self.read(sheet, limits, &ScanWatch::default(), Some(details))
    }

    /// Skips the cells without reading them.
    fn merged_ranges(&self, sheet: usize) -> Result<Vec<MergedRange>> {
        let mut xml = self.open_sheet(sheet)?;
        let mut merged = Vec::new();
        while let Some(own) = xml.next_start(0)? {
            match xml.local_name() {
                _ if !own => {}
                b"sheetData" => drop(xml.skip_to_end_tag(usize::MAX, || Ok(()))?),
                b"mergeCell" => merged.extend(merged_range(&xml)),
                _ => {}
            }
        }
        Ok(merged)
    }

    fn all_titles(&self) -> Vec<&str> {
        self.titles.iter().map(String::as_str).collect()
    }
}

/// The reader of a worksheet's part.
type SheetXml = XmlReader<DecodedPart<ReadAhead>>;

impl Workbook {
    fn open_sheet(&self, sheet: usize) -> Result<SheetXml> {
        let part = &self.parts[sheet];
        let source = ReadAhead::new(self.archive.open_part(part)?);
        Ok(XmlReader::new(source, part, SPREADSHEET))
    }

    fn read(
        &self,
        sheet: usize,
        limits: ScanLimits,
        watch: &ScanWatch,
        details: Option<SheetBuilder>,
    ) -> Result<(Sheet, Option<Sheet>)> {
        let title = &self.list.sheets[sheet].title;
        let mut builder = SheetBuilder::new(title, limits, self.shared_text.clone());
        builder.set_epoch(self.epoch);
        builder.set_zeros(self.styles.zeros().clone());
        let mut reader = SheetReader {
            workbook: self,
            xml: self.open_sheet(sheet)?,
            builder,
            details,
            value: String::new(),
            rich_text: RichText::default(),
            declared: None,
            data_depth: 0,
            row: 0,
            filled: 0,
            struck: 0,
            red: 0,
        };
        reader.read_part(watch)?;
        let details = reader.details.map(|details| details.finish(None));
        Ok((reader.builder.finish(reader.declared), details))
    }
}

/// Returns the range of the current start tag, a `mergeCell`.
fn merged_range(xml: &SheetXml) -> Option<MergedRange> {
    MergedRange::of_reference(&xml.attribute("ref")?)
}

struct SheetReader<'a> {
    workbook: &'a Workbook,
    xml: SheetXml,
    builder: SheetBuilder,
    /// A [`detail`] for each cell, if details are wanted.
    details: Option<SheetBuilder>,
    value: String,
    rich_text: RichText,
    declared: Option<DeclaredExtent>,
    /// The number of open elements within `sheetData`; 0 before it.
    data_depth: usize,
    /// The number of the current row, counted from 1; 0 before the first one.
    row: usize,
    /// The number of the row's cells so far that have a value, and how many of these are struck through or filled red.
    filled: usize,
    struck: usize,
    red: usize,
}

/// A cell: its column, counted from 0, its value, and the data for a [`detail`].
type ReadCell = (usize, SheetCell, usize, CellType);

impl SheetReader<'_> {
    #[inline]
    fn push(&mut self, (column, cell, style, kind): ReadCell) -> usize {
        self.builder.push(column, cell);
        if let Some(format) = self.workbook.styles.zeros_of(style)
            && cell.tag.is_number()
        {
            self.note_zeros(column, format);
        }
        let marks = self.workbook.styles.marks(style);
        if cell.tag != CellTag::Empty {
            self.filled += 1;
            if marks.any() {
                self.note_marks(column, cell, marks);
            }
        }
        if let Some(details) = &mut self.details {
            details.push(column, detail(style, kind, cell));
        }
        column + 1
    }

    #[cold]
    fn note_marks(&mut self, column: usize, cell: SheetCell, marks: Marks) {
        self.struck += usize::from(marks.is_struck);
        self.red += usize::from(marks.is_red);
        let is_positive = match cell.tag {
            CellTag::Integer => cell.as_integer() > 0,
            CellTag::Float => cell.as_float() > 0.0,
            _ => false,
        };
        if marks.turns_sign
            && is_positive
            && let Some(row) = self.row.checked_sub(1)
        {
            let place = (row as u32, column as u32);
            self.builder.findings().sign_of_format.push(place);
        }
    }

    /// Records a row as struck through or red if all of its cells with a value are.
    fn note_marked_row(&mut self, row: usize) {
        if self.struck == self.filled {
            self.builder.findings().struck_rows.note(row);
        }
        if self.red == self.filled {
            self.builder.findings().red_rows.note(row);
        }
    }

    fn read_part(&mut self, watch: &ScanWatch) -> Result<()> {
        let mut before_data = true;
        loop {
            let event = self.xml.advance();
            // The part may be damaged after the scan; the scan itself is sound.
            if event.is_err() && self.builder.is_looking_below() {
                self.builder.leave_merged_unknown();
                return Ok(());
            }
            match event? {
                Event::Start { own: true } => match self.xml.local_name() {
                    b"dimension" if before_data => {
                        self.declared = self.xml.attribute("ref").as_deref().and_then(extent_of);
                    }
                    b"col" if before_data => self.note_columns(),
                    b"sheetData" => {
                        before_data = false;
                        self.data_depth = self.xml.depth();
                    }
                    b"row" => {
                        let read = self.read_row();
                        if read.is_err() && self.builder.is_looking_below() {
                            self.builder.leave_merged_unknown();
                            return Ok(());
                        }
                        if read? == ScanStep::No {
                            if !matches!(self.read_behind_the_scan(watch), Ok(true)) {
                                self.builder.leave_merged_unknown();
                            }
                            return Ok(());
                        }
                        watch.tick(self.builder.rows_seen())?;
                    }
                    b"mergeCell" => self.note_merged_range(),
                    _ => {}
                },
                Event::Done => return Ok(()),
                _ => {}
            }
        }
    }

    /// Searches for merged ranges, which follow the rows, if the scan ended early. Returns `false` if they are too far away.
    #[cold]
    fn read_behind_the_scan(&mut self, watch: &ScanWatch) -> Result<bool> {
        let limits = self.builder.limits();
        // A scan of only the first rows needs no merged ranges.
        if limits.rows.is_some() || self.xml.depth() != self.data_depth {
            return Ok(false);
        }
        let most = match limits.fill_merged {
            true => usize::MAX,
            false => MAX_BYTES_BEHIND_SCAN,
        };
        let rows = self.builder.rows_seen();
        if !self.xml.skip_to_end_tag(most, || Ok(watch.tick(rows)?))? {
            return Ok(false);
        }
        while let Some(own) = self.xml.next_start(0)? {
            if own && self.xml.local_name() == b"mergeCell" {
                self.note_merged_range();
            }
        }
        Ok(true)
    }

    /// Records the hidden columns of a `col`.
    #[cold]
    fn note_columns(&mut self) {
        let number = |name| {
            self.xml
                .attribute(name)
                .and_then(|number| number.trim().parse::<u32>().ok())
        };
        let is_hidden = matches!(self.xml.attribute("hidden").as_deref(), Some("1" | "true"));
        if is_hidden && let (Some(first @ 1..), Some(last)) = (number("min"), number("max")) {
            self.builder
                .findings()
                .hidden_columns
                .push((first - 1, last.max(first) - 1));
        }
    }

    #[cold]
    fn note_merged_range(&mut self) {
        if let Some(range) = merged_range(&self.xml) {
            self.builder.merge(range);
        }
    }

    fn read_row(&mut self) -> Result<ScanStep> {
        let (mut number, mut is_hidden) = (None, false);
        for (name, value) in self.xml.attributes() {
            match name {
                b"r" => number = row_number(value),
                b"hidden" => is_hidden = matches!(value, b"1" | b"true"),
                _ => {}
            }
        }
        self.row = number.unwrap_or(self.row + 1);
        (self.filled, self.struck, self.red) = (0, 0, 0);
        if is_hidden && let Some(row) = self.row.checked_sub(1) {
            self.builder.note_hidden_row(row);
        }
        let depth = self.xml.depth();
        let mut next_column = 0;
        loop {
            while let Some(cell) = self.read_usual_cell(next_column) {
                next_column = self.push(cell);
            }
            match self.xml.advance()? {
                Event::Start { own: true } if self.xml.local_name() == b"c" => {
                    let cell = self.read_cell(next_column)?;
                    next_column = self.push(cell);
                }
                Event::Start { .. } => self.xml.skip_element()?,
                Event::End { .. } if self.xml.depth() < depth => break,
                Event::Done => break,
                _ => {}
            }
        }
        // Row 0 does not exist; openpyxl never returns it.
        let Some(row) = self.row.checked_sub(1) else {
            return Ok(ScanStep::Yes);
        };
        if self.struck + self.red > 0 {
            self.note_marked_row(row);
        }
        if let Some(details) = &mut self.details
            && !self.builder.is_looking_below()
        {
            if next_column == 0 {
                details.push(0, ROW_WITHOUT_CELLS);
            }
            details.end_row(row)?;
        }
        self.builder.end_row(row)
    }

    /// Reads a cell in the usual form that was read ahead completely. Leaves anything unusual to
    /// [`read_cell`](Self::read_cell).
    #[inline]
    fn read_usual_cell(&mut self, next_column: usize) -> Option<ReadCell> {
        let rest = self.xml.lookahead();
        let usual = UsualCell::at(rest)?;
        let column = match usual.reference {
            [] => next_column,
            reference => column_of(reference)?,
        };
        if column >= MAX_SHEET_COLUMNS {
            return None;
        }
        let style = match usual.style {
            [] => 0,
            style => parse_unsigned(style)?,
        };
        let kind = match usual.kind {
            [] => CellType::Number,
            kind => CellType::parse(kind),
        };
        let cell = match (kind, usual.content) {
            (_, UsualCellContent::Empty) => SheetCell::EMPTY,
            (_, UsualCellContent::Value([])) => return None,
            (CellType::Number, UsualCellContent::Value(raw)) => {
                number_cell(raw, self.workbook.styles.kind(style), self.workbook.epoch)?
            }
            (CellType::SharedString, UsualCellContent::Value(raw)) => {
                self.workbook.strings.cell(parse_unsigned(raw)?)?
            }
            (CellType::Boolean, UsualCellContent::Value(b"1")) => SheetCell::boolean(true),
            (CellType::Boolean, UsualCellContent::Value(b"0")) => SheetCell::boolean(false),
            (
                CellType::Literal | CellType::Error | CellType::FormulaText,
                UsualCellContent::Value(raw),
            )
            | (CellType::InlineString, UsualCellContent::Inline(raw)) => {
                if memchr::memchr2(b'&', b'\r', raw).is_some()
                    || self.workbook.as_shown && has_escapes(raw)
                {
                    return None;
                }
                self.builder.text_cell(std::str::from_utf8(raw).ok()?)
            }
            _ => return None,
        };
        self.xml.consume(usual.length);
        Some((column, cell, style, kind))
    }

    /// Reads a cell up to its end tag.
    #[inline]
    fn read_cell(&mut self, next_column: usize) -> Result<ReadCell> {
        let mut column = next_column;
        let mut kind = CellType::Number;
        let mut style = 0usize;
        for (name, value) in self.xml.attributes() {
            match name {
                b"r" => column = column_of(value).unwrap_or(column),
                b"t" => kind = CellType::parse(value),
                b"s" => style = parse_unsigned(value).unwrap_or(usize::MAX),
                _ => {}
            }
        }
        if column >= MAX_SHEET_COLUMNS {
            return Err(self
                .xml
                .error(format!("row {} has cells beyond column ZZZ", self.row)));
        }
        let depth = self.xml.depth();
        let mut cell = SheetCell::EMPTY;
        let mut has_value = false;
        let mut has_formula = false;
        loop {
            match self.xml.advance()? {
                Event::Start { own: true } => match self.xml.local_name() {
                    b"v" if !has_value && kind != CellType::InlineString => {
                        has_value = true;
                        cell = self.read_value(kind, style, column)?;
                    }
                    b"is" if !has_value && kind == CellType::InlineString => {
                        has_value = true;
                        self.rich_text.read(&mut self.xml)?;
                        cell = text_cell(self.workbook, &mut self.builder, self.rich_text.text());
                    }
                    name => {
                        has_formula |= name == b"f";
                        self.xml.skip_element()?;
                    }
                },
                Event::Start { own: false } => self.xml.skip_element()?,
                Event::End { .. } if self.xml.depth() < depth => break,
                Event::Done => break,
                _ => {}
            }
        }
        // An empty text is a saved value; an empty number is none.
        if has_formula
            && cell.tag == CellTag::Empty
            && !(has_value && kind == CellType::FormulaText)
        {
            self.note_formula_without_value(column);
        }
        Ok((column, cell, style, kind))
    }

    #[cold]
    fn note_zeros(&mut self, column: usize, format: u16) {
        if let Some(row) = self.row.checked_sub(1) {
            self.builder.note_zeros(row, column, format);
        }
    }

    #[cold]
    fn note_formula_without_value(&mut self, column: usize) {
        if let Some(row) = self.row.checked_sub(1) {
            self.builder.note_formula_without_value(row, column);
        }
    }

    /// Reads a `v` element up to its end tag.
    #[inline]
    fn read_value(&mut self, kind: CellType, style: usize, column: usize) -> Result<SheetCell> {
        let depth = self.xml.depth();
        match self.xml.advance()? {
            Event::Text => {}
            Event::Start { .. } => {
                // Only text before a child counts.
                self.xml.element_text_rest(depth, &mut String::new())?;
                return Ok(SheetCell::EMPTY);
            }
            Event::End { .. } | Event::Done => return Ok(SheetCell::EMPTY),
        }
        // Nearly always the value is a single text without entities, which is read in place.
        if self.xml.text_ends_element() {
            let raw = self.xml.raw_text();
            let cell = match kind {
                CellType::SharedString => {
                    parse_unsigned(raw).and_then(|index| self.workbook.strings.cell(index))
                }
                CellType::Number => {
                    number_cell(raw, self.workbook.styles.kind(style), self.workbook.epoch)
                }
                CellType::Boolean => match raw {
                    b"1" => Some(SheetCell::boolean(true)),
                    b"0" => Some(SheetCell::boolean(false)),
                    _ => None,
                },
                _ => None,
            };
            if let Some(cell) = cell {
                self.xml.advance()?;
                return Ok(cell);
            }
        }
        let mut value = std::mem::take(&mut self.value);
        value.clear();
        self.xml.append_text(&mut value)?;
        self.xml.element_text_rest(depth, &mut value)?;
        let cell = self.convert(&value, kind, style, column);
        self.value = value;
        cell
    }

    /// Returns the cell for a value that the fast paths do not handle.
    fn convert(
        &mut self,
        value: &str,
        kind: CellType,
        style: usize,
        column: usize,
    ) -> Result<SheetCell> {
        if value.is_empty() {
            return Ok(SheetCell::EMPTY);
        }
        Ok(match kind {
            CellType::Number => {
                let trimmed = value.trim();
                let (kind, epoch) = (self.workbook.styles.kind(style), self.workbook.epoch);
                let number = match trimmed.contains(['.', 'e', 'E']) {
                    true => trimmed.parse::<f64>().ok(),
                    false => None,
                };
                if trimmed.is_empty() {
                    SheetCell::EMPTY
                } else if let Some(cell) = number_cell(trimmed.as_bytes(), kind, epoch) {
                    cell
                } else if is_whole_number(trimmed) && kind == NumberKind::Number {
                    let digits = trimmed.strip_prefix('+').unwrap_or(trimmed);
                    self.builder.big_integer(digits)
                } else if is_whole_number(trimmed) {
                    self.builder.text_cell(OUTSIDE_DATES)
                } else if let Some(number) = number {
                    styled(number, kind, epoch)
                        .unwrap_or_else(|| self.builder.text_cell(OUTSIDE_DATES))
                } else {
                    self.builder.text_cell(value)
                }
            }
            CellType::SharedString => {
                let cell = value
                    .trim()
                    .parse()
                    .ok()
                    .and_then(|index: usize| self.workbook.strings.cell(index));
                return cell.ok_or_else(|| {
                    self.xml.error(format!(
                        "cell {}{} refers to a text that the workbook does not have; it has {} shared texts",
                        column_name(column),
                        self.row,
                        self.workbook.strings.len()
                    ))
                });
            }
            CellType::Boolean => match value.trim() {
                "true" | "TRUE" => SheetCell::boolean(true),
                "false" | "FALSE" => SheetCell::boolean(false),
                number => match number.parse::<i64>() {
                    Ok(number) => SheetCell::boolean(number != 0),
                    Err(_) => self.builder.text_cell(value),
                },
            },
            CellType::IsoDate => {
                from_iso8601(value).unwrap_or_else(|| self.builder.text_cell(value))
            }
            CellType::FormulaText | CellType::InlineString => {
                text_cell(self.workbook, &mut self.builder, value)
            }
            CellType::Literal | CellType::Error => self.builder.text_cell(value),
        })
    }
}

/// Returns the cell for a text that is not a shared string.
fn text_cell(workbook: &Workbook, builder: &mut SheetBuilder, text: &str) -> SheetCell {
    match workbook.as_shown {
        true => builder.text_cell(&shown(text)),
        false => builder.text_cell(text),
    }
}

/// The text of a cell whose number is too large for its date format.
const OUTSIDE_DATES: &str = "#VALUE!";

/// Returns the extent for a dimension such as `A1:D20`.
fn extent_of(dimension: &str) -> Option<DeclaredExtent> {
    let (first, last) = dimension.split_once(':').unwrap_or((dimension, dimension));
    let place = |reference: &str| {
        let reference = reference.replace('$', "");
        let column =
            column_of(reference.as_bytes()).filter(|&column| column < MAX_SHEET_COLUMNS)?;
        let digits =
            reference.trim_start_matches(|character: char| character.is_ascii_alphabetic());
        Some((digits.parse().ok()?, column + 1))
    };
    let ((first_row, first_column), (last_row, last_column)) = (place(first)?, place(last)?);
    Some(DeclaredExtent {
        first_row,
        first_column,
        last_row,
        last_column,
    })
}
