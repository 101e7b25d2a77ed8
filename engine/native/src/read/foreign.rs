//! Files of another format than their name says, or protected by a password: how they are recognised, and the message about
//! each.
//!
//! Readers call this module when a file is not of their format: [`super::archive`] where a zip archive was
//! expected, [`super::xlsx`] where an archive holds no workbook, [`super::xls`] where an old workbook was expected,
//! [`super::csv`] where text was expected.

use std::fs::File;
use std::io::Read;

use super::compound::CompoundFile;
use crate::error::SourceError;

/// The first bytes of a zip archive, which every `.xlsx` is.
pub const ARCHIVE_START: [u8; 4] = *b"PK\x03\x04";
/// The first bytes of an old workbook that lies in no container.
pub const BARE_LEGACY_START: [u8; 2] = [0x09, 0x08];
/// How much of a file is read to recognise it.
pub const START_BYTES: u64 = 512;
/// Compound files up to this size are searched.
const MAXIMUM_PEEK_BYTES: u64 = 512 << 20;

const RENAMED_LEGACY: &str = "this is an old .xls file renamed to .xlsx; rename it back to .xls";
pub const RENAMED_PACKAGE: &str = "this is a newer workbook; rename it to .xlsx";
pub const PAGE_WITHOUT_TABLE: &str =
    "it is a web page without a table; if its tables lie in files beside it, save it as .xlsx";
const PDF: &str = "this is a PDF document";
const PLAIN_TEXT: &str =
    "this is plain text; if its values are separated by commas, rename it to .csv";

/// The failure of a workbook that is protected by a password.
pub fn encrypted(path: &str) -> SourceError {
    foreign(path, "is an encrypted workbook: save it without a password")
}

/// The failure of a file that is something else than a workbook.
pub fn not_a_workbook(path: &str, what: &str) -> SourceError {
    foreign(path, &format!("is not a readable workbook: {what}"))
}

/// Recognises a file that should have been a zip archive; `start` are its first bytes.
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

/// Recognises an archive without a workbook part; `has_part` returns whether it holds a part of a name.
pub fn instead_of_workbook_part(path: &str, has_part: impl Fn(&str) -> bool) -> SourceError {
    let what = if has_part("word/document.xml") {
        "it is a Word document"
    } else if has_part("ppt/presentation.xml") {
        "it is a PowerPoint presentation"
    } else {
        "it holds no workbook part"
    };
    not_a_workbook(path, what)
}

/// Recognises a file that should have been an old workbook, and is not a compound file either.
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
        "its content is of no known kind"
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

/// Recognises a workbook that should have been text, by its start. Such a file cannot be decoded, and the failure of
/// decoding it takes this hint along.
pub fn instead_of_text(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(&ARCHIVE_START) {
        Some("this file is a workbook, not text: rename it so that it ends in .xlsx")
    } else if CompoundFile::is_one(start) {
        Some("this file is a workbook, not text: rename it so that it ends in .xls")
    } else {
        None
    }
}

/// What a compound file is; nothing where it is an encrypted workbook.
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

/// Whether a compound file contains an encrypted workbook.
fn is_encrypted(file: &CompoundFile<'_>) -> bool {
    file.contains("EncryptedPackage")
}

/// The start of a file as lower-case text, without a byte order mark and white space in front.
fn readable(start: &[u8]) -> String {
    String::from_utf8_lossy(start)
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase()
}

/// Whether the start of a file looks like separated text.
fn is_plain_text(start: &[u8], text: &str) -> bool {
    !start.contains(&0) && text.contains([',', ';', '\t'])
}

fn foreign(path: &str, words: &str) -> SourceError {
    SourceError::Foreign {
        path: path.to_owned(),
        words: words.to_owned(),
    }
}
