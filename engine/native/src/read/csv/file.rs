//! Opens a file of separated text, and scans it as a sheet.

use std::fs::File;
use std::sync::Arc;

use super::careful::{self, Repairs};
use super::decode::{Charset, Utf8Blocks};
use super::detect;
use super::parser::{Parser, Rows};
use crate::cells::{
    CellTag, DeclaredExtent, MAX_SHEET_COLUMNS, MergedRange, ScanLimits, ScanStep, Sheet,
    SheetBuilder, TextArena,
};
use crate::error::{Result, SourceError};
use crate::progress::ScanWatch;
use crate::read::sheets::{CsvDetection, SheetList, Sheets, stem};
use crate::read::{ReadOptions, foreign};

/// The maximum size of a text that is read at once; larger texts follow the rules alone.
const MAX_WHOLE_TEXT_BYTES: usize = 1 << 28;
const ROWS_OF_A_TICK: usize = 1024;
/// The minimum and maximum number of rows above the last one whose values its last value is compared with.
const MIN_ROWS_COMPARED: usize = 3;
const MAX_ROWS_COMPARED: usize = 1000;
/// The minimum length of similar values; shorter ones are similar by chance.
const MIN_ALIKE_BYTES: usize = 5;

/// A file of separated text. Its encoding and delimiter are known, and its text can be decoded.
#[derive(Debug)]
pub struct CsvFile {
    path: String,
    list: SheetList,
    charset: Charset,
    delimiter: u8,
    quote: u8,
    /// The number of lines to skip: some programs write `sep=;` first.
    skip_lines: usize,
    /// True if the encoding, or in the next field the delimiter, was detected.
    guessed_charset: bool,
    guessed_delimiter: bool,
}

impl CsvFile {
    /// Opens a file, detects the encoding and delimiter if the settings ask for it, and checks that the whole file can be
    /// decoded.
    ///
    /// # Errors
    /// If the file cannot be read or decoded, or a setting names no encoding or delimiter.
    pub fn open(path: &str, options: &ReadOptions) -> Result<Self> {
        let charset = match detect::is_auto(&options.csv_encoding) {
            true => detect::charset(path)?,
            false => Charset::named(&options.csv_encoding)?,
        };
        let mut file = Self {
            path: path.to_owned(),
            list: SheetList::of_one(stem(path)),
            charset,
            delimiter: b',',
            quote: b'"',
            skip_lines: 0,
            guessed_charset: detect::is_auto(&options.csv_encoding),
            guessed_delimiter: detect::is_auto(&options.csv_delimiter),
        };
        let start = file.decode_all().map_err(|error| recognised(path, error))?;
        if detect::is_auto(&options.csv_delimiter) {
            let found = detect::delimiter(&start);
            (file.delimiter, file.quote) = (found.delimiter, found.quote);
            file.skip_lines = usize::from(found.is_declared);
        } else {
            file.delimiter = detect::named_delimiter(&options.csv_delimiter)?;
        }
        Ok(file)
    }

    /// Decodes the whole file. Returns the start of its text.
    fn decode_all(&self) -> Result<Vec<u8>> {
        let mut blocks = self.blocks()?;
        let mut start = Vec::new();
        while let Some(block) = blocks.next_block()? {
            if start.len() < detect::SAMPLE_BYTES {
                start.extend_from_slice(block);
            }
        }
        Ok(start)
    }

    /// Returns the whole text, or `None` if it is too long to be read at once.
    fn text(&self) -> Result<Option<Vec<u8>>> {
        let (mut blocks, mut text) = (self.blocks()?, Vec::new());
        while let Some(block) = blocks.next_block()? {
            if text.len() + block.len() > MAX_WHOLE_TEXT_BYTES {
                return Ok(None);
            }
            text.extend_from_slice(block);
        }
        Ok(Some(text))
    }

    fn blocks(&self) -> Result<Utf8Blocks<File>> {
        Utf8Blocks::open(&self.path, self.charset)
    }
}

/// Adds the kind of the file to a decoding error, if it is known.
fn recognised(path: &str, mut failure: SourceError) -> SourceError {
    if let SourceError::Undecodable { hint, .. } = &mut failure
        && let Ok(start) = detect::start_of(path)
    {
        *hint = foreign::instead_of_text(&start);
    }
    failure
}

impl Sheets for CsvFile {
    fn list(&self) -> &SheetList {
        &self.list
    }

    fn heap_bytes(&self) -> usize {
        0
    }

    /// If the delimiter was detected, a text with irregular rows is read carefully.
    fn scan(&self, _: usize, limits: ScanLimits, watch: &ScanWatch) -> Result<Sheet> {
        let mut rows = SheetRows::new(self, limits, watch);
        let mut parser = Parser::with_quote(self.delimiter, self.quote);
        let mut blocks = self.blocks()?;
        let mut quotes = 0;
        while let Some(block) = blocks.next_block()? {
            quotes += memchr::memchr_iter(b'"', block).count();
            parser.feed(block, &mut rows)?;
            watch.tick(rows.builder.rows_seen())?;
        }
        let is_open = parser.is_within_record();
        parser.finish(&mut rows)?;
        let misfits = rows.has_lines_within_quotes
            || quotes > parser.quotes()
            || !rows.builder.separated().quotes.is_empty()
            || self.delimiter == b',' && rows.builder.separated().is_uneven();
        if self.guessed_delimiter
            && self.quote == b'"'
            && (misfits || rows.builder.separated().differ())
            && let Some(text) = self.text()?
        {
            let parts = detect::two_parts(&text).filter(|(first, ..)| *first == self.delimiter);
            if let Some((_, start, other)) = parts {
                rows = SheetRows::new(self, limits, watch);
                let (above, below) = text.split_at(start);
                careful::read(above, self.delimiter, &mut rows)?;
                rows.builder.separated().other_part = Some((rows.line as u32, other));
                careful::read(below, other, &mut rows)?;
            } else if misfits {
                rows = SheetRows::new(self, limits, watch);
                careful::read(&text, self.delimiter, &mut rows)?;
            }
        }
        rows.builder.separated().has_single_quotes = self.quote == b'\'';
        rows.builder.separated().is_cut = is_open && rows.builder.separated().ends_short();
        if rows.last_with_cells.is_none() && rows.line > 0 {
            // A file of nothing but empty lines is a sheet of one empty row.
            rows.builder.end_row(0)?;
        }
        let last = rows.last_with_cells;
        let mut sheet = (rows.builder).finish(last.map(|row| DeclaredExtent::of_rows(row + 1)));
        if is_open && last.is_some_and(|last| ends_within_value(&sheet, last)) {
            sheet.separated().is_cut = true;
        }
        Ok(sheet)
    }

    fn merged_ranges(&self, _: usize) -> Result<Vec<MergedRange>> {
        Ok(Vec::new())
    }

    fn detected(&self) -> Option<CsvDetection> {
        (self.guessed_charset || self.guessed_delimiter).then(|| CsvDetection {
            encoding: self.charset.title(),
            delimiter: self.delimiter,
            is_unusual: self.guessed_charset && self.charset != Charset::Utf8
                || self.guessed_delimiter && ![b',', detect::NONE].contains(&self.delimiter),
        })
    }
}

/// Returns whether the last value of the last row is shorter than all values above it, and these are similar: equally long,
/// with letters and digits at the same positions, or with equally many decimals.
fn ends_within_value(sheet: &Sheet, last: usize) -> bool {
    let column = sheet.row_width(last).saturating_sub(1);
    let text = |row: usize| {
        let cell = sheet.cell(row, column);
        (cell.tag == CellTag::Text).then(|| sheet.text(cell.as_text()))
    };
    // The first row is the header.
    let above = last.saturating_sub(MAX_ROWS_COMPARED).max(1)..last;
    if above.len() < MIN_ROWS_COMPARED
        || above.clone().any(|row| sheet.row_width(row) != column + 1)
    {
        return false;
    }
    let (Some(own), Some(above)) = (text(last), above.map(text).collect::<Option<Vec<_>>>()) else {
        return false;
    };
    let decimals = |text: &str| match text.rsplit_once(['.', ',']) {
        Some((_, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.len(),
        _ => 0,
    };
    let pattern = |text: &str| -> Vec<u8> {
        let kind = |byte: u8| match byte {
            b'0'..=b'9' => b'9',
            b'a'..=b'z' | b'A'..=b'Z' => b'a',
            other => other,
        };
        text.bytes().map(kind).collect()
    };
    let (usual, whole) = (decimals(above[0]), pattern(above[0]));
    let is_amount = own.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    usual > 0
        && is_amount
        && decimals(own) < usual
        && above.iter().all(|text| decimals(text) == usual)
        || whole.len() >= MIN_ALIKE_BYTES
            && own.len() < whole.len()
            && whole.starts_with(&pattern(own))
            && above.iter().all(|text| pattern(text) == whole)
}

struct SheetRows<'a> {
    watch: &'a ScanWatch,
    builder: SheetBuilder,
    column: usize,
    line: usize,
    skip: usize,
    last_with_cells: Option<usize>,
    stopped: bool,
    has_lines_within_quotes: bool,
}

impl<'a> SheetRows<'a> {
    fn new(file: &CsvFile, limits: ScanLimits, watch: &'a ScanWatch) -> Self {
        Self {
            watch,
            builder: SheetBuilder::new(
                &file.list.sheets[0].title,
                limits,
                Arc::new(TextArena::new()),
            ),
            column: 0,
            line: 0,
            skip: file.skip_lines,
            last_with_cells: None,
            stopped: false,
            has_lines_within_quotes: false,
        }
    }
}

impl Repairs for SheetRows<'_> {
    fn quotes_were_letters(&mut self) {
        self.builder.separated().quotes_are_letters = true;
        self.quotes_are_broken();
    }

    fn was_joined(&mut self, fields: usize) {
        let row = self.line as u32;
        self.builder.separated().joined.push((row, fields as u32));
    }

    fn has_backslashes(&mut self) {
        self.builder.separated().has_backslashes = true;
    }
}

impl Rows for SheetRows<'_> {
    #[inline]
    fn field(&mut self, field: &[u8]) -> Result<()> {
        if !self.stopped && self.skip == 0 {
            if self.column >= MAX_SHEET_COLUMNS {
                return Err(SourceError::BeyondLimits {
                    sheet: "text".to_owned(),
                    reason: format!(
                        "line {} has more than {MAX_SHEET_COLUMNS} cells; check the setting csv_delimiter",
                        self.line + 1
                    ),
                });
            }
            // Blocks are cut between characters and every delimiter is one byte, so a field is valid UTF-8.
            let text = std::str::from_utf8(field).unwrap_or_default();
            let cell = self.builder.text_cell(text);
            self.builder.push(self.column, cell);
        }
        self.column += 1;
        Ok(())
    }

    fn quotes_are_broken(&mut self) {
        let row = self.line as u32;
        self.builder.separated().quotes.push(row);
    }

    fn has_lines_within_quotes(&mut self) {
        self.has_lines_within_quotes = true;
    }

    fn end_record(&mut self) -> Result<()> {
        if self.line.is_multiple_of(ROWS_OF_A_TICK) {
            self.watch.tick(self.builder.rows_seen())?;
        }
        if self.skip > 0 {
            self.skip -= 1;
            self.column = 0;
            return Ok(());
        }
        // An empty line is a row without cells. It counts only if another line follows.
        if self.column > 0 {
            self.last_with_cells = Some(self.line);
            self.builder.separated().note(self.line, self.column);
            if !self.stopped {
                self.stopped = self.builder.end_row(self.line)? == ScanStep::No;
            }
        }
        self.line += 1;
        self.column = 0;
        Ok(())
    }
}
