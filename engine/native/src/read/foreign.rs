//! Recognises files that have another format than their name says or are protected by a password, and writes the message about
//! them.
//!
//! Readers call this module when a file does not have their format: [`super::archive`] expected a zip archive, [`super::xlsx`]
//! a workbook in an archive, [`super::xls`] an old workbook, [`super::csv`] text.

use std::fs::File;
use std::io::Read;

use super::compound::CompoundFile;
use crate::error::SourceError;

/// The first bytes of a zip archive, and so of every `.xlsx` file.
pub const ARCHIVE_START: [u8; 4] = *b"PK\x03\x04";
/// The first bytes of an old workbook without a container.
pub const BARE_LEGACY_START: [u8; 2] = [0x09, 0x08];
/// The number of bytes that are read to recognise a file.
pub const START_BYTES: u64 = 512;
/// The maximum size of a compound file that is searched.
const MAXIMUM_PEEK_BYTES: u64 = 512 << 20;

const RENAMED_LEGACY: &str = "this is an old .xls file renamed to .xlsx; rename it back to .xls";
pub const RENAMED_PACKAGE: &str = "this is a newer workbook; rename it to .xlsx";
pub const PAGE_WITHOUT_TABLE: &str = "it is a web page without a table; if its tables are in separate files, open it in a spreadsheet program and save it as .xlsx";
const PDF: &str = "this is a PDF document; export its tables as .xlsx or .csv";
const PLAIN_TEXT: &str =
    "this is plain text; if its values are separated by commas, rename it to .csv";

/// Returns the error for a workbook that is protected by a password.
pub fn encrypted(path: &str) -> SourceError {
    foreign(path, "is an encrypted workbook: save it without a password")
}

/// Returns the error for a file that is no workbook.
pub fn not_a_workbook(path: &str, what: &str) -> SourceError {
    foreign(path, &format!("is not a readable workbook: {what}"))
}

/// Recognises a file that should be a zip archive; `start` are its first bytes.
pub fn instead_of_archive(path: &str, start: &[u8]) -> SourceError {
    if start.starts_with(&ARCHIVE_START) {
        return SourceError::CutShort {
            path: path.to_owned(),
        };
    }
    let text = readable(start);
    let begins = |tags: &[&str]| tags.iter().any(|tag| text.starts_with(tag));
    let what = if CompoundFile::is_one(start) {
        match kind_of_compound_file(path) {
            Some(what) => what,
            None => return encrypted(path),
        }
    } else if begins(&["<html", "<!doctype html", "<table"]) {
        "this is a web page (HTML); open it in a spreadsheet program and save it as .xlsx"
    } else if begins(&["<?xml"]) {
        "this is an XML file; open it in a spreadsheet program and save it as .xlsx"
    } else if start.starts_with(b"%PDF") {
        PDF
    } else if matches!(start, [0x09, 0x02 | 0x04 | 0x08, ..]) {
        RENAMED_LEGACY
    } else if is_plain_text(start, &text) && text.contains('\n') {
        PLAIN_TEXT
    } else {
        ""
    };
    let extension = [".ods", ".xlsb"]
        .into_iter()
        .find(|extension| path.to_lowercase().ends_with(extension))
        .unwrap_or(".xlsx");
    let words = match what {
        "" => format!("is not an {extension} workbook: it is not a zip archive"),
        _ => format!("is not an {extension} workbook (not a zip archive): {what}"),
    };
    foreign(path, &words)
}

/// Recognises an archive without a workbook part; `has_part` returns whether the archive contains a part.
pub fn instead_of_workbook_part(path: &str, has_part: impl Fn(&str) -> bool) -> SourceError {
    let what = if has_part("word/document.xml") {
        "it is a Word document"
    } else if has_part("ppt/presentation.xml") {
        "it is a PowerPoint presentation"
    } else {
        "it does not contain a workbook"
    };
    not_a_workbook(path, what)
}

/// Recognises a file that should be an old workbook, and is no compound file either.
pub fn instead_of_legacy(path: &str, bytes: &[u8]) -> SourceError {
    let start = &bytes[..bytes.len().min(START_BYTES as usize)];
    let text = readable(start);
    let what = if bytes.starts_with(&ARCHIVE_START) {
        RENAMED_PACKAGE
    } else if matches!(bytes, [0x09, 0x00 | 0x02 | 0x04, ..]) {
        "it was written by an older Excel than 5.0; save it as .xlsx"
    } else if text.starts_with('<') {
        "this is a web page or XML file; open it in a spreadsheet program and save it as .xlsx"
    } else if text.starts_with("%pdf") {
        PDF
    } else if is_plain_text(start, &text) {
        PLAIN_TEXT
    } else {
        "its format is unknown"
    };
    not_legacy(path, what)
}

/// Recognises a compound file without a workbook.
pub fn instead_of_legacy_stream(path: &str, file: &CompoundFile<'_>) -> SourceError {
    match is_encrypted(file) {
        true => encrypted(path),
        false => not_legacy(path, "it is an Office file without a workbook in it"),
    }
}

fn not_legacy(path: &str, what: &str) -> SourceError {
    foreign(path, &format!("is not a readable .xls workbook: {what}"))
}

/// Recognises a workbook that should be text, by its start. The file cannot be decoded, and the decoding error carries this
/// hint.
pub fn instead_of_text(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(&ARCHIVE_START) {
        Some("this file is a workbook, not text: rename it so that it ends in .xlsx")
    } else if CompoundFile::is_one(start) {
        Some("this file is a workbook, not text: rename it so that it ends in .xls")
    } else {
        None
    }
}

/// Returns the kind of a compound file, or `None` if it is an encrypted workbook.
fn kind_of_compound_file(path: &str) -> Option<&'static str> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAXIMUM_PEEK_BYTES).read_to_end(&mut bytes));
    match read.ok().and_then(|_| CompoundFile::open(&bytes)) {
        Some(file) if is_encrypted(&file) => None,
        Some(file) if file.has_workbook() => Some(RENAMED_LEGACY),
        _ => Some("this is some other Office file (an OLE2 compound file)"),
    }
}

/// Returns whether a compound file contains an encrypted workbook.
fn is_encrypted(file: &CompoundFile<'_>) -> bool {
    file.contains("EncryptedPackage")
}

/// Returns the start of a file as lower-case text, without a leading byte order mark and white space.
fn readable(start: &[u8]) -> String {
    String::from_utf8_lossy(start)
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase()
}

/// Returns whether the start of a file looks like separated text.
fn is_plain_text(start: &[u8], text: &str) -> bool {
    !start.contains(&0) && text.contains([',', ';', '\t'])
}

fn foreign(path: &str, words: &str) -> SourceError {
    SourceError::Foreign {
        path: path.to_owned(),
        words: words.to_owned(),
    }
}
