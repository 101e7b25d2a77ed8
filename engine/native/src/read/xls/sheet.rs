//! Reads the cells of an old worksheet.

use super::records::{self, TextForm, read_text};
use super::workbook::{LegacyWorkbook, MAX_SHEET_COLUMNS};
use crate::cells::serial_date::from_legacy_serial;
use crate::cells::{
    DeclaredExtent, MergedRange, ScanLimits, ScanStep, Sheet, SheetBuilder, SheetCell,
};
use crate::error::Result;
use crate::progress::ScanWatch;
use crate::read::numbers::{f64_at, u16_at, u32_at};
use crate::read::sheets::{SheetList, Sheets};
use crate::read::xlsx::number::styled;
use crate::read::xlsx::number_format::NumberKind;

impl Sheets for LegacyWorkbook {
    fn list(&self) -> &SheetList {
        &self.list
    }

    fn heap_bytes(&self) -> usize {
        let cells = self.shared_cells.len() * size_of::<SheetCell>();
        self.stream.len() + cells + self.shared_text.len()
    }

    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &ScanWatch) -> Result<Sheet> {
        let title = &self.list.sheets[sheet].title;
        let mut filling = XlsSheetReader {
            workbook: self,
            builder: SheetBuilder::new(title, limits, self.shared_text.clone()),
            row: None,
            row_count: 0,
            stopped: false,
        };
        filling.builder.set_epoch(self.epoch);
        filling.builder.set_zeros(self.zeros.clone());
        let mut walk = self.sheet_records(sheet);
        // The cell of a formula whose text follows in a separate record.
        let mut awaiting_text: Option<(u16, u16)> = None;
        while let Some(record) = walk.next() {
            match record.code {
                records::STRING => {
                    let mut pieces = vec![record.data];
                    while let Some(more) = walk.next_if(records::CONTINUE) {
                        pieces.push(more.data);
                    }
                    if let Some((row, column)) = awaiting_text.take() {
                        let text = formula_text(self.text_form, &pieces);
                        filling.put_text(row, column, &text)?;
                    }
                }
                records::FORMULA | records::FORMULA_3 | records::FORMULA_4 => {
                    awaiting_text = filling.put_formula(record.data)?;
                }
                _ => filling.put_record(record.code, record.data)?,
            }
            watch.tick(filling.builder.rows_seen())?;
        }
        if !walk.has_end() {
            return Err(self.broken(format!("sheet {title:?} is cut short")));
        }
        filling.end_row()?;
        let merged = &self.sheets[sheet].merged;
        let merged_rows = merged.iter().map(|range| range.last_row as usize + 1).max();
        let rows = filling.row_count.max(merged_rows.unwrap_or(0));
        if !filling.stopped && rows > filling.builder.rows_seen() {
            filling.builder.end_row(rows - 1)?;
        }
        for range in merged {
            filling.builder.merge(*range);
        }
        Ok(filling.builder.finish(Some(DeclaredExtent::of_rows(rows))))
    }

    /// Returns the ranges as they are in the file, including single cells.
    fn merged_ranges(&self, sheet: usize) -> Result<Vec<MergedRange>> {
        Ok(self.sheets[sheet].merged.clone())
    }
}

/// Returns the text of a formula from a record and its continuations.
fn formula_text(text_form: TextForm, pieces: &[&[u8]]) -> String {
    let mut text = String::new();
    match text_form {
        TextForm::Bytes(encoding) => {
            let bytes = pieces.concat();
            let length = usize::from(u16_at(&bytes, 0).unwrap_or(0));
            let bytes = bytes.get(2..).unwrap_or_default();
            text.push_str(
                &encoding
                    .decode_without_bom_handling(&bytes[..length.min(bytes.len())])
                    .0,
            );
        }
        TextForm::Unicode => {
            let mut missing = pieces
                .first()
                .and_then(|piece| u16_at(piece, 0))
                .map_or(0, usize::from);
            for (number, piece) in pieces.iter().enumerate() {
                let start = if number == 0 { 2 } else { 0 };
                let Some(&flags) = piece.get(start) else {
                    break;
                };
                let width = if flags & 1 != 0 { 2 } else { 1 };
                let rest = piece.get(start + 1..).unwrap_or_default();
                let count = (rest.len() / width).min(missing);
                records::push_characters(&rest[..count * width], width == 2, &mut text);
                missing -= count;
            }
        }
    }
    text
}

/// The flag of a hidden row.
const HIDDEN_ROW: u16 = 0x20;

/// A sheet that is being filled from records.
struct XlsSheetReader<'a> {
    workbook: &'a LegacyWorkbook,
    builder: SheetBuilder,
    row: Option<u16>,
    row_count: usize,
    stopped: bool,
}

impl XlsSheetReader<'_> {
    fn put(&mut self, row: u16, column: u16, cell: SheetCell) -> Result<()> {
        if column >= MAX_SHEET_COLUMNS {
            return Err(self.workbook.broken(format!(
                "a cell is in column {}, beyond the limit of {MAX_SHEET_COLUMNS} columns",
                u32::from(column) + 1
            )));
        }
        if self.row != Some(row) {
            self.end_row()?;
            self.row = Some(row);
        }
        if !self.stopped {
            self.builder.push(usize::from(column), cell);
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<()> {
        if let Some(row) = self.row.take() {
            self.row_count = self.row_count.max(usize::from(row) + 1);
            if !self.stopped {
                self.stopped = self.builder.end_row(usize::from(row))? == ScanStep::No;
            }
        }
        Ok(())
    }

    fn put_text(&mut self, row: u16, column: u16, text: &str) -> Result<()> {
        let cell = self.builder.text_cell(text);
        self.put(row, column, cell)
    }

    fn put_error(&mut self, row: u16, column: u16, code: u8) -> Result<()> {
        self.put_text(row, column, records::error_text(code))
    }

    fn put_number(&mut self, row: u16, column: u16, style: u16, number: f64) -> Result<()> {
        let kind = self.workbook.kinds.get(usize::from(style)).copied();
        let epoch = self.workbook.epoch;
        let date = match kind.unwrap_or_default() {
            NumberKind::Number => None,
            kind if self.workbook.as_shown => styled(number, kind, epoch),
            _ => from_legacy_serial(number, epoch),
        };
        let cell = match date {
            Some(date) => date,
            None if number.fract() != 0.0 || !number.is_finite() => SheetCell::float(number),
            None if number.abs() < 9.2e18 => SheetCell::integer(number as i64),
            None => self.builder.big_integer(&format!("{number:.0}")),
        };
        let zeros = self.workbook.zeros_of.get(usize::from(style));
        if let Some(format) = zeros.copied().flatten() {
            let (row, column) = (usize::from(row), usize::from(column));
            self.builder.note_zeros(row, column, format);
        }
        self.put(row, column, cell)
    }

    fn put_record(&mut self, code: u16, data: &[u8]) -> Result<()> {
        let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else {
            return Ok(());
        };
        let style = u16_at(data, 4).unwrap_or(0);
        let cut_short = || self.workbook.broken("the data of a cell is cut short");
        match code {
            // The first two numbers are the columns; the lowest flag marks them as hidden.
            records::COLUMNS => {
                if u16_at(data, 8).is_some_and(|flags| flags & 1 != 0) {
                    let columns = (u32::from(row), u32::from(column.max(row)));
                    self.builder.findings().hidden_columns.push(columns);
                }
                Ok(())
            }
            records::ROW => {
                if u16_at(data, 12).is_some_and(|flags| flags & HIDDEN_ROW != 0) {
                    self.builder.note_hidden_row(usize::from(row));
                }
                Ok(())
            }
            records::NUMBER => {
                let number = f64_at(data, 6).ok_or_else(cut_short)?;
                self.put_number(row, column, style, number)
            }
            records::PACKED_NUMBER => {
                let bits = u32_at(data, 6).ok_or_else(cut_short)?;
                self.put_number(row, column, style, records::unpack_number(bits))
            }
            records::PACKED_NUMBERS => {
                // The last column is at the end; the number of cells gives the same.
                let cells = data
                    .get(4..data.len().saturating_sub(2))
                    .unwrap_or_default();
                for (offset, cell) in cells.chunks_exact(6).enumerate() {
                    let style = u16_at(cell, 0).unwrap_or(0);
                    let number = records::unpack_number(u32_at(cell, 2).unwrap_or(0));
                    self.put_number(row, column.saturating_add(offset as u16), style, number)?;
                }
                Ok(())
            }
            records::LABEL_SHARED => {
                let number = u32_at(data, 6).ok_or_else(cut_short)?;
                let cell = self
                    .workbook
                    .shared_cells
                    .get(number as usize)
                    .copied()
                    .ok_or_else(|| {
                        self.workbook.broken(format!(
                            "a cell refers to text {number} of the workbook, which does not exist"
                        ))
                    })?;
                self.put(row, column, cell)
            }
            records::LABEL | records::RICH_LABEL => {
                let text = read_text(data, 6, 2, self.workbook.text_form).ok_or_else(cut_short)?;
                self.put_text(row, column, &text)
            }
            records::BOOLEAN_OR_ERROR => match (data.get(6), data.get(7)) {
                (Some(&value), Some(0)) => self.put(row, column, SheetCell::boolean(value != 0)),
                (Some(&code), Some(_)) => self.put_error(row, column, code),
                _ => Err(cut_short()),
            },
            records::BLANK => self.put(row, column, SheetCell::EMPTY),
            records::BLANKS => {
                let count = data.len().saturating_sub(6) / 2;
                for offset in 0..count.min(usize::from(MAX_SHEET_COLUMNS)) {
                    self.put(row, column.saturating_add(offset as u16), SheetCell::EMPTY)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Puts the result of a formula. Returns the position of the cell if its text is still to come.
    fn put_formula(&mut self, data: &[u8]) -> Result<Option<(u16, u16)>> {
        let (Some(row), Some(column), Some(style), Some(result)) = (
            u16_at(data, 0),
            u16_at(data, 2),
            u16_at(data, 4),
            data.get(6..14),
        ) else {
            return Err(self.workbook.broken("the data of a formula is cut short"));
        };
        if result[6..] != [0xFF, 0xFF] {
            self.put_number(row, column, style, f64_at(result, 0).unwrap_or(0.0))?;
            return Ok(None);
        }
        match result[0] {
            0 => {
                self.put(row, column, SheetCell::EMPTY)?;
                return Ok(Some((row, column)));
            }
            1 => self.put(row, column, SheetCell::boolean(result[2] != 0))?,
            2 => self.put_error(row, column, result[2])?,
            _ => self.put(row, column, SheetCell::EMPTY_TEXT)?,
        }
        Ok(None)
    }
}
