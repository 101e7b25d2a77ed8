//! Reading separated text with the semantics of Python's `csv` module: every cell is text.
//!
//! By default commas separate and the text is UTF-8, with or without a byte order mark; nothing is guessed. The
//! settings `csv_encoding` and `csv_delimiter` may name others, or ask for detection (see [`detect`]).

pub mod decode;
pub mod detect;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use self::decode::{Charset, Utf8Blocks};
use crate::error::{Result, SourceError};
use crate::progress::Watch;
use crate::store::builder::{Continue, MAXIMUM_COLUMNS, ScanLimits, SheetBuilder};
use crate::store::{DeclaredExtent, Sheet, TextArena};

/// Characters that no sheet title may have.
const ILLEGAL_IN_TITLES: [char; 7] = ['\\', '*', '?', ':', '/', '[', ']'];

/// What the settings say about separated text, in the user's words.
#[derive(Debug, Clone)]
pub struct CsvOptions {
    pub encoding: String,
    pub delimiter: String,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            encoding: "utf-8".to_owned(),
            delimiter: ",".to_owned(),
        }
    }
}

/// A file of separated text whose encoding and delimiter are settled and whose text can be decoded.
#[derive(Debug)]
pub struct CsvFile {
    path: String,
    title: String,
    charset: Charset,
    delimiter: u8,
    /// Lines to pass over: the `sep=;` that some programs write first.
    skip_lines: usize,
}

impl CsvFile {
    /// Opens a file, settles what is to be detected, and makes sure that all of it can be decoded.
    pub fn open(path: &str, options: &CsvOptions) -> Result<Self> {
        let title = Path::new(path)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        if let Some(character) = title
            .chars()
            .find(|character| ILLEGAL_IN_TITLES.contains(character))
        {
            return Err(SourceError::BadTitle { title, character });
        }
        let charset = match detect::is_auto(&options.encoding) {
            true => detect::charset(path)?,
            false => Charset::named(&options.encoding)?,
        };
        let mut file = Self {
            path: path.to_owned(),
            title,
            charset,
            delimiter: b',',
            skip_lines: 0,
        };
        let mut blocks = file.blocks()?;
        let mut start = Vec::new();
        while let Some(block) = blocks.next_block()? {
            if start.len() < detect::SAMPLE_BYTES {
                start.extend_from_slice(block);
            }
        }
        if detect::is_auto(&options.delimiter) {
            let found = detect::delimiter(&start);
            file.delimiter = found.delimiter;
            file.skip_lines = usize::from(found.is_declared);
        } else {
            file.delimiter = detect::named_delimiter(&options.delimiter)?;
        }
        Ok(file)
    }

    /// The file's stem, which names its one sheet.
    pub fn title(&self) -> &str {
        &self.title
    }

    fn blocks(&self) -> Result<Utf8Blocks<File>> {
        let file = File::open(&self.path).map_err(|error| SourceError::io(&self.path, &error))?;
        Ok(Utf8Blocks::new(file, &self.path, self.charset))
    }
}

/// Scans the file as a sheet.
pub fn scan(file: &CsvFile, limits: ScanLimits, watch: &Watch) -> Result<Sheet> {
    let mut rows = SheetRows {
        builder: SheetBuilder::new(&file.title, limits, Arc::new(TextArena::new())),
        column: 0,
        line: 0,
        skip: file.skip_lines,
        last_with_cells: None,
        stopped: false,
    };
    let mut parser = Parser::new(file.delimiter);
    let mut blocks = file.blocks()?;
    while let Some(block) = blocks.next_block()? {
        parser.feed(block, &mut rows)?;
        watch.tick(rows.builder.rows_seen())?;
    }
    parser.finish(&mut rows)?;
    if rows.last_with_cells.is_none() && rows.line > 0 {
        // Nothing but empty lines: a sheet of one empty row.
        rows.builder.end_row(0)?;
    }
    Ok(rows.builder.finish(
        rows.last_with_cells
            .map(|row| DeclaredExtent::of_rows(row + 1)),
    ))
}

/// Takes fields and the ends of records.
trait Rows {
    fn field(&mut self, field: &[u8]) -> Result<()>;
    fn end_record(&mut self) -> Result<()>;
}

struct SheetRows {
    builder: SheetBuilder,
    column: usize,
    line: usize,
    skip: usize,
    last_with_cells: Option<usize>,
    stopped: bool,
}

impl Rows for SheetRows {
    #[inline]
    fn field(&mut self, field: &[u8]) -> Result<()> {
        if !self.stopped && self.skip == 0 {
            if self.column >= MAXIMUM_COLUMNS {
                return Err(SourceError::BeyondLimits {
                    sheet: "text".to_owned(),
                    reason: format!(
                        "line {} has more than {MAXIMUM_COLUMNS} fields",
                        self.line + 1
                    ),
                });
            }
            // Blocks are cut between characters and every delimiter is one byte, so a field is whole text.
            let text = std::str::from_utf8(field).unwrap_or_default();
            let cell = self.builder.text_cell(text);
            self.builder.push(self.column, cell);
        }
        self.column += 1;
        Ok(())
    }

    fn end_record(&mut self) -> Result<()> {
        if self.skip > 0 {
            self.skip -= 1;
            self.column = 0;
            return Ok(());
        }
        // An empty line is a row without cells; it counts only when another one follows.
        if self.column > 0 {
            self.last_with_cells = Some(self.line);
            if !self.stopped {
                self.stopped = self.builder.end_row(self.line)? == Continue::No;
            }
        }
        self.line += 1;
        self.column = 0;
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    StartField,
    InField,
    InQuotedField,
    QuoteInQuotedField,
    /// Behind a carriage return that ended a record: a line feed belongs to it.
    AfterReturn,
}

/// The state machine of Python's `csv` module for its default dialect.
struct Parser {
    delimiter: u8,
    state: State,
    field: Vec<u8>,
}

impl Parser {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::StartRecord,
            field: Vec::new(),
        }
    }

    fn feed(&mut self, block: &[u8], rows: &mut impl Rows) -> Result<()> {
        let mut at = 0;
        while at < block.len() {
            let byte = block[at];
            match self.state {
                State::AfterReturn => {
                    self.state = State::StartRecord;
                    if byte == b'\n' {
                        at += 1;
                    }
                }
                State::StartRecord if byte == b'\n' || byte == b'\r' => {
                    at += 1;
                    self.end_record(byte, rows)?;
                }
                State::StartRecord => self.state = State::StartField,
                State::StartField if byte == b'"' => {
                    at += 1;
                    self.state = State::InQuotedField;
                }
                State::StartField | State::InField => {
                    let rest = &block[at..];
                    let end = memchr::memchr3(self.delimiter, b'\n', b'\r', rest);
                    let run = &rest[..end.unwrap_or(rest.len())];
                    at += run.len();
                    let Some(end) = end else {
                        self.field.extend_from_slice(run);
                        self.state = State::InField;
                        continue;
                    };
                    if self.field.is_empty() {
                        rows.field(run)?;
                    } else {
                        self.field.extend_from_slice(run);
                        self.end_field(rows)?;
                    }
                    at += 1;
                    self.after_field(rest[end], rows)?;
                }
                State::InQuotedField => {
                    let rest = &block[at..];
                    let end = memchr::memchr(b'"', rest);
                    let run = &rest[..end.unwrap_or(rest.len())];
                    self.field.extend_from_slice(run);
                    at += run.len();
                    if end.is_some() {
                        at += 1;
                        self.state = State::QuoteInQuotedField;
                    }
                }
                State::QuoteInQuotedField => {
                    at += 1;
                    if byte == b'"' {
                        self.field.push(b'"');
                        self.state = State::InQuotedField;
                    } else if byte == self.delimiter || byte == b'\n' || byte == b'\r' {
                        self.end_field(rows)?;
                        self.after_field(byte, rows)?;
                    } else {
                        // Text behind a closing quote goes on as an unquoted field, quotes and all.
                        self.field.push(byte);
                        self.state = State::InField;
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, rows: &mut impl Rows) -> Result<()> {
        if !matches!(self.state, State::StartRecord | State::AfterReturn) {
            self.end_field(rows)?;
            rows.end_record()?;
        }
        Ok(())
    }

    fn end_field(&mut self, rows: &mut impl Rows) -> Result<()> {
        rows.field(&self.field)?;
        self.field.clear();
        Ok(())
    }

    fn after_field(&mut self, separator: u8, rows: &mut impl Rows) -> Result<()> {
        if separator == self.delimiter {
            self.state = State::StartField;
            Ok(())
        } else {
            self.end_record(separator, rows)
        }
    }

    fn end_record(&mut self, line_end: u8, rows: &mut impl Rows) -> Result<()> {
        self.state = if line_end == b'\r' {
            State::AfterReturn
        } else {
            State::StartRecord
        };
        rows.end_record()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Collected {
        done: Vec<Vec<String>>,
        open: Vec<String>,
    }

    impl Rows for Collected {
        fn field(&mut self, field: &[u8]) -> Result<()> {
            self.open.push(String::from_utf8_lossy(field).into_owned());
            Ok(())
        }

        fn end_record(&mut self) -> Result<()> {
            self.done.push(std::mem::take(&mut self.open));
            Ok(())
        }
    }

    fn parse(text: &str, block: usize) -> Vec<Vec<String>> {
        let mut rows = Collected::default();
        let mut parser = Parser::new(b',');
        for piece in text.as_bytes().chunks(block) {
            parser.feed(piece, &mut rows).unwrap();
        }
        parser.finish(&mut rows).unwrap();
        rows.done
    }

    #[test]
    fn records_are_those_of_pythons_csv_module() {
        for (text, expected) in [
            ("", vec![]),
            ("a", vec![vec!["a"]]),
            ("a,b\n", vec![vec!["a", "b"]]),
            (
                "a,b\r\nc\rd\n\ne",
                vec![vec!["a", "b"], vec!["c"], vec!["d"], vec![], vec!["e"]],
            ),
            ("\r\n\r\r\n", vec![vec![], vec![], vec![]]),
            (",", vec![vec!["", ""]]),
            ("\"a,\"\"b\"\"\nc\",d", vec![vec!["a,\"b\"\nc", "d"]]),
            ("\"a\"b\"c\",d", vec![vec!["ab\"c\"", "d"]]),
            ("a\"b\"c,\" \"", vec![vec!["a\"b\"c", " "]]),
            ("\"open\nline", vec![vec!["open\nline"]]),
            ("\"\"", vec![vec![""]]),
            ("a,\"\"\r\n", vec![vec!["a", ""]]),
        ] {
            for block in [1, 2, 3, 1000] {
                assert_eq!(
                    parse(text, block),
                    expected,
                    "{text:?} in blocks of {block}"
                );
            }
        }
    }
}
