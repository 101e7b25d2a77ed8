//! Reads XML Spreadsheet 2003, a format of Excel 2003 with one file, which ERP systems still write, mostly as `.xls`.

use std::sync::Arc;

use super::document::{Document, DocumentReader};
use super::formats::{Formats, cell_of_number};
use super::sheets::{SheetInfo, SheetList, Sheets, Visibility};
use super::xlsx::iso_date::from_iso8601;
use super::xlsx::number::MAX_ELAPSED_DAYS;
use super::xlsx::number_format::NumberKind;
use super::xml::{Event, SPREADSHEET_2003, attribute_text, local_part};
use crate::cells::calendar::days_from_civil;
use crate::cells::serial_date::{duration_from_serial, serial_of_date_time};
use crate::cells::{
    CellTag, DAY_MICROSECONDS, Epoch, MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, ScanLimits, ScanStep,
    Sheet, SheetBuilder, SheetCell,
};
use crate::error::{Result, SourceError};
use crate::progress::ScanWatch;

/// A workbook whose structure was read.
#[derive(Debug)]
pub struct SpreadsheetXml {
    document: Document,
    list: SheetList,
    formats: Formats,
    epoch: Epoch,
}

impl SpreadsheetXml {
    /// Opens a workbook and reads everything but its cells.
    ///
    /// # Errors
    /// If the file cannot be read, or its XML is damaged.
    pub fn open(path: &str) -> Result<Self> {
        let mut this = Self {
            document: Document::of_file(path, SPREADSHEET_2003),
            list: SheetList::default(),
            formats: Formats::default(),
            epoch: Epoch::Windows1900,
        };
        let active = this.read_structure()?;
        this.list.active = Some(active).filter(|&index| index < this.list.sheets.len());
        Ok(this)
    }

    fn read_structure(&mut self) -> Result<usize> {
        let mut reader = self.document.read()?;
        let (mut active, mut style) = (0, String::new());
        while reader.next_start(0)?.is_some() {
            match (reader.depth(), reader.local_name()) {
                (1, _) => self.document.note_open(&reader),
                (2, b"Worksheet") => {
                    self.document.note_sheet(&reader)?;
                    self.list.sheets.push(SheetInfo::new(
                        reader.attribute("Name").unwrap_or_default(),
                        Visibility::Visible,
                    ));
                }
                (2, b"ExcelWorkbook" | b"Styles") | (3, b"WorksheetOptions") => {}
                (3, b"Date1904") => self.epoch = Epoch::Mac1904,
                (3, b"ActiveSheet") => {
                    active = reader.element_string()?.trim().parse().unwrap_or(0);
                }
                (3, b"Style") => {
                    style = reader.attribute("ID").unwrap_or_default();
                    if let Some(parent) = reader.attribute("Parent") {
                        self.formats.add_like(&style, &parent);
                    }
                }
                (4, b"NumberFormat") => {
                    if let Some(code) = reader.attribute("Format") {
                        self.formats.add(&style, &code);
                    }
                }
                (4, b"Visible") => {
                    let state = reader.element_string()?;
                    if let Some(sheet) = self.list.sheets.last_mut() {
                        sheet.visibility = Visibility::of_word(state.trim());
                    }
                }
                _ => reader.skip_element()?,
            }
        }
        Ok(active)
    }
}

impl Sheets for SpreadsheetXml {
    fn list(&self) -> &SheetList {
        &self.list
    }

    fn heap_bytes(&self) -> usize {
        self.document.heap_bytes()
    }

    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &ScanWatch) -> Result<Sheet> {
        let title = &self.list.sheets[sheet].title;
        let text = Arc::default();
        let builder = self.formats.builder(title, limits, text, self.epoch);
        let mut filling = SpreadsheetXmlSheetReader {
            workbook: self,
            reader: self.document.read_sheet(sheet)?,
            title,
            builder,
            row: 0,
            last_row: 0,
            text: String::new(),
        };
        filling.read(watch)?;
        Ok(filling.builder.finish_rows(filling.last_row))
    }
}

/// A sheet that is being read.
struct SpreadsheetXmlSheetReader<'a> {
    workbook: &'a SpreadsheetXml,
    reader: DocumentReader,
    title: &'a str,
    builder: SheetBuilder,
    row: usize,
    last_row: usize,
    text: String,
}

impl SpreadsheetXmlSheetReader<'_> {
    fn read(&mut self, watch: &ScanWatch) -> Result<()> {
        let depth = self.reader.depth();
        while self.reader.next_start(depth)?.is_some() {
            match self.reader.local_name() {
                b"Table" => {}
                b"Row" => {
                    if self.read_row()? == ScanStep::No && self.builder.limits().rows.is_some() {
                        break;
                    }
                    watch.tick(self.builder.rows_seen())?;
                }
                _ => self.reader.skip_element()?,
            }
        }
        Ok(())
    }

    fn number(&self, attribute: &str) -> Option<usize> {
        number(self.reader.attribute(attribute)?.as_bytes())
    }

    fn read_row(&mut self) -> Result<ScanStep> {
        if let Some(index) = self.number("Index") {
            self.row = index.saturating_sub(1);
        }
        let is_hidden = self.number("Hidden") == Some(1);
        // This many further rows look like this one, and are empty.
        let span = self.number("Span").unwrap_or(0);
        let depth = self.reader.depth();
        let (mut column, mut has_value) = (0usize, false);
        while self.reader.next_start(depth)?.is_some() {
            if self.reader.local_name() != b"Cell" {
                self.reader.skip_element()?;
                continue;
            }
            let (next, filled) = self.read_cell(column)?;
            column = next;
            has_value |= filled;
        }
        let row = self.row;
        self.row = row.saturating_add(1 + span);
        if !has_value {
            return Ok(ScanStep::Yes);
        }
        if is_hidden {
            self.builder.note_hidden_row(row);
        }
        self.last_row = self.last_row.max(row + 1);
        self.builder.end_row(row)
    }

    /// Reads a cell up to its end tag. Returns the column after it, and whether it has a value.
    fn read_cell(&mut self, next: usize) -> Result<(usize, bool)> {
        let mut column = next;
        let (mut across, mut down, mut style, mut has_formula) = (0, 0, None, false);
        for (name, raw) in self.reader.attributes() {
            match local_part(name) {
                b"Index" => column = number(raw).map_or(column, |index| index.saturating_sub(1)),
                b"MergeAcross" => across = number(raw).unwrap_or(0),
                b"MergeDown" => down = number(raw).unwrap_or(0),
                b"StyleID" => style = Some(attribute_text(raw)),
                b"Formula" => has_formula = true,
                _ => {}
            }
        }
        if column >= MAX_SHEET_COLUMNS || self.row >= MAX_SHEET_ROWS {
            return Err(SourceError::BeyondLimits {
                sheet: self.title.to_owned(),
                reason: format!(
                    "row {} is beyond the limit of rows, or has cells beyond column ZZZ; split the sheet",
                    self.row + 1
                ),
            });
        }
        let look = style
            .map(|style| self.workbook.formats.get(&style))
            .unwrap_or_default();
        let depth = self.reader.depth();
        let mut cell = SheetCell::EMPTY;
        while self.reader.next_start(depth)?.is_some() {
            if self.reader.local_name() != b"Data" {
                self.reader.skip_element()?;
                continue;
            }
            let kind = self.reader.attribute("Type").unwrap_or_default();
            self.read_text()?;
            cell = self.cell_of(&kind, look.kind);
        }
        self.builder
            .merge_further((self.row, column), (down, across));
        if has_formula && cell.tag == CellTag::Empty {
            self.builder.note_formula_without_value(self.row, column);
        }
        self.builder.push_shown(self.row, column, cell, look.zeros);
        Ok((
            column.saturating_add(across).saturating_add(1),
            cell.tag != CellTag::Empty || has_formula,
        ))
    }

    /// Collects all text of the element whose start tag was just read. Bold words, for example, are HTML elements in it.
    fn read_text(&mut self) -> Result<()> {
        self.text.clear();
        let depth = self.reader.depth();
        while let Some(event) = self.reader.next_within(depth)? {
            if event == Event::Text {
                self.reader.append_text(&mut self.text)?;
            }
        }
        Ok(())
    }

    fn cell_of(&mut self, kind: &str, look: NumberKind) -> SheetCell {
        let epoch = self.workbook.epoch;
        match kind {
            "Number" => cell_of_number(&mut self.builder, &self.text, look, epoch),
            "Boolean" => match self.text.trim() {
                "1" | "true" | "True" | "TRUE" => SheetCell::boolean(true),
                "0" | "false" | "False" | "FALSE" => SheetCell::boolean(false),
                _ => self.builder.text_cell(&self.text),
            },
            "DateTime" => match from_iso8601(self.text.trim()) {
                Some(date) if date.tag == CellTag::Date => {
                    moment(date.as_integer() * DAY_MICROSECONDS, look, epoch)
                }
                Some(date) if date.tag == CellTag::DateTime => {
                    moment(date.as_integer(), look, epoch)
                }
                Some(cell) => cell,
                None => self.builder.text_cell(&self.text),
            },
            _ => self.builder.text_cell(&self.text),
        }
    }
}

/// Returns the cell for a moment, in microseconds since 1970. The file has times and elapsed times as moments from the
/// workbook's first day on.
fn moment(microseconds: i64, look: NumberKind, epoch: Epoch) -> SheetCell {
    let first_day = match epoch {
        Epoch::Windows1900 => days_from_civil(1899, 12, 31),
        Epoch::Mac1904 => days_from_civil(1904, 1, 1),
    };
    let since = microseconds - first_day.unwrap_or(0) * DAY_MICROSECONDS;
    let days = since.div_euclid(DAY_MICROSECONDS) as f64;
    let is_elapsed = look == NumberKind::Time && (1.0..MAX_ELAPSED_DAYS).contains(&days);
    if look == NumberKind::Duration || is_elapsed {
        let serial = match epoch {
            Epoch::Windows1900 => serial_of_date_time(microseconds),
            Epoch::Mac1904 => since as f64 / DAY_MICROSECONDS as f64,
        };
        return duration_from_serial(serial).unwrap_or(SheetCell::date_time(microseconds));
    }
    match since {
        0..DAY_MICROSECONDS => SheetCell::time(since),
        _ => SheetCell::date_time(microseconds),
    }
}

fn number(raw: &[u8]) -> Option<usize> {
    let number: usize = std::str::from_utf8(raw).ok()?.trim().parse().ok()?;
    Some(number.min(MAX_SHEET_ROWS + 1))
}
