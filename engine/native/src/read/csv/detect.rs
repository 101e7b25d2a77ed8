//! Detects the encoding and the delimiter of separated text, where the settings ask for it.

use std::fs::File;
use std::io::Read;

use super::decode::{Charset, Utf8Blocks};
use super::guess;
use super::parser::{Parser, Rows};
use crate::error::{Result, SourceError};
use crate::read::foreign;

/// How much of the text is used to detect the delimiter.
pub const SAMPLE_BYTES: usize = 1 << 16;
/// How much of a file is used to detect the encoding.
const START_BYTES: u64 = 4096;
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
const SAMPLE_RECORDS: usize = 200;

/// Whether a setting asks for detection.
pub fn is_auto(setting: &str) -> bool {
    setting.trim().eq_ignore_ascii_case("auto")
}

/// The encoding of a file: by its byte order mark; UTF-16 by its zeros; UTF-8 if all of it is valid; else
/// what its letters look like, mostly Windows-1252, which Western European systems write. A workbook is not text in any
/// encoding: it counts as UTF-8, which its bytes are not.
///
/// # Errors
/// When the file cannot be read.
pub fn charset(path: &str) -> Result<Charset> {
    let start = start_of(path)?;
    if foreign::instead_of_text(&start).is_some() {
        return Ok(Charset::Utf8);
    }
    if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
        return Ok(Charset::Utf16);
    }
    // In text without marks every second byte of UTF-16 is mostly zero.
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
    let file = File::open(path).map_err(|error| SourceError::io(path, &error))?;
    let mut blocks = Utf8Blocks::new(file, path, Charset::Utf8);
    loop {
        match blocks.next_block() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Charset::Utf8),
            Err(SourceError::Undecodable { .. }) => {
                return Ok(Charset::Other(guess::encoding_of(path)?));
            }
            Err(error) => return Err(error),
        }
    }
}

/// The first bytes of a file.
///
/// # Errors
/// When the file cannot be read.
pub fn start_of(path: &str) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(START_BYTES).read_to_end(&mut start))
        .map_err(|error| SourceError::io(path, &error))?;
    Ok(start)
}

/// The delimiter that a setting names.
///
/// # Errors
/// When the setting names no delimiter.
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

/// A delimiter that was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub delimiter: u8,
    /// Whether the first line is `sep=` and the delimiter, and so is not data.
    pub is_declared: bool,
}

/// The delimiter that makes the most regular records of the start of a text.
pub fn delimiter(start: &[u8]) -> Found {
    let first_line = start
        .split(|&byte| byte == b'\n' || byte == b'\r')
        .next()
        .unwrap_or_default();
    if let Some(&[delimiter]) = first_line.strip_prefix(b"sep=")
        && delimiter.is_ascii()
        && delimiter != b'"'
    {
        return Found {
            delimiter,
            is_declared: true,
        };
    }
    let mut best = (0.0, b',');
    for candidate in CANDIDATES {
        let score = regularity(start, candidate);
        if score > best.0 {
            best = (score, candidate);
        }
    }
    Found {
        delimiter: best.1,
        is_declared: false,
    }
}

/// How far records agree on their number of fields, above all when there are several of them.
fn regularity(start: &[u8], delimiter: u8) -> f64 {
    let mut counts = FieldCounts::default();
    let mut parser = Parser::new(delimiter);
    // The sample may end within a record: only whole ones count, unless there is no whole one.
    let outcome = parser.feed(start, &mut counts);
    if outcome.is_ok() && counts.records.is_empty() {
        drop(parser.finish(&mut counts));
    }
    let records: Vec<usize> = counts
        .records
        .into_iter()
        .filter(|&count| count > 0)
        .take(SAMPLE_RECORDS)
        .collect();
    let Some(most) = records.iter().max() else {
        return 0.0;
    };
    let usual =
        (2..=*most).max_by_key(|fields| records.iter().filter(|&count| count == fields).count());
    let Some(usual) = usual else { return 0.0 };
    let agreeing =
        records.iter().filter(|&&count| count == usual).count() as f64 / records.len() as f64;
    let split = records.iter().filter(|&&count| count > 1).count() as f64 / records.len() as f64;
    // More fields are only worth something where records agree.
    agreeing * 2.0 + split + agreeing * (usual as f64).ln() / 10.0
}

#[derive(Default)]
struct FieldCounts {
    records: Vec<usize>,
    open: usize,
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
            ("one column\nonly\n", b',', false),
            ("", b',', false),
            ("a;b", b';', false),
        ] {
            assert_eq!(
                super::delimiter(text.as_bytes()),
                Found {
                    delimiter,
                    is_declared
                },
                "{text:?}"
            );
        }
        assert_eq!(named_delimiter("tab").unwrap(), b'\t');
        assert!(named_delimiter("ab").is_err());
    }
}
