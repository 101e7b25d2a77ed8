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

const ENCRYPTED: &str = "is an encrypted workbook: save it without a password";
const NOT_A_WORKBOOK: &str = "is not a readable workbook";
const NOT_LEGACY: &str = "is not a readable .xls workbook";

const RENAMED_LEGACY: &str = "this is an old .xls file renamed to .xlsx; rename it back to .xls";
const RENAMED_PACKAGE: &str = "this is a newer workbook; rename it to .xlsx";
const OLDER_LEGACY: &str = "it was written by an older Excel than 5.0; save it as .xlsx";
const WEB_PAGE: &str =
    "this is a web page (HTML); open it in a spreadsheet program and save it as .xlsx";
const XML_FILE: &str = "this is an XML file; open it in a spreadsheet program and save it as .xlsx";
const WEB_PAGE_OR_XML: &str =
    "this is a web page or XML file; open it in a spreadsheet program and save it as .xlsx";
const PACKAGE_NAMED_TEXT: &str =
    "this file is a workbook, not text: rename it so that it ends in .xlsx";
const LEGACY_NAMED_TEXT: &str =
    "this file is a workbook, not text: rename it so that it ends in .xls";
const PDF: &str = "this is a PDF document";
const PLAIN_TEXT: &str =
    "this is plain text; if its values are separated by commas, rename it to .csv";

/// The failure of a workbook that is protected by a password.
pub fn encrypted(path: &str) -> SourceError {
    foreign(path, ENCRYPTED, None)
}

/// Recognises a file that should have been a zip archive; `start` are its first bytes.
pub fn instead_of_archive(path: &str, start: &[u8]) -> SourceError {
    if start.starts_with(&ARCHIVE_START) {
        return SourceError::CutShort {
            path: path.to_owned(),
        };
    }
    let extension = [".ods", ".xlsb"]
        .into_iter()
        .find(|extension| path.to_lowercase().ends_with(extension))
        .unwrap_or(".xlsx");
    let not_an_archive = &format!("is not an {extension} workbook (not a zip archive)");
    if CompoundFile::is_one(start) {
        return match kind_of_compound_file(path) {
            CompoundKind::EncryptedWorkbook => encrypted(path),
            CompoundKind::LegacyWorkbook => foreign(path, not_an_archive, Some(RENAMED_LEGACY)),
            CompoundKind::Other => foreign(
                path,
                not_an_archive,
                Some("this is some other Office file (an OLE2 compound file)"),
            ),
        };
    }
    let text = readable(start);
    let text = text.as_str();
    let looks_like = if ["<html", "<!doctype html", "<table"]
        .iter()
        .any(|tag| text.starts_with(tag))
    {
        Some(WEB_PAGE)
    } else if text.starts_with("<?xml") {
        Some(XML_FILE)
    } else if start.starts_with(b"%PDF") {
        Some(PDF)
    } else if matches!(start, [0x09, 0x02 | 0x04 | 0x08, ..]) {
        Some(RENAMED_LEGACY)
    } else if is_plain_text(start, text) && text.contains('\n') {
        Some(PLAIN_TEXT)
    } else {
        None
    };
    match looks_like {
        Some(_) => foreign(path, not_an_archive, looks_like),
        None => foreign(
            path,
            &format!("is not an {extension} workbook: it is not a zip archive"),
            None,
        ),
    }
}

/// Recognises a zip archive that is not an Office document.
pub fn instead_of_workbook_archive(path: &str) -> SourceError {
    foreign(
        path,
        NOT_A_WORKBOOK,
        Some("it is a zip archive of something else"),
    )
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
    foreign(path, NOT_A_WORKBOOK, Some(what))
}

/// The failure of an OpenDocument file that is no spreadsheet.
pub fn other_document(path: &str) -> SourceError {
    foreign(
        path,
        NOT_A_WORKBOOK,
        Some("it is an OpenDocument file, but no spreadsheet"),
    )
}

/// The failure of a web page that holds nothing to read.
pub fn page_without_table(path: &str) -> SourceError {
    let what =
        "it is a web page without a table; if its tables lie in files beside it, save it as .xlsx";
    foreign(path, NOT_A_WORKBOOK, Some(what))
}

/// The failure of a newer workbook whose name says otherwise.
pub fn renamed_package(path: &str) -> SourceError {
    foreign(path, NOT_A_WORKBOOK, Some(RENAMED_PACKAGE))
}

/// Recognises a file that should have been an old workbook, and is not a compound file either.
pub fn instead_of_legacy(path: &str, bytes: &[u8]) -> SourceError {
    let start = &bytes[..bytes.len().min(START_BYTES as usize)];
    let text = readable(start);
    let what = if bytes.starts_with(&ARCHIVE_START) {
        RENAMED_PACKAGE
    } else if matches!(bytes, [0x09, 0x00 | 0x02 | 0x04, ..]) {
        OLDER_LEGACY
    } else if text.starts_with('<') {
        WEB_PAGE_OR_XML
    } else if text.starts_with("%pdf") {
        PDF
    } else if is_plain_text(start, &text) {
        PLAIN_TEXT
    } else {
        "its content is of no known kind"
    };
    foreign(path, NOT_LEGACY, Some(what))
}

/// Recognises a compound file without a workbook.
pub fn instead_of_legacy_stream(path: &str, file: &CompoundFile<'_>) -> SourceError {
    if is_encrypted(file) {
        encrypted(path)
    } else {
        foreign(
            path,
            NOT_LEGACY,
            Some("it is an Office file without a workbook in it"),
        )
    }
}

/// Recognises a workbook that should have been text, by its start. Such a file cannot be decoded, and the failure of
/// decoding it takes this hint along.
pub fn instead_of_text(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(&ARCHIVE_START) {
        Some(PACKAGE_NAMED_TEXT)
    } else if CompoundFile::is_one(start) {
        Some(LEGACY_NAMED_TEXT)
    } else {
        None
    }
}

/// The kinds of compound files that are told apart.
enum CompoundKind {
    EncryptedWorkbook,
    LegacyWorkbook,
    Other,
}

fn kind_of_compound_file(path: &str) -> CompoundKind {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAXIMUM_PEEK_BYTES).read_to_end(&mut bytes));
    if read.is_err() {
        return CompoundKind::Other;
    }
    match CompoundFile::open(&bytes) {
        Some(file) if is_encrypted(&file) => CompoundKind::EncryptedWorkbook,
        Some(file) if file.has_workbook() => CompoundKind::LegacyWorkbook,
        _ => CompoundKind::Other,
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

fn foreign(path: &str, verdict: &str, what: Option<&str>) -> SourceError {
    SourceError::Foreign {
        path: path.to_owned(),
        words: match what {
            Some(what) => format!("{verdict}: {what}"),
            None => verdict.to_owned(),
        },
    }
}
