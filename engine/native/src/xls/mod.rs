//! Reading the old binary workbooks, `.xls`, with the semantics of xlrd.
//!
//! Excel 97 to 2003 (BIFF8) and Excel 5 and 95 (BIFF5, BIFF7) are read; older ones are named as such. Whole numbers
//! are integers, dates are told by their number format and are always date-times, errors are their text.

mod compound;
mod records;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use self::compound::CompoundFile;
use self::records::{
    Records, SharedStringReader, TextForm, read_f64, read_text, read_u16, read_u32,
};
use crate::dates::{Epoch, from_legacy_serial};
use crate::error::{Result, SourceError};
use crate::progress::Watch;
use crate::store::builder::{Continue, ScanLimits, SheetBuilder};
use crate::store::{Cell, DeclaredExtent, Sheet, Tag, TextArena};
use crate::xlsx::Visibility;

/// Old worksheets have no more columns than this.
const MAXIMUM_COLUMNS: u16 = 256;
/// More sheets than any program lets one make.
const MAXIMUM_SHEETS: usize = 8192;
/// A file that came instead of a zip archive is looked into up to this size.
const MAXIMUM_PEEK_BYTES: u64 = 512 << 20;

/// What an OLE2 compound file is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompoundKind {
    EncryptedWorkbook,
    LegacyWorkbook,
    Other,
}

/// Looks into a compound file that came where a zip archive should have been.
pub fn explain_compound_file(path: &str) -> CompoundKind {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAXIMUM_PEEK_BYTES).read_to_end(&mut bytes));
    if read.is_err() {
        return CompoundKind::Other;
    }
    kind_of_compound_file(&bytes)
}

fn kind_of_compound_file(bytes: &[u8]) -> CompoundKind {
    match CompoundFile::open(bytes) {
        Some(file) if file.contains("EncryptedPackage") => CompoundKind::EncryptedWorkbook,
        Some(file) if file.contains("Workbook") || file.contains("Book") => {
            CompoundKind::LegacyWorkbook
        }
        _ => CompoundKind::Other,
    }
}

/// A worksheet of an old workbook.
#[derive(Debug)]
pub struct LegacySheet {
    pub title: String,
    pub visibility: Visibility,
    position: usize,
    is_selected: bool,
    is_active: bool,
    merged: Vec<[usize; 4]>,
}

/// An old workbook: its stream, and what its first part says about the rest.
#[derive(Debug)]
pub struct LegacyWorkbook {
    path: String,
    stream: Vec<u8>,
    text_form: TextForm,
    epoch: Epoch,
    /// For each cell style, whether its number format makes a number a date.
    is_date: Vec<bool>,
    shared_text: Arc<TextArena>,
    shared_cells: Vec<Cell>,
    sheets: Vec<LegacySheet>,
}

impl LegacyWorkbook {
    /// Opens a workbook and reads everything but its cells.
    pub fn open(path: &str) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| SourceError::io(path, &error))?;
        Self::from_bytes(path, bytes)
    }

    fn from_bytes(path: &str, bytes: Vec<u8>) -> Result<Self> {
        let broken = |reason: &str| SourceError::BrokenLegacy {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        if bytes.is_empty() {
            return Err(SourceError::Empty {
                path: path.to_owned(),
            });
        }
        let stream = if CompoundFile::is_one(&bytes) {
            let file = CompoundFile::open(&bytes)
                .ok_or_else(|| broken("its container is damaged or cut short"))?;
            let stream = file.stream("Workbook").or_else(|| file.stream("Book"));
            match stream {
                Some(stream) => stream,
                None if file.contains("EncryptedPackage") => {
                    return Err(SourceError::Encrypted {
                        path: path.to_owned(),
                    });
                }
                None => return Err(broken("it is an Office file without a workbook in it")),
            }
        } else if bytes.starts_with(&[0x09, 0x08]) {
            bytes
        } else {
            return Err(broken(explain_foreign_file(&bytes)));
        };
        let mut workbook = Self {
            path: path.to_owned(),
            stream,
            text_form: TextForm::Unicode,
            epoch: Epoch::Windows1900,
            is_date: Vec::new(),
            shared_text: Arc::default(),
            shared_cells: Vec::new(),
            sheets: Vec::new(),
        };
        workbook.read_globals()?;
        workbook.look_into_sheets();
        Ok(workbook)
    }

    /// The worksheets in workbook order.
    pub fn sheets(&self) -> &[LegacySheet] {
        &self.sheets
    }

    /// The first visible sheet flagged active, else selected, else the first visible one.
    pub fn active(&self) -> Option<usize> {
        let visible = |index: &usize| self.sheets[*index].visibility == Visibility::Visible;
        let all = || (0..self.sheets.len()).filter(visible);
        let active = all().find(|&index| self.sheets[index].is_active);
        active
            .or_else(|| all().find(|&index| self.sheets[index].is_selected))
            .or_else(|| all().next())
    }

    /// The arena of the workbook's shared strings.
    pub fn shared_text(&self) -> Arc<TextArena> {
        self.shared_text.clone()
    }

    /// Merged ranges of a sheet as (first row, last row, first column, last column), counted from 0.
    pub fn merged_ranges(&self, sheet: usize) -> &[[usize; 4]] {
        self.sheets.get(sheet).map_or(&[], |sheet| &sheet.merged)
    }

    fn broken(&self, reason: impl Into<String>) -> SourceError {
        SourceError::BrokenLegacy {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// Reads the first part of the stream: everything that is not a sheet's own.
    fn read_globals(&mut self) -> Result<()> {
        let stream = std::mem::take(&mut self.stream);
        let outcome = self.read_globals_of(&stream);
        self.stream = stream;
        outcome
    }

    fn read_globals_of(&mut self, stream: &[u8]) -> Result<()> {
        let mut walk = Records::at(stream, 0);
        let version = walk
            .next()
            .filter(|record| record.code == records::BOF)
            .and_then(|record| read_u16(record.data, 0));
        let mut code_page = encoding_rs::WINDOWS_1252;
        let is_unicode = match version {
            Some(0x0600) => true,
            Some(0x0500) => false,
            Some(_) => {
                return Err(
                    self.broken("it was written by an older Excel than 5.0; save it as .xlsx")
                );
            }
            None => return Err(self.broken("it does not start like one")),
        };
        if !is_unicode {
            self.text_form = TextForm::Bytes(code_page);
        }
        let mut date_formats: HashMap<u16, bool> = HashMap::new();
        let mut style_formats = Vec::new();
        let mut has_end = false;
        while let Some(record) = walk.next() {
            match record.code {
                records::EOF => {
                    has_end = true;
                    break;
                }
                records::FILE_PASS => {
                    return Err(SourceError::Encrypted {
                        path: self.path.clone(),
                    });
                }
                records::CODE_PAGE if !is_unicode => {
                    code_page = records::encoding_of(read_u16(record.data, 0).unwrap_or(1252));
                    self.text_form = TextForm::Bytes(code_page);
                }
                records::DATE_MODE if read_u16(record.data, 0) == Some(1) => {
                    self.epoch = Epoch::Mac1904
                }
                records::FORMAT => {
                    let length_bytes = if is_unicode { 2 } else { 1 };
                    if let (Some(key), Some(code)) = (
                        read_u16(record.data, 0),
                        read_text(record.data, 2, length_bytes, self.text_form),
                    ) {
                        date_formats.insert(key, is_date_format(&code));
                    }
                }
                records::EXTENDED_FORMAT => {
                    style_formats.push(read_u16(record.data, 2).unwrap_or(0))
                }
                records::BOUND_SHEET => self.add_sheet(record.data),
                records::SHARED_STRINGS => {
                    let mut pieces = vec![record.data];
                    while let Some(more) = walk.next_if(records::CONTINUE) {
                        pieces.push(more.data);
                    }
                    self.read_shared_strings(pieces);
                }
                _ => {}
            }
        }
        if !has_end {
            return Err(self.broken("it is cut short"));
        }
        self.is_date = style_formats
            .iter()
            .map(|key| {
                date_formats
                    .get(key)
                    .copied()
                    .unwrap_or_else(|| is_built_in_date(*key))
            })
            .collect();
        Ok(())
    }

    fn add_sheet(&mut self, data: &[u8]) {
        let (Some(position), Some(&state), Some(&kind)) =
            (read_u32(data, 0), data.get(4), data.get(5))
        else {
            return;
        };
        // Charts, macro sheets and Visual Basic modules are not worksheets.
        if kind != 0 || self.sheets.len() >= MAXIMUM_SHEETS {
            return;
        }
        self.sheets.push(LegacySheet {
            title: read_text(data, 6, 1, self.text_form).unwrap_or_default(),
            visibility: match state & 3 {
                0 => Visibility::Visible,
                1 => Visibility::Hidden,
                _ => Visibility::VeryHidden,
            },
            position: position as usize,
            is_selected: false,
            is_active: false,
            merged: Vec::new(),
        });
    }

    fn read_shared_strings(&mut self, pieces: Vec<&[u8]>) {
        let mut arena = TextArena::new();
        let mut reader = SharedStringReader::new(pieces);
        let mut text = String::new();
        while reader.next_text(&mut text).is_some() {
            let cell = if text.is_empty() {
                Cell::EMPTY_TEXT
            } else {
                Cell::text(arena.push(&text).into_shared())
            };
            self.shared_cells.push(cell);
        }
        arena.finish();
        self.shared_text = Arc::new(arena);
    }

    /// Looks up each sheet's flags and merged ranges, which stand behind its cells.
    fn look_into_sheets(&mut self) {
        // Sheets lie one after the other; where they overlap, the file is made up, and so much looking is enough.
        let mut budget = self.stream.len().saturating_mul(2);
        for index in 0..self.sheets.len() {
            let mut flags = 0;
            let mut merged = Vec::new();
            for record in self.sheet_records(index) {
                budget = budget.saturating_sub(record.data.len() + 4);
                if budget == 0 {
                    return;
                }
                match record.code {
                    records::WINDOW_2 => flags = read_u16(record.data, 0).unwrap_or(0),
                    records::MERGED_CELLS => {
                        let ranges = record.data.get(2..).unwrap_or_default().chunks_exact(8);
                        merged.extend(
                            ranges
                                .take(usize::from(read_u16(record.data, 0).unwrap_or(0)))
                                .filter_map(|range| {
                                    let at =
                                        |place: usize| read_u16(range, place * 2).map(usize::from);
                                    Some([at(0)?, at(1)?, at(2)?, at(3)?]).filter(
                                        |[top, bottom, left, right]| {
                                            top <= bottom
                                                && left <= right
                                                && *right < usize::from(MAXIMUM_COLUMNS)
                                        },
                                    )
                                }),
                        );
                    }
                    _ => {}
                }
            }
            self.sheets[index].is_selected = flags & 0x0200 != 0;
            self.sheets[index].is_active = flags & 0x0400 != 0;
            self.sheets[index].merged = merged;
        }
    }

    /// The records of a sheet up to its end; those of charts within it are left out.
    fn sheet_records(&self, sheet: usize) -> SheetRecords<'_> {
        SheetRecords {
            walk: Records::at(&self.stream, self.sheets[sheet].position),
            depth: 0,
            has_end: false,
        }
    }

    /// Scans a sheet.
    pub fn scan(&self, sheet: usize, limits: ScanLimits, watch: &Watch) -> Result<Sheet> {
        let mut filling = Filling {
            workbook: self,
            builder: SheetBuilder::new(&self.sheets[sheet].title, limits, self.shared_text.clone()),
            row: None,
            row_count: 0,
            stopped: false,
        };
        let mut walk = self.sheet_records(sheet);
        // A formula whose text follows in a record of its own.
        let mut awaiting_text: Option<(u16, u16)> = None;
        while let Some(record) = walk.next() {
            match record.code {
                records::STRING => {
                    let mut pieces = vec![record.data];
                    while let Some(more) = walk.walk.next_if(records::CONTINUE) {
                        pieces.push(more.data);
                    }
                    if let Some((row, column)) = awaiting_text.take() {
                        let text = self.formula_text(&pieces);
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
        if !walk.has_end {
            return Err(self.broken(format!("sheet {:?} is cut short", self.sheets[sheet].title)));
        }
        filling.end_row()?;
        let merged_rows = self.sheets[sheet]
            .merged
            .iter()
            .map(|range| range[1] + 1)
            .max()
            .unwrap_or(0);
        let rows = filling.row_count.max(merged_rows);
        if !filling.stopped && rows > filling.builder.rows_seen() {
            filling.builder.end_row(rows - 1)?;
        }
        Ok(filling.builder.finish(Some(DeclaredExtent::of_rows(rows))))
    }

    /// The text of a formula: a record and those that continue it.
    fn formula_text(&self, pieces: &[&[u8]]) -> String {
        let mut text = String::new();
        match self.text_form {
            TextForm::Bytes(encoding) => {
                let bytes = pieces.concat();
                let length = usize::from(read_u16(&bytes, 0).unwrap_or(0));
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
                    .and_then(|piece| read_u16(piece, 0))
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
}

struct SheetRecords<'a> {
    walk: Records<'a>,
    depth: usize,
    has_end: bool,
}

impl<'a> Iterator for SheetRecords<'a> {
    type Item = records::Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.has_end {
                return None;
            }
            let record = self.walk.next()?;
            match record.code {
                records::BOF => self.depth += 1,
                // A sheet must start like one; anything else at its place is no sheet.
                _ if self.depth == 0 => return None,
                records::EOF => {
                    self.depth -= 1;
                    self.has_end = self.depth == 0;
                }
                _ if self.depth == 1 => return Some(record),
                _ => {}
            }
        }
    }
}

/// A sheet that is being filled from records.
struct Filling<'a> {
    workbook: &'a LegacyWorkbook,
    builder: SheetBuilder,
    row: Option<u16>,
    row_count: usize,
    stopped: bool,
}

impl Filling<'_> {
    fn put(&mut self, row: u16, column: u16, cell: Cell) -> Result<()> {
        if column >= MAXIMUM_COLUMNS {
            return Err(self
                .workbook
                .broken(format!("a cell lies in column {}", u32::from(column) + 1)));
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
                self.stopped = self.builder.end_row(usize::from(row))? == Continue::No;
            }
        }
        Ok(())
    }

    fn put_text(&mut self, row: u16, column: u16, text: &str) -> Result<()> {
        let cell = self.builder.text_cell(text);
        self.put(row, column, cell)
    }

    fn put_error(&mut self, row: u16, column: u16, code: u8) -> Result<()> {
        let text = match code {
            0x00 => "#NULL!",
            0x07 => "#DIV/0!",
            0x0F => "#VALUE!",
            0x17 => "#REF!",
            0x1D => "#NAME?",
            0x24 => "#NUM!",
            _ => "#N/A",
        };
        self.put_text(row, column, text)
    }

    fn put_number(&mut self, row: u16, column: u16, style: u16, number: f64) -> Result<()> {
        let is_date = self
            .workbook
            .is_date
            .get(usize::from(style))
            .copied()
            .unwrap_or(false);
        let date = if is_date {
            from_legacy_serial(number, self.workbook.epoch)
        } else {
            None
        };
        let cell = match date {
            Some(date) => date,
            None if number.fract() != 0.0 || !number.is_finite() => Cell::float(number),
            None if number.abs() < 9.2e18 => Cell::integer(number as i64),
            None => {
                let digits = format!("{number:.0}");
                Cell {
                    tag: Tag::BigInteger,
                    bits: self.builder.store_text(&digits).bits(),
                }
            }
        };
        self.put(row, column, cell)
    }

    fn put_record(&mut self, code: u16, data: &[u8]) -> Result<()> {
        let (Some(row), Some(column)) = (read_u16(data, 0), read_u16(data, 2)) else {
            return Ok(());
        };
        let style = read_u16(data, 4).unwrap_or(0);
        let cut_short = || self.workbook.broken("a cell's record is cut short");
        match code {
            records::NUMBER => {
                let number = read_f64(data, 6).ok_or_else(cut_short)?;
                self.put_number(row, column, style, number)
            }
            records::PACKED_NUMBER => {
                let bits = read_u32(data, 6).ok_or_else(cut_short)?;
                self.put_number(row, column, style, records::unpack_number(bits))
            }
            records::PACKED_NUMBERS => {
                // The last column stands at the end; what lies between tells it as well.
                let cells = data
                    .get(4..data.len().saturating_sub(2))
                    .unwrap_or_default();
                for (offset, cell) in cells.chunks_exact(6).enumerate() {
                    let style = read_u16(cell, 0).unwrap_or(0);
                    let number = records::unpack_number(read_u32(cell, 2).unwrap_or(0));
                    self.put_number(row, column.saturating_add(offset as u16), style, number)?;
                }
                Ok(())
            }
            records::LABEL_SHARED => {
                let number = read_u32(data, 6).ok_or_else(cut_short)?;
                let cell = self
                    .workbook
                    .shared_cells
                    .get(number as usize)
                    .copied()
                    .ok_or_else(|| {
                        self.workbook.broken(format!(
                            "a cell refers to the shared string {number}, which does not exist"
                        ))
                    })?;
                self.put(row, column, cell)
            }
            records::LABEL | records::RICH_LABEL => {
                let text = read_text(data, 6, 2, self.workbook.text_form).ok_or_else(cut_short)?;
                self.put_text(row, column, &text)
            }
            records::BOOLEAN_OR_ERROR => match (data.get(6), data.get(7)) {
                (Some(&value), Some(0)) => self.put(row, column, Cell::boolean(value != 0)),
                (Some(&code), Some(_)) => self.put_error(row, column, code),
                _ => Err(cut_short()),
            },
            records::BLANK => self.put(row, column, Cell::EMPTY),
            records::BLANKS => {
                let count = data.len().saturating_sub(6) / 2;
                for offset in 0..count.min(usize::from(MAXIMUM_COLUMNS)) {
                    self.put(row, column.saturating_add(offset as u16), Cell::EMPTY)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Puts the result of a formula; gives the place of one whose text is still to come.
    fn put_formula(&mut self, data: &[u8]) -> Result<Option<(u16, u16)>> {
        let (Some(row), Some(column), Some(style), Some(result)) = (
            read_u16(data, 0),
            read_u16(data, 2),
            read_u16(data, 4),
            data.get(6..14),
        ) else {
            return Err(self.workbook.broken("a formula's record is cut short"));
        };
        if result[6..] != [0xFF, 0xFF] {
            self.put_number(row, column, style, read_f64(result, 0).unwrap_or(0.0))?;
            return Ok(None);
        }
        match result[0] {
            0 => {
                self.put(row, column, Cell::EMPTY)?;
                return Ok(Some((row, column)));
            }
            1 => self.put(row, column, Cell::boolean(result[2] != 0))?,
            2 => self.put_error(row, column, result[2])?,
            _ => self.put(row, column, Cell::EMPTY_TEXT)?,
        }
        Ok(None)
    }
}

/// Whether a built-in number format is one for dates, those of East Asian and Thai versions included.
fn is_built_in_date(key: u16) -> bool {
    matches!(key, 14..=22 | 27..=36 | 45..=47 | 50..=58 | 71..=81)
}

/// Whether a number format is one for dates, by xlrd's rule: without literals and brackets it has more date letters
/// than digit places.
fn is_date_format(code: &str) -> bool {
    let mut reduced = String::new();
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                characters.by_ref().find(|&character| character == '"');
            }
            '\\' | '_' | '*' => {
                characters.next();
            }
            '$' | '-' | '+' | '/' | '(' | ')' | ':' | ' ' => {}
            _ => reduced.push(character),
        }
    }
    let mut plain = String::new();
    let mut rest = reduced.as_str();
    while let Some(open) = rest.find('[') {
        let Some(close) = rest[open..].find(']') else {
            break;
        };
        plain.push_str(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    plain.push_str(rest);
    if matches!(
        plain.as_str(),
        "0.00E+00" | "##0.0E+0" | "General" | "GENERAL" | "general" | "@"
    ) {
        return false;
    }
    let count = |letters: &str| {
        plain
            .chars()
            .filter(|&character| letters.contains(character))
            .count()
    };
    count("ymdhsYMDHS") > count("0#?")
}

/// Says what a file is that should have been an old workbook.
fn explain_foreign_file(bytes: &[u8]) -> &'static str {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(512)])
        .trim_start()
        .to_ascii_lowercase();
    if bytes.starts_with(b"PK\x03\x04") {
        "this is a newer workbook; rename it to .xlsx"
    } else if matches!(bytes, [0x09, 0x00 | 0x02 | 0x04, ..]) {
        "it was written by an older Excel than 5.0; save it as .xlsx"
    } else if start.starts_with('<') || start.starts_with("\u{feff}<") {
        "this is a web page or XML file; open it in a spreadsheet program and save it as .xlsx"
    } else if start.starts_with("%pdf") {
        "this is a PDF document"
    } else if !bytes[..bytes.len().min(512)].contains(&0) && start.contains([',', ';', '\t']) {
        "this is plain text; if its values are separated by commas, rename it to .csv"
    } else {
        "it is none"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_formats_are_told_by_letters_and_digits() {
        for (code, is_date) in [
            ("yyyy-mm-dd", true),
            ("m/d/yy h:mm", true),
            ("[h]:mm:ss", true),
            ("[$-409]d-mmm-yy;@", true),
            ("0.00", false),
            ("General", false),
            ("0.00E+00", false),
            ("#,##0 \"days\"", false),
            ("0\\d", false),
            ("[Red]0.00", false),
            ("mm:ss.0", true),
            ("@", false),
        ] {
            assert_eq!(is_date_format(code), is_date, "{code}");
        }
    }

    #[test]
    fn other_files_are_named() {
        for (bytes, words) in [
            (&b"PK\x03\x04rest"[..], "rename it to .xlsx"),
            (b"<html>", "web page"),
            (b"a,b\n1,2\n", "rename it to .csv"),
            (b"\x09\x04\x06\x00\x00\x00", "older Excel"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "damaged"),
            (b"\x00\x01", "it is none"),
        ] {
            let error = LegacyWorkbook::from_bytes("a.xls", bytes.to_vec())
                .unwrap_err()
                .to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
