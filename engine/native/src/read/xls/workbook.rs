//! Reads an old workbook: its stream, its sheets, and the globals at its start.

use std::sync::Arc;

use foldhash::HashMap;

use super::date_format::{is_built_in_date, is_date_format};
use super::records::{self, SharedStringReader, SheetRecords, TextForm, XlsRecords, read_text};
use crate::cells::{Epoch, MergedRange, SheetCell, TextArena, ZeroFormat};
use crate::error::{Result, SourceError};
use crate::read::compound::CompoundFile;
use crate::read::numbers::{u16_at, u32_at};
use crate::read::sheets::{SheetInfo, SheetList, Visibility};
use crate::read::xlsx::number_format::{NumberKind, shown_kind_of, shown_kind_of_built_in};
use crate::read::{foreign, read_whole};

/// The maximum number of columns in an old worksheet.
pub(super) const MAX_SHEET_COLUMNS: u16 = 256;
/// The maximum number of sheets; no program allows as many.
const MAXIMUM_SHEETS: usize = 8192;
const IS_SELECTED: u16 = 0x0200;
const IS_ACTIVE: u16 = 0x0400;

/// The properties of a worksheet of an old workbook, without its title.
#[derive(Debug)]
pub(super) struct LegacySheet {
    position: usize,
    flags: u16,
    pub(super) merged: Vec<MergedRange>,
}

/// An old workbook with its stream and the globals at its start.
#[derive(Debug)]
pub struct LegacyWorkbook {
    path: String,
    pub(super) stream: Vec<u8>,
    pub(super) text_form: TextForm,
    pub(super) epoch: Epoch,
    /// The kind of number in each cell style, such as a date.
    pub(super) kinds: Vec<NumberKind>,
    /// The same as [`ReadOptions::as_shown`](crate::read::ReadOptions::as_shown).
    pub(super) as_shown: bool,
    /// The formats that show leading zeros, and the index of the format of each cell style.
    pub(super) zeros: Arc<[ZeroFormat]>,
    pub(super) zeros_of: Vec<Option<u16>>,
    pub(super) shared_text: Arc<TextArena>,
    pub(super) shared_cells: Vec<SheetCell>,
    pub(super) list: SheetList,
    pub(super) sheets: Vec<LegacySheet>,
}

impl LegacyWorkbook {
    /// Opens a workbook and reads everything but its cells. `most_bytes` limits the memory for the file itself.
    ///
    /// # Errors
    /// If the file cannot be read, is encrypted or damaged, or is no old workbook.
    pub fn open(path: &str, most_bytes: Option<usize>, as_shown: bool) -> Result<Self> {
        let bytes = read_whole(path, "the workbook", most_bytes)?;
        Self::from_bytes(path, bytes, as_shown)
    }

    fn from_bytes(path: &str, bytes: Vec<u8>, as_shown: bool) -> Result<Self> {
        let broken = |reason: &str| SourceError::BrokenLegacy {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let stream = if CompoundFile::is_one(&bytes) {
            let file =
                CompoundFile::open(&bytes).ok_or_else(|| broken("it is damaged or cut short"))?;
            file.workbook_stream()
                .ok_or_else(|| foreign::instead_of_legacy_stream(path, &file))?
        } else if bytes.starts_with(&foreign::BARE_LEGACY_START) {
            bytes
        } else {
            return Err(foreign::instead_of_legacy(path, &bytes));
        };
        let mut workbook = Self {
            path: path.to_owned(),
            stream,
            text_form: TextForm::Unicode,
            epoch: Epoch::Windows1900,
            kinds: Vec::new(),
            as_shown,
            zeros: Arc::default(),
            zeros_of: Vec::new(),
            shared_text: Arc::default(),
            shared_cells: Vec::new(),
            list: SheetList::default(),
            sheets: Vec::new(),
        };
        workbook.read_globals()?;
        workbook.look_into_sheets();
        workbook.list.active = workbook.active();
        Ok(workbook)
    }

    /// Returns the first visible sheet that is flagged active, else selected, else the first visible one.
    fn active(&self) -> Option<usize> {
        let sheets = || self.list.sheets.iter().zip(&self.sheets);
        let is_shown = |flags: u16, (info, sheet): (&SheetInfo, &LegacySheet)| {
            info.visibility == Visibility::Visible && sheet.flags & flags == flags
        };
        let flagged = |flags| sheets().position(|sheet| is_shown(flags, sheet));
        [IS_ACTIVE, IS_SELECTED, 0].into_iter().find_map(flagged)
    }

    /// Returns an error about this file.
    pub(super) fn broken(&self, reason: impl Into<String>) -> SourceError {
        SourceError::BrokenLegacy {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// Reads the first section of the stream, which has everything that belongs to no single sheet.
    fn read_globals(&mut self) -> Result<()> {
        let stream = std::mem::take(&mut self.stream);
        let outcome = self.read_globals_of(&stream);
        self.stream = stream;
        outcome
    }

    fn read_globals_of(&mut self, stream: &[u8]) -> Result<()> {
        let mut walk = XlsRecords::at(stream, 0);
        let version = walk
            .next()
            .filter(|record| record.code == records::BOF)
            .and_then(|record| u16_at(record.data, 0));
        let is_unicode = match version {
            Some(0x0600) => true,
            Some(0x0500) => false,
            Some(_) => {
                return Err(
                    self.broken("it was written by an older Excel than 5.0; save it as .xlsx")
                );
            }
            None => return Err(self.broken("it does not begin like a workbook")),
        };
        if !is_unicode {
            self.text_form = TextForm::Bytes(encoding_rs::WINDOWS_1252);
        }
        let mut formats = Formats {
            as_shown: self.as_shown,
            ..Formats::default()
        };
        while let Some(record) = walk.next() {
            match record.code {
                records::EOF => {
                    self.kinds = formats.kinds();
                    if !formats.zeros.is_empty() {
                        let number_of = |key| formats.zeros_of.get(key).copied();
                        self.zeros_of = formats.of_styles.iter().map(number_of).collect();
                        self.zeros = formats.zeros.into();
                    }
                    return Ok(());
                }
                records::FILE_PASS => {
                    return Err(foreign::encrypted(&self.path));
                }
                records::CODE_PAGE if !is_unicode => {
                    let code_page = u16_at(record.data, 0).unwrap_or(1252);
                    self.text_form = TextForm::Bytes(records::encoding_of(code_page));
                }
                records::DATE_MODE if u16_at(record.data, 0) == Some(1) => {
                    self.epoch = Epoch::Mac1904
                }
                records::FORMAT => {
                    let length_bytes = if is_unicode { 2 } else { 1 };
                    let code = read_text(record.data, 2, length_bytes, self.text_form);
                    if let (Some(key), Some(code)) = (u16_at(record.data, 0), code) {
                        formats.add(key, &code);
                    }
                }
                records::EXTENDED_FORMAT => {
                    let key = u16_at(record.data, 2).unwrap_or(0);
                    formats.of_styles.push(key);
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
        Err(self.broken("it is cut short"))
    }

    fn add_sheet(&mut self, data: &[u8]) {
        let (Some(position), Some(&state), Some(&kind)) =
            (u32_at(data, 0), data.get(4), data.get(5))
        else {
            return;
        };
        // Charts, macro sheets and Visual Basic modules are no worksheets.
        if kind != 0 || self.sheets.len() >= MAXIMUM_SHEETS {
            return;
        }
        let title = read_text(data, 6, 1, self.text_form).unwrap_or_default();
        let visibility = Visibility::of_number(u32::from(state & 3));
        self.list.sheets.push(SheetInfo::new(title, visibility));
        self.sheets.push(LegacySheet {
            position: position as usize,
            flags: 0,
            merged: Vec::new(),
        });
    }

    fn read_shared_strings(&mut self, pieces: Vec<&[u8]>) {
        let mut arena = TextArena::new();
        let mut reader = SharedStringReader::new(pieces);
        let mut text = String::new();
        while reader.next_text(&mut text).is_some() {
            self.shared_cells
                .push(SheetCell::shared_text(&text, &mut arena));
        }
        arena.finish();
        self.shared_text = Arc::new(arena);
    }

    /// Reads the flags and merged ranges of each sheet, which follow its cells.
    fn look_into_sheets(&mut self) {
        // Sheets follow each other in the stream. If they overlap, the file is malicious, and the search ends here.
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
                    records::WINDOW_2 => flags = u16_at(record.data, 0).unwrap_or(0),
                    records::MERGED_CELLS => {
                        let count = u16_at(record.data, 0).unwrap_or(0);
                        let ranges = record.data.get(2..).unwrap_or_default().chunks_exact(8);
                        merged.extend(ranges.take(count.into()).filter_map(merged_range));
                    }
                    _ => {}
                }
            }
            self.sheets[index].flags = flags;
            self.sheets[index].merged = merged;
        }
    }

    /// Returns the records of a sheet up to its end.
    pub(super) fn sheet_records(&self, sheet: usize) -> SheetRecords<'_> {
        SheetRecords::at(&self.stream, self.sheets[sheet].position)
    }
}

/// Reads a merged range. Returns `None` if no sheet can have it.
fn merged_range(data: &[u8]) -> Option<MergedRange> {
    let at = |place: usize| u16_at(data, place).map(u32::from);
    let range = MergedRange {
        first_row: at(0)?,
        last_row: at(2)?,
        first_column: at(4)?,
        last_column: at(6)?,
    };
    let is_one = (range.first_row..).contains(&range.last_row)
        && (range.first_column..MAX_SHEET_COLUMNS.into()).contains(&range.last_column);
    is_one.then_some(range)
}

/// The number formats of a workbook by their keys, and the keys of its styles.
#[derive(Default)]
struct Formats {
    /// The same as [`ReadOptions::as_shown`](crate::read::ReadOptions::as_shown).
    as_shown: bool,
    kinds: HashMap<u16, NumberKind>,
    zeros: Vec<ZeroFormat>,
    zeros_of: HashMap<u16, u16>,
    of_styles: Vec<u16>,
}

impl Formats {
    fn add(&mut self, key: u16, code: &str) {
        self.kinds
            .insert(key, self.kind(is_date_format(code), || shown_kind_of(code)));
        if let (Some(format), Ok(number)) =
            (ZeroFormat::of_format(code), u16::try_from(self.zeros.len()))
        {
            self.zeros.push(format);
            self.zeros_of.insert(key, number);
        }
    }

    /// Returns the kind of number in each style.
    fn kinds(&self) -> Vec<NumberKind> {
        let built_in = |key: u16| {
            let shown = || shown_kind_of_built_in(key.into());
            self.kind(is_built_in_date(key), shown)
        };
        let kind = |key: &u16| {
            self.kinds
                .get(key)
                .copied()
                .unwrap_or_else(|| built_in(*key))
        };
        self.of_styles.iter().map(kind).collect()
    }

    /// Returns the kind of number in a format. The older engine treated all moments as dates.
    fn kind(&self, is_date: bool, shown: impl FnOnce() -> NumberKind) -> NumberKind {
        match is_date {
            false => NumberKind::Number,
            true if !self.as_shown => NumberKind::Date,
            // Some formats are dates only in old workbooks.
            true => Some(shown())
                .filter(|kind| *kind != NumberKind::Number)
                .unwrap_or(NumberKind::Date),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn other_files_are_named() {
        for (bytes, words) in [
            (&b"PK\x03\x04rest"[..], "rename it to .xlsx"), (b"<html>", "web page"),
            (b"a,b\n1,2\n", "rename it to .csv"), (b"\x09\x04\x06\x00\x00\x00", "older Excel"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "damaged"), (b"\x00\x01", "its format is unknown"),
        ] {
            let error = LegacyWorkbook::from_bytes("a.xls", bytes.to_vec(), false)
                .unwrap_err()
                .to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
