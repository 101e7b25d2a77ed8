//! Parses the fields and records of separated text, by the rules of Python's `csv` module.

use crate::error::Result;

/// Takes fields and the ends of records.
pub trait Rows {
    fn field(&mut self, field: &[u8]) -> Result<()>;
    fn end_record(&mut self) -> Result<()>;
    /// Reports that text follows a closing quote of the record, or that the text ends within quotes.
    fn quotes_are_broken(&mut self) {}
    /// Reports that a cell of the record has line breaks within its quotes.
    fn has_lines_within_quotes(&mut self) {}
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CsvParserState {
    StartRecord,
    StartField,
    InField,
    InQuotedField,
    QuoteInQuotedField,
    /// After a carriage return that ended a record: a following line feed belongs to it.
    AfterReturn,
}

/// The state machine of Python's `csv` module for its default dialect.
pub struct Parser {
    delimiter: u8,
    quote: u8,
    state: CsvParserState,
    field: Vec<u8>,
    quotes: usize,
}

impl Parser {
    /// Starts at the beginning of a text, with double quotes.
    pub fn new(delimiter: u8) -> Self {
        Self::with_quote(delimiter, b'"')
    }

    /// Starts at the beginning of a text with another quote.
    pub fn with_quote(delimiter: u8, quote: u8) -> Self {
        Self {
            delimiter,
            quote,
            state: CsvParserState::StartRecord,
            field: Vec::new(),
            quotes: 0,
        }
    }

    /// Parses the next block, which may end anywhere.
    ///
    /// # Errors
    /// The errors of `rows`.
    pub fn feed(&mut self, block: &[u8], rows: &mut impl Rows) -> Result<()> {
        let mut at = 0;
        while at < block.len() {
            let byte = block[at];
            match self.state {
                CsvParserState::AfterReturn => {
                    self.state = CsvParserState::StartRecord;
                    if byte == b'\n' {
                        at += 1;
                    }
                }
                CsvParserState::StartRecord if byte == b'\n' || byte == b'\r' => {
                    at += 1;
                    self.end_record(byte, rows)?;
                }
                CsvParserState::StartRecord => self.state = CsvParserState::StartField,
                CsvParserState::StartField if byte == self.quote => {
                    at += 1;
                    self.quotes += 1;
                    self.state = CsvParserState::InQuotedField;
                }
                // Programs that write single quotes put blanks in front of them, too.
                CsvParserState::StartField if self.quote == b'\'' && byte == b' ' => at += 1,
                CsvParserState::StartField | CsvParserState::InField => {
                    let rest = &block[at..];
                    let end = memchr::memchr3(self.delimiter, b'\n', b'\r', rest);
                    let run = &rest[..end.unwrap_or(rest.len())];
                    at += run.len();
                    let Some(end) = end else {
                        self.field.extend_from_slice(run);
                        self.state = CsvParserState::InField;
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
                CsvParserState::InQuotedField => {
                    let rest = &block[at..];
                    let end = memchr::memchr(self.quote, rest);
                    let run = &rest[..end.unwrap_or(rest.len())];
                    if memchr::memchr2(b'\n', b'\r', run).is_some() {
                        rows.has_lines_within_quotes();
                    }
                    self.field.extend_from_slice(run);
                    at += run.len();
                    if end.is_none() {
                        continue;
                    }
                    at += 1;
                    self.quotes += 1;
                    match self.field.last_mut() {
                        Some(last) if self.quote == b'\'' && *last == b'\\' => *last = b'\'',
                        _ => self.state = CsvParserState::QuoteInQuotedField,
                    }
                }
                CsvParserState::QuoteInQuotedField => {
                    at += 1;
                    if byte == self.quote {
                        self.quotes += 1;
                        self.field.push(byte);
                        self.state = CsvParserState::InQuotedField;
                    } else if byte == self.delimiter || byte == b'\n' || byte == b'\r' {
                        self.end_field(rows)?;
                        self.after_field(byte, rows)?;
                    } else {
                        // Text after a closing quote continues as an unquoted field, including its quotes.
                        rows.quotes_are_broken();
                        self.field.push(byte);
                        self.state = CsvParserState::InField;
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the number of quotes around cells and of doubled quotes in them. Quotes within plain cells are letters.
    pub fn quotes(&self) -> usize {
        self.quotes
    }

    /// Returns whether the text so far ends within a record, without a line break.
    pub fn is_within_record(&self) -> bool {
        !matches!(
            self.state,
            CsvParserState::StartRecord | CsvParserState::AfterReturn
        )
    }

    /// Ends the text, and with it an open record.
    ///
    /// # Errors
    /// The errors of `rows`.
    pub fn finish(&mut self, rows: &mut impl Rows) -> Result<()> {
        if self.state == CsvParserState::InQuotedField {
            rows.quotes_are_broken();
        }
        if self.is_within_record() {
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
            self.state = CsvParserState::StartField;
            Ok(())
        } else {
            self.end_record(separator, rows)
        }
    }

    fn end_record(&mut self, line_end: u8, rows: &mut impl Rows) -> Result<()> {
        self.state = if line_end == b'\r' {
            CsvParserState::AfterReturn
        } else {
            CsvParserState::StartRecord
        };
        rows.end_record()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct CollectedRecords {
        done: Vec<Vec<String>>,
        open: Vec<String>,
    }

    impl Rows for CollectedRecords {
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
        let mut rows = CollectedRecords::default();
        let mut parser = Parser::new(b',');
        for piece in text.as_bytes().chunks(block) {
            parser.feed(piece, &mut rows).unwrap();
        }
        parser.finish(&mut rows).unwrap();
        rows.done
    }

    #[rustfmt::skip]
    #[test]
    fn records_are_those_of_pythons_csv_module() {
        for (text, expected) in [
            ("", vec![]), ("a", vec![vec!["a"]]), ("a,b\n", vec![vec!["a", "b"]]),
            ("a,b\r\nc\rd\n\ne", vec![vec!["a", "b"], vec!["c"], vec!["d"], vec![], vec!["e"]]),
            ("\r\n\r\r\n", vec![vec![], vec![], vec![]]), (",", vec![vec!["", ""]]),
            ("\"a,\"\"b\"\"\nc\",d", vec![vec!["a,\"b\"\nc", "d"]]), ("\"a\"b\"c\",d", vec![vec!["ab\"c\"", "d"]]),
            ("a\"b\"c,\" \"", vec![vec!["a\"b\"c", " "]]), ("\"open\nline", vec![vec!["open\nline"]]),
            ("\"\"", vec![vec![""]]), ("a,\"\"\r\n", vec![vec!["a", ""]]),
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
