//! Detects the encoding and the delimiter of separated text, if the settings ask for it.

use std::fs::File;
use std::io::Read;

use super::decode::{Charset, Utf8Blocks};
use super::guess;
use super::parser::{Parser, Rows};
use crate::error::{Result, SourceError};
use crate::read::foreign;

/// The maximum size of the text sample for detecting the delimiter.
pub const SAMPLE_BYTES: usize = 1 << 16;
/// The number of bytes of a file for detecting the encoding.
const START_BYTES: u64 = 4096;
/// The delimiter of a text with a single column: the unit separator of ASCII, which occurs in no text.
pub const NONE: u8 = 0x1F;
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rare delimiters, which are accepted only if all records agree.
const RARE: [u8; 2] = [b'^', b'~'];
const SAMPLE_RECORDS: usize = 200;

/// Returns whether a setting asks for detection.
pub fn is_auto(setting: &str) -> bool {
    setting.trim().eq_ignore_ascii_case("auto")
}

/// Detects the encoding of a file: by its byte order mark; UTF-16 by its zeros; UTF-8 if the whole file is valid; otherwise by
/// its letters, mostly as Windows-1252, which Western European systems write. A workbook is no text in any encoding: the result
/// is UTF-8, and decoding it fails.
///
/// # Errors
/// If the file cannot be read.
pub fn charset(path: &str) -> Result<Charset> {
    let start = start_of(path)?;
    if foreign::instead_of_text(&start).is_some() {
        return Ok(Charset::Utf8);
    }
    if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
        return Ok(Charset::Utf16);
    }
    // Without a byte order mark, about every second byte of UTF-16 is zero.
    let zeros = |from: usize| {
        start
            .iter()
            .skip(from)
            .step_by(2)
            .filter(|&&byte| byte == 0)
            .count()
    };
    if start.len() >= 8 && zeros(1) * 5 > start.len() * 2 {
        return Ok(Charset::Utf16);
    }
    if start.len() >= 8 && zeros(0) * 5 > start.len() * 2 {
        return Ok(Charset::Other(encoding_rs::UTF_16BE));
    }
    Ok(match Utf8Blocks::decodes(path, Charset::Utf8)? {
        true => Charset::Utf8,
        false => Charset::Other(guess::encoding_of(path)?),
    })
}

/// Returns the first bytes of a file.
///
/// # Errors
/// If the file cannot be read.
pub fn start_of(path: &str) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(START_BYTES).read_to_end(&mut start))
        .map_err(SourceError::io(path))?;
    Ok(start)
}

/// Returns the delimiter that a setting names.
///
/// # Errors
/// If the setting names no delimiter.
pub fn named_delimiter(setting: &str) -> Result<u8> {
    let named = match setting.trim().to_ascii_lowercase().as_str() {
        "comma" => Some(b','),
        "semicolon" => Some(b';'),
        "tab" | "\\t" => Some(b'\t'),
        "pipe" => Some(b'|'),
        "space" => Some(b' '),
        "colon" => Some(b':'),
        _ => None,
    };
    match (named, setting.as_bytes()) {
        (Some(delimiter), _) => Ok(delimiter),
        (None, &[delimiter])
            if delimiter.is_ascii() && !matches!(delimiter, b'"' | b'\n' | b'\r' | 0) =>
        {
            Ok(delimiter)
        }
        _ => Err(SourceError::BadOption {
            reason: format!(
                "csv_delimiter: {setting:?} is neither one plain character nor auto, comma, semicolon, tab or pipe"
            ),
        }),
    }
}

/// The delimiter and quote of a text.
#[derive(Debug, PartialEq, Eq)]
pub struct CsvDialect {
    pub delimiter: u8,
    /// The quote around cells: a double or a single one.
    pub quote: u8,
    /// True if the first line is `sep=` with the delimiter, and so no data.
    pub is_declared: bool,
}

/// Returns the delimiter that makes the records at the start of a text most regular.
pub fn delimiter(start: &[u8]) -> CsvDialect {
    let first_line = start
        .split(|&byte| byte == b'\n' || byte == b'\r')
        .next()
        .unwrap_or_default();
    if let Some(&[delimiter]) = first_line.strip_prefix(b"sep=")
        && delimiter.is_ascii()
        && delimiter != b'"'
    {
        return CsvDialect {
            delimiter,
            quote: b'"',
            is_declared: true,
        };
    }
    if let Some(delimiter) = parted_within_single_quotes(start) {
        return CsvDialect {
            delimiter,
            quote: b'\'',
            is_declared: false,
        };
    }
    if let Some((delimiter, ..)) = two_parts(start) {
        return CsvDialect {
            delimiter,
            quote: b'"',
            is_declared: false,
        };
    }
    let commas = Commas::from_text(start);
    // Commas between digits are decimal marks if another delimiter splits most records.
    let are_decimal = commas.between_digits * 2 > commas.all;
    // A comma before a blank is part of a sentence.
    let are_of_texts = commas.all > 0 && commas.before_blanks == commas.all;
    let mut best = (0.0, NONE, SampleFieldCounts::default());
    for candidate in CANDIDATES {
        let records = SampleFieldCounts::new(start, candidate);
        let are_few = are_decimal && best.1 == b',' && !best.2.agree();
        let are_none = are_of_texts && best.1 == b',' && records.split() == 1.0;
        let score = records.regularity();
        if score > best.0 || are_none || are_few && score > 1.0 && records.split() > 0.6 {
            best = (score, candidate, records);
        }
    }
    for candidate in RARE {
        let records = SampleFieldCounts::new(start, candidate);
        let score = records.regularity();
        if records.split() == 1.0 && records.agree() && records.0.len() > 1 && score > best.0 {
            best = (score, candidate, records);
        }
    }
    CsvDialect {
        delimiter: best.1,
        quote: b'"',
        is_declared: false,
    }
}

/// Returns the delimiter of a text that has single quotes around cells in nearly all of its records, and no double quotes.
fn parted_within_single_quotes(start: &[u8]) -> Option<u8> {
    if memchr::memchr(b'"', start).is_some() || memchr::memchr(b'\'', start).is_none() {
        return None;
    }
    CANDIDATES.into_iter().find(|&delimiter| {
        let mut counts = FieldCounts::default();
        let mut parser = Parser::with_quote(delimiter, b'\'');
        let is_read = parser.feed(start, &mut counts).is_ok();
        let records = counts.records.len();
        // The cells of the header may have no quotes.
        is_read
            && !counts.is_broken
            && records > 1
            && counts
                .records
                .iter()
                .all(|&count| count == counts.records[0])
            && counts.records[0] > 1
            && parser.quotes() >= 2 * (records - 1)
    })
}

/// Finds a second part with another delimiter, as in two exports in one file. Returns the delimiter of the first part, the byte
/// position of the second part, and its delimiter. All lines of the second part must have equally many cells by the new
/// delimiter, and not as many as before by the old one. If values above contain the new delimiter, such as a comma before
/// decimals, the second part must begin with three or more names.
pub fn two_parts(text: &[u8]) -> Option<(u8, usize, u8)> {
    let lines: Vec<&[u8]> = text
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .collect();
    let count = |line: &[u8], sign: u8| memchr::memchr_iter(sign, line).count();
    let agree = |lines: &[&[u8]], sign: u8| {
        let filled = lines.iter().filter(|line| !line.is_empty());
        let counts: Vec<usize> = filled.map(|line| count(line, sign)).collect();
        counts.len() > 1 && counts[0] > 0 && counts.iter().all(|count| *count == counts[0])
    };
    let all = || CANDIDATES.into_iter().chain(RARE);
    all().find_map(|delimiter| {
        let usual = count(lines[0], delimiter);
        let is_cut_alike = |line: &&[u8]| count(line, delimiter) == usual;
        let differs = |line: &&[u8]| !line.is_empty() && !is_cut_alike(line);
        let first = lines.iter().position(differs)?;
        let (above, below) = lines.split_at(first);
        if !agree(above, delimiter) || below.iter().any(is_cut_alike) {
            return None;
        }
        let begins = |other: &u8| {
            let names = below[0].iter().all(|byte| !byte.is_ascii_digit());
            names && count(below[0], *other) > 1 || !above.iter().any(|line| line.contains(other))
        };
        let mut others = all().filter(|&other| other != delimiter);
        let other = others.find(|other| agree(below, *other) && begins(other))?;
        let mut ends = memchr::memchr_iter(b'\n', text);
        Some((delimiter, ends.nth(first - 1)? + 1, other))
    })
}

/// The counts of commas in a text.
#[derive(Default)]
struct Commas {
    all: usize,
    between_digits: usize,
    before_blanks: usize,
}

impl Commas {
    fn from_text(text: &[u8]) -> Self {
        let mut this = Self::default();
        for position in memchr::memchr_iter(b',', text) {
            let (before, behind) = (&text[..position], &text[position + 1..]);
            let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
            this.all += 1;
            this.between_digits += usize::from(is_digit(before.last()) && is_digit(behind.first()));
            this.before_blanks += usize::from(behind.first() == Some(&b' '));
        }
        this
    }
}

/// The number of fields of each record in a sample, without blank records.
#[derive(Default)]
struct SampleFieldCounts(Vec<usize>);

impl SampleFieldCounts {
    fn new(start: &[u8], delimiter: u8) -> Self {
        Self(field_counts(start, delimiter))
    }

    /// Returns the most frequent number of fields above one.
    fn usual(&self) -> Option<usize> {
        let most = *self.0.iter().max()?;
        (2..=most).max_by_key(|fields| self.count(*fields))
    }

    fn count(&self, fields: usize) -> usize {
        self.0.iter().filter(|&&count| count == fields).count()
    }

    /// Returns whether all records have the same number of fields, or there are none.
    fn agree(&self) -> bool {
        self.0.windows(2).all(|two| two[0] == two[1])
    }

    /// Returns the share of records with several fields.
    fn split(&self) -> f64 {
        let split = self.0.iter().filter(|&&count| count > 1).count();
        split as f64 / self.0.len().max(1) as f64
    }

    /// Returns whether enough records have several fields: a single sign in a column of names is no delimiter.
    fn are_parted(&self) -> bool {
        let parted = |count: &usize| *count > 1;
        let in_a_row = self
            .0
            .windows(2)
            .any(|two| two[0] == two[1] && parted(&two[0]));
        self.0.len() < 3
            || self.0.iter().filter(|count| parted(count)).count() > 1
                && (in_a_row || self.split() > 0.25)
    }

    /// Returns how regular the records are: how far they agree on their number of fields, above all if they have several.
    fn regularity(&self) -> f64 {
        let Some(usual) = self.usual().filter(|_| self.are_parted()) else {
            return 0.0;
        };
        let agreeing = self.count(usual) as f64 / self.0.len() as f64;
        // More fields count only if records agree.
        agreeing * 2.0 + self.split() + agreeing * (usual as f64).ln() / 10.0
    }
}

/// Returns the number of fields of each record that is not blank.
fn field_counts(start: &[u8], delimiter: u8) -> Vec<usize> {
    let mut counts = FieldCounts::default();
    let mut parser = Parser::new(delimiter);
    // The sample may end within a record: only whole records count, unless there are none.
    let outcome = parser.feed(start, &mut counts);
    if outcome.is_ok() && counts.records.is_empty() {
        drop(parser.finish(&mut counts));
    }
    let records = counts.records.into_iter().filter(|&count| count > 0);
    records.take(SAMPLE_RECORDS).collect()
}

#[derive(Default)]
struct FieldCounts {
    records: Vec<usize>,
    open: usize,
    is_broken: bool,
}

impl Rows for FieldCounts {
    fn field(&mut self, _: &[u8]) -> Result<()> {
        self.open += 1;
        Ok(())
    }

    fn end_record(&mut self) -> Result<()> {
        self.records.push(std::mem::take(&mut self.open));
        Ok(())
    }

    fn quotes_are_broken(&mut self) {
        self.is_broken = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_found() {
        for (text, delimiter, is_declared) in [
            ("a;b;c\n1,5;2,5;3\n4,5;5;6,25\n", b';', false),
            ("a,b\n\"x;y;z\",2\n\"1;2;3\",4\n", b',', false),
            ("a\tb\n1, 2\t3\n4\t5\n", b'\t', false),
            ("name|note\nx|a, b; c\ny|d\n", b'|', false),
            ("title\na,b,c\n1,2,3\n", b',', false),
            ("sep=;\na;b\n", b';', true),
            ("one column\nonly\n", NONE, false),
            ("", NONE, false),
            // A single sign in a column of texts.
            ("Item\none\ntwo; new\nthree\nfour\n", NONE, false),
            ("Name\nLamp\nDesk, oak\nChair\nBed\nSofa\n", NONE, false),
            ("Name,Age\nLamp,1\nDesk\n", b',', false),
            ("a;b", b';', false),
            // A title with a comma, and rows of different lengths: decimal commas are no delimiters if semicolons are.
            ("May, 2025\n\nname;pay\nx;1,5\ny;2,5\n", b';', false),
            ("a;b;c\n\"x;y\";7,5;1,5;z\nu;8\nv;6,5;3,25;w\n", b';', false),
            ("1,2\n3,4\n", b',', false),
            ("1,2,a;b\n3,4,c;d\n", b',', false),
            ("a^b\n1, old^2\n3^4\n", b'^', false),
            ("a~b\n1,5~2\n3,5~4\n", b'~', false),
            ("a,b\n~5,1\n~6,2\n", b',', false),
            // Dates with a comma.
            (
                "x;May 3, 2024;1;2\ny;May 5, 2024;3;4\nz;May 7, 2024\n",
                b';',
                false,
            ),
        ] {
            assert_eq!(
                super::delimiter(text.as_bytes()),
                CsvDialect {
                    delimiter,
                    quote: b'"',
                    is_declared,
                },
                "{text:?}"
            );
        }
        for (text, delimiter) in [
            ("'a','b'\n'x, y','2'\n'Finch''s','3'\n", Some(b',')),
            ("a;b\n'x; y';2\n'z';3\n", Some(b';')),
            ("a,b\n'tis so,2\nit's,3\n", None),
            ("a,b\n'x',2\n\"y\",3\n", None),
        ] {
            assert_eq!(
                parted_within_single_quotes(text.as_bytes()),
                delimiter,
                "{text:?}"
            );
        }
        assert_eq!(named_delimiter("tab").unwrap(), b'\t');
        assert!(named_delimiter("ab").is_err());
    }

    #[test]
    fn a_text_of_two_exports_has_two_delimiters() {
        let two = b"a,b\r\n1,2\r\n\r\nb;a\r\n3;4\r\n5;6\r\n";
        assert_eq!(two_parts(two), Some((b',', 12, b';')));
        let decimals = b"a;b;c\n1,5;2,5;x\nb\tc\n3,5\t4,5\n5,5\t6,5\n";
        assert_eq!(two_parts(decimals), Some((b';', 16, b'\t')));
        let rare = b"A^B\n1^2\nC;D\n3;4\n";
        assert_eq!(two_parts(rare), Some((b'^', 8, b';')));
        assert_eq!(delimiter(decimals).delimiter, b';');
        for text in [
            "a;b\n1;2\n3;4,5\n5;6,5\n",
            "a,b\n1,2\n3;4\n",
            "a,b\n1;2,3\n4;5,6\n",
            "a,b\n1,2\n",
        ] {
            assert_eq!(two_parts(text.as_bytes()), None, "{text:?}");
        }
    }
}
