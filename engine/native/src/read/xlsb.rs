//! Reads binary workbooks: `.xlsb`, an archive like that of an `.xlsx` whose parts are records instead of XML.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use foldhash::HashMap;

use super::archive::ZipArchive;
use super::formats::{Formats, NumberDisplay, cell_of_float};
use super::numbers::{f64_at, u16_at, u32_at};
use super::read_ahead::ReadAhead;
use super::sheets::{SheetInfo, SheetList, Sheets, Visibility};
use super::xls::records::{self, unpack_number};
use super::xlsx::number_format::{NumberKind, shown_kind_of_built_in};
use super::xlsx::package::read_relationships;
use super::xlsx::strings::SharedStrings;
use crate::cells::{
    Epoch, MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, MergedRange, ScanLimits, ScanStep, Sheet,
    SheetBuilder, SheetCell, TextArena,
};
use crate::error::{Result, SourceError};
use crate::progress::ScanWatch;

const WORKBOOK: &str = "xl/workbook.bin";
const STRINGS: &str = "xl/sharedStrings.bin";
const STYLES: &str = "xl/styles.bin";
/// The maximum size of a record.
const MAXIMUM_RECORD_BYTES: u64 = 64 << 20;
const MAXIMUM_SHEETS: usize = 8192;

/// The numbers of the records that are read, by the names in the format's description.
mod kinds {
    pub const ROW_HEADER: u16 = 0;
    pub const CELL_RK: u16 = 2;
    pub const CELL_ERROR: u16 = 3;
    pub const CELL_BOOLEAN: u16 = 4;
    pub const CELL_REAL: u16 = 5;
    pub const CELL_TEXT: u16 = 6;
    pub const CELL_SHARED: u16 = 7;
    pub const FORMULA_TEXT: u16 = 8;
    pub const FORMULA_NUMBER: u16 = 9;
    pub const FORMULA_BOOLEAN: u16 = 10;
    pub const FORMULA_ERROR: u16 = 11;
    pub const SHARED_ITEM: u16 = 19;
    pub const BEGIN_LATER: u16 = 35;
    pub const END_LATER: u16 = 36;
    pub const FORMAT: u16 = 44;
    pub const CELL_FORMAT: u16 = 47;
    pub const CELL_RICH: u16 = 62;
    pub const END_SHEET_DATA: u16 = 146;
    pub const WORKBOOK_PROPERTIES: u16 = 153;
    pub const SHEET: u16 = 156;
    pub const BOOK_VIEW: u16 = 158;
    pub const MERGED: u16 = 176;
    pub const BEGIN_CELL_FORMATS: u16 = 617;
    pub const END_CELL_FORMATS: u16 = 618;
}

/// A workbook whose structure was read; its sheets are still in the archive.
#[derive(Debug)]
pub struct BinaryWorkbook {
    archive: ZipArchive,
    list: SheetList,
    /// The part of each sheet.
    parts: Vec<String>,
    epoch: Epoch,
    looks: Vec<NumberDisplay>,
    formats: Formats,
    shared_text: Arc<TextArena>,
    strings: SharedStrings,
}

impl BinaryWorkbook {
    /// Opens a workbook and reads everything but its sheets. `most_bytes` limits the memory for its strings.
    ///
    /// # Errors
    /// If one of its parts cannot be unpacked or is damaged.
    pub fn open(archive: ZipArchive, most_bytes: Option<usize>) -> Result<Self> {
        let mut this = Self {
            archive,
            list: SheetList::default(),
            parts: Vec::new(),
            epoch: Epoch::Windows1900,
            looks: Vec::new(),
            formats: Formats::default(),
            shared_text: Arc::default(),
            strings: SharedStrings::default(),
        };
        this.read_structure()?;
        this.read_styles()?;
        this.read_strings(most_bytes)?;
        Ok(this)
    }

    fn records(&self, part: &str) -> Result<Option<XlsbRecords<impl BufRead + use<>>>> {
        let Some(stored) = self.archive.find(part) else {
            return Ok(None);
        };
        let source = BufReader::with_capacity(1 << 16, self.archive.open_part(stored)?);
        Ok(Some(XlsbRecords::new(source, part)))
    }

    fn read_structure(&mut self) -> Result<()> {
        let relationships = read_relationships(&self.archive, WORKBOOK)?;
        let Some(mut records) = self.records(WORKBOOK)? else {
            return Err(SourceError::part(WORKBOOK, "it is missing"));
        };
        let (mut active, mut position) = (None, 0u32);
        while let Some(kind) = records.advance()? {
            let data = &records.data[..];
            match kind {
                kinds::WORKBOOK_PROPERTIES
                    if u32_at(data, 0).is_some_and(|flags| flags & 1 != 0) =>
                {
                    self.epoch = Epoch::Mac1904;
                }
                kinds::BOOK_VIEW if active.is_none() => active = u32_at(data, 24),
                kinds::SHEET if self.list.sheets.len() < MAXIMUM_SHEETS => {
                    let mut rest = data.get(8..).unwrap_or_default();
                    let (Some(id), Some(title)) = (take_text(&mut rest), take_text(&mut rest))
                    else {
                        return Err(records.damaged());
                    };
                    let number = position;
                    position += 1;
                    // Chart sheets and macro sheets have no cells.
                    let found = relationships
                        .get(&id)
                        .filter(|found| found.kind.ends_with("/worksheet"));
                    let Some(part) = found.and_then(|found| self.archive.find(&found.target))
                    else {
                        continue;
                    };
                    if active == Some(number) {
                        self.list.active = Some(self.list.sheets.len());
                    }
                    self.parts.push(part.to_owned());
                    let visibility = Visibility::of_number(u32_at(data, 0).unwrap_or(0));
                    self.list.sheets.push(SheetInfo::new(title, visibility));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_styles(&mut self) -> Result<()> {
        let Some(mut records) = self.records(STYLES)? else {
            return Ok(());
        };
        let mut custom: HashMap<u16, NumberDisplay> = HashMap::default();
        let mut is_within = false;
        while let Some(kind) = records.advance()? {
            let data = &records.data[..];
            match kind {
                kinds::FORMAT => {
                    let mut rest = data.get(2..).unwrap_or_default();
                    if let (Some(id), Some(code)) = (u16_at(data, 0), take_text(&mut rest)) {
                        custom.insert(id, self.formats.look_of(&code));
                    }
                }
                kinds::BEGIN_CELL_FORMATS => is_within = true,
                kinds::END_CELL_FORMATS => is_within = false,
                kinds::CELL_FORMAT if is_within => {
                    let id = u16_at(data, 2).unwrap_or(0);
                    let built_in = || NumberDisplay {
                        kind: shown_kind_of_built_in(u32::from(id)),
                        zeros: None,
                    };
                    self.looks
                        .push(custom.get(&id).copied().unwrap_or_else(built_in));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_strings(&mut self, most_bytes: Option<usize>) -> Result<()> {
        let Some(mut records) = self.records(STRINGS)? else {
            return Ok(());
        };
        while let Some(kind) = records.advance()? {
            if kind == kinds::SHARED_ITEM {
                let text = take_text(&mut records.data.get(1..).unwrap_or_default());
                let text = text.ok_or_else(|| records.damaged())?;
                self.strings.push(&text, STRINGS, most_bytes)?;
            }
        }
        self.strings.finish();
        self.shared_text = Arc::new(std::mem::take(&mut self.strings.text));
        Ok(())
    }
}

impl Sheets for BinaryWorkbook {
    fn list(&self) -> &SheetList {
        &self.list
    }

    fn heap_bytes(&self) -> usize {
        self.archive.heap_bytes() + self.shared_text.len() + self.strings.cell_bytes()
    }

    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &ScanWatch) -> Result<Sheet> {
        let title = &self.list.sheets[sheet].title;
        let text = self.shared_text.clone();
        let builder = self.formats.builder(title, limits, text, self.epoch);
        let part = &self.parts[sheet];
        let source =
            BufReader::with_capacity(1 << 16, ReadAhead::new(self.archive.open_part(part)?));
        let mut filling = XlsbSheetReader {
            workbook: self,
            builder,
            row: None,
            next_column: 0,
            last_row: 0,
        };
        filling.read(XlsbRecords::new(source, part), watch)?;
        Ok(filling.builder.finish_rows(filling.last_row))
    }
}

/// A sheet that is being filled.
struct XlsbSheetReader<'a> {
    workbook: &'a BinaryWorkbook,
    builder: SheetBuilder,
    row: Option<usize>,
    next_column: usize,
    last_row: usize,
}

impl XlsbSheetReader<'_> {
    fn read(&mut self, mut records: XlsbRecords<impl BufRead>, watch: &ScanWatch) -> Result<()> {
        let mut has_cells = true;
        while let Some(kind) = records.advance()? {
            let data = &records.data[..];
            match kind {
                kinds::ROW_HEADER if has_cells => {
                    if self.end_row()? == ScanStep::No && self.builder.limits().rows.is_some() {
                        return Ok(());
                    }
                    let row = u32_at(data, 0).ok_or_else(|| records.damaged())? as usize;
                    if row >= MAX_SHEET_ROWS {
                        return Err(records.damaged());
                    }
                    self.row = Some(row);
                    self.next_column = 0;
                    if data.get(11).is_some_and(|flags| flags & 0x10 != 0) {
                        self.builder.note_hidden_row(row);
                    }
                    watch.tick(self.builder.rows_seen())?;
                }
                kinds::END_SHEET_DATA => {
                    self.end_row()?;
                    has_cells = false;
                }
                // After the cells, a record with a cell's number is no cell.
                0..=18 | kinds::CELL_RICH if !has_cells => {}
                kinds::MERGED => {
                    let at = |place| u32_at(data, place);
                    if let (Some(first_row), Some(last_row), Some(first_column), Some(last_column)) =
                        (at(0), at(4), at(8), at(12))
                        && (first_row..MAX_SHEET_ROWS as u32).contains(&last_row)
                        && (first_column..MAX_SHEET_COLUMNS as u32).contains(&last_column)
                    {
                        self.builder.merge(MergedRange {
                            first_row,
                            first_column,
                            last_row,
                            last_column,
                        });
                    }
                }
                // The short forms are in the column after the last one.
                1..=11 | kinds::CELL_RICH => self
                    .read_cell(kind, data, 4)
                    .ok_or_else(|| records.damaged())??,
                12..=18 => self
                    .read_cell(kind - 11, data, 0)
                    .ok_or_else(|| records.damaged())??,
                _ => {}
            }
        }
        self.end_row().map(drop)
    }

    fn end_row(&mut self) -> Result<ScanStep> {
        match self.row.take() {
            Some(row) if self.next_column > 0 => {
                self.last_row = self.last_row.max(row + 1);
                self.builder.end_row(row)
            }
            _ => Ok(ScanStep::Yes),
        }
    }

    /// Reads a cell whose style is at byte `at`. Returns `None` if the record is too short.
    fn read_cell(&mut self, kind: u16, data: &[u8], at: usize) -> Option<Result<()>> {
        let row = self.row?;
        let column = match at {
            0 => self.next_column,
            _ => u32_at(data, 0)? as usize,
        };
        if column >= MAX_SHEET_COLUMNS {
            return Some(Err(SourceError::BeyondLimits {
                sheet: "the workbook".to_owned(),
                reason: format!("row {} has cells beyond column ZZZ", row + 1),
            }));
        }
        self.next_column = column + 1;
        let style = u32_at(data, at)? & 0xFF_FFFF;
        let value = data.get(at + 4..)?;
        let look = self
            .workbook
            .looks
            .get(style as usize)
            .copied()
            .unwrap_or_default();
        let cell = match kind {
            kinds::CELL_RK => self.number(unpack_number(u32_at(value, 0)?), look.kind),
            kinds::CELL_REAL | kinds::FORMULA_NUMBER => self.number(f64_at(value, 0)?, look.kind),
            kinds::CELL_ERROR | kinds::FORMULA_ERROR => {
                self.builder.text_cell(error_text(*value.first()?))
            }
            kinds::CELL_BOOLEAN | kinds::FORMULA_BOOLEAN => {
                SheetCell::boolean(*value.first()? != 0)
            }
            kinds::CELL_TEXT | kinds::FORMULA_TEXT => {
                let text = take_text(&mut &value[..])?;
                self.builder.text_cell(&text)
            }
            kinds::CELL_RICH => {
                let text = take_text(&mut value.get(1..)?)?;
                self.builder.text_cell(&text)
            }
            kinds::CELL_SHARED => self.workbook.strings.cell(u32_at(value, 0)? as usize)?,
            _ => SheetCell::EMPTY,
        };
        self.builder.push_shown(row, column, cell, look.zeros);
        Some(Ok(()))
    }

    fn number(&mut self, number: f64, kind: NumberKind) -> SheetCell {
        cell_of_float(&mut self.builder, number, kind, self.workbook.epoch)
    }
}

fn error_text(code: u8) -> &'static str {
    match code {
        0x2B => "#GETTING_DATA",
        code => records::error_text(code),
    }
}

/// The records of a part, in order.
struct XlsbRecords<R> {
    source: R,
    part: String,
    /// The data of the current record.
    data: Vec<u8>,
}

impl<R: BufRead> XlsbRecords<R> {
    fn new(source: R, part: &str) -> Self {
        Self {
            source,
            part: part.to_owned(),
            data: Vec::new(),
        }
    }

    /// Reads the next record and returns its kind, or `None` at the end. Skips extensions of later programs, because their
    /// records may reuse other record numbers.
    fn advance(&mut self) -> Result<Option<u16>> {
        let mut depth = 0u32;
        loop {
            match self.read()? {
                Some(kinds::BEGIN_LATER) => depth += 1,
                Some(kinds::END_LATER) => depth = depth.saturating_sub(1),
                None if depth > 0 => return Err(self.damaged()),
                Some(_) if depth > 0 => {}
                kind => return Ok(kind),
            }
        }
    }

    fn read(&mut self) -> Result<Option<u16>> {
        let failed = |error: std::io::Error| SourceError::part(&self.part, error.to_string());
        if self.source.fill_buf().map_err(failed)?.is_empty() {
            return Ok(None);
        }
        let kind = self.number(2)?;
        let length = u64::from(self.number(4)?);
        self.data.clear();
        if length > MAXIMUM_RECORD_BYTES {
            return Err(self.damaged());
        }
        let read = self
            .source
            .by_ref()
            .take(length)
            .read_to_end(&mut self.data);
        let read = read.map_err(|error| SourceError::part(&self.part, error.to_string()))?;
        if read as u64 != length {
            return Err(SourceError::part(&self.part, "it is cut short"));
        }
        Ok(Some(kind as u16))
    }

    /// Reads a number of seven bits per byte, in at most `most` bytes.
    fn number(&mut self, most: u32) -> Result<u32> {
        let mut number = 0;
        for place in 0..most {
            let mut byte = [0];
            self.source
                .read_exact(&mut byte)
                .map_err(|_| SourceError::part(&self.part, "it is cut short"))?;
            number |= u32::from(byte[0] & 0x7F) << (7 * place);
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        Ok(number)
    }

    fn damaged(&self) -> SourceError {
        SourceError::part(&self.part, "its data is damaged")
    }
}

/// Takes a text, preceded by its number of letters, from the front of the data.
fn take_text(data: &mut &[u8]) -> Option<String> {
    let length = u32_at(data, 0)? as usize;
    // A missing text has a length of all ones.
    let bytes = if length == u32::MAX as usize {
        0
    } else {
        length.checked_mul(2)?
    };
    let text = data.get(4..4usize.checked_add(bytes)?)?;
    *data = &data[4 + bytes..];
    Some(
        encoding_rs::UTF_16LE
            .decode_without_bom_handling(text)
            .0
            .into_owned(),
    )
}
