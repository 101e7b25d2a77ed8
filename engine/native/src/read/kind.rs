//! Finds the kind of a file.
//!
//! By default, the name determines the kind. Files named `.xls` are inspected, because those from ERP systems hardly ever have
//! that format. With `csv_encoding = "auto"`, the first bytes determine the kind of every file, whatever its name.

use std::path::Path;

use super::ReadOptions;
use super::archive::ZipArchive;
use super::compound::CompoundFile;
use super::csv::detect::{is_auto, start_of};
use super::foreign::{ARCHIVE_START, BARE_LEGACY_START};
use crate::error::{Result, SourceError};

/// The extensions that openpyxl reads.
const PACKAGE_EXTENSIONS: [&str; 4] = [".xlsx", ".xlsm", ".xltx", ".xltm"];

/// The kind of a file, which determines its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An `.xlsx` file or one of its family.
    Package,
    /// A binary workbook, `.xlsb`.
    Binary,
    /// An OpenDocument spreadsheet, `.ods`.
    OpenDocument,
    /// An old workbook, `.xls`.
    Legacy,
    /// Separated text, such as `.csv`.
    Text,
    /// A file of XML Spreadsheet 2003.
    SpreadsheetXml,
    /// A web page in HTML.
    WebPage,
    /// Web pages in a mail (MHT).
    WebArchive,
}

impl Kind {
    /// Returns the kind of a file. An archive has the kind of its name until it is [opened](Self::of_archive).
    ///
    /// # Errors
    /// If the extension belongs to no format that ADE reads, or the file cannot be read.
    pub fn from_path(path: &str, options: &ReadOptions) -> Result<Self> {
        let extension = extension(path);
        let named = match extension.as_str() {
            ".csv" => Self::Text,
            ".xls" => Self::Legacy,
            ".tsv" | ".txt" if options.as_shown => Self::Text,
            ".xlsb" if options.as_shown => Self::Binary,
            ".ods" if options.as_shown => Self::OpenDocument,
            known if PACKAGE_EXTENSIONS.contains(&known) => Self::Package,
            _ => {
                return Err(SourceError::UnsupportedExtension {
                    path: path.to_owned(),
                    extension,
                });
            }
        };
        let is_told = is_auto(&options.csv_encoding);
        if !is_told && named != Self::Legacy {
            return Ok(named);
        }
        Ok(match look(&start_of(path)?) {
            FileSignature::Archive if is_told && !named.is_archive() => Self::Package,
            FileSignature::Legacy if is_told => Self::Legacy,
            FileSignature::Page => Self::WebPage,
            FileSignature::PageWithin if named == Self::Legacy => Self::WebPage,
            FileSignature::Mail => Self::WebArchive,
            FileSignature::Spreadsheet => Self::SpreadsheetXml,
            FileSignature::Text if named == Self::Legacy => Self::Text,
            _ => named,
        })
    }

    /// Returns the kind of an archive, by its parts.
    pub fn of_archive(archive: &ZipArchive) -> Self {
        let has = |part| archive.find(part).is_some();
        if has("xl/workbook.bin") {
            Self::Binary
        } else if has("content.xml") && !has("[Content_Types].xml") {
            Self::OpenDocument
        } else {
            Self::Package
        }
    }

    /// Returns whether files of this kind are zip archives.
    pub fn is_archive(self) -> bool {
        matches!(self, Self::Package | Self::Binary | Self::OpenDocument)
    }

    /// Returns the usual extension of the kind, without a dot.
    pub fn name(self) -> &'static str {
        match self {
            Self::Package => "xlsx",
            Self::Binary => "xlsb",
            Self::OpenDocument => "ods",
            Self::Legacy => "xls",
            Self::Text => "csv",
            Self::SpreadsheetXml => "xml",
            Self::WebPage => "html",
            Self::WebArchive => "mht",
        }
    }
}

/// Returns the settings for reading a text. In files other than `.csv`, the encoding and the delimiter are detected if their
/// settings have the default value.
pub fn options_of_text(path: &str, options: &ReadOptions) -> ReadOptions {
    let mut options = options.clone();
    let extension = extension(path);
    if extension != ".csv" {
        let usual = ReadOptions::default();
        for (value, usual) in [
            (&mut options.csv_encoding, usual.csv_encoding),
            (&mut options.csv_delimiter, usual.csv_delimiter),
        ] {
            if *value == usual {
                "auto".clone_into(value);
            }
        }
        if extension == ".tsv" && is_auto(&options.csv_delimiter) {
            "tab".clone_into(&mut options.csv_delimiter);
        }
    }
    options
}

/// Returns the extension in lower case, with its dot; empty if there is none.
fn extension(path: &str) -> String {
    Path::new(path)
        .extension()
        .map(|extension| format!(".{}", extension.to_string_lossy().to_lowercase()))
        .unwrap_or_default()
}

/// The kind of content at the start of a file.
#[derive(Debug, PartialEq, Eq)]
enum FileSignature {
    Archive,
    Legacy,
    /// The markup of a web page.
    Page,
    /// Text that contains tables of a web page.
    PageWithin,
    Mail,
    Spreadsheet,
    /// Text with a possible delimiter.
    Text,
    Other,
}

/// The first tags of web pages, or of the fragments that programs write.
const PAGE_TAGS: [&str; 17] = [
    "html", "head", "body", "table", "meta", "style", "div", "center", "font", "title", "p", "h1",
    "h2", "h3", "b", "tr", "br",
];

fn look(start: &[u8]) -> FileSignature {
    if start.starts_with(&ARCHIVE_START) {
        return FileSignature::Archive;
    }
    if CompoundFile::is_one(start) || start.starts_with(&BARE_LEGACY_START) {
        return FileSignature::Legacy;
    }
    let text = start_as_text(start);
    let mut rest = text.trim_start();
    // Skips declarations, document types and comments before the first tag.
    let mut has_declaration = false;
    while let Some(end) = [("<?", "?>"), ("<!--", "-->"), ("<!", ">")]
        .iter()
        .find(|(open, _)| rest.starts_with(open))
        .map(|(_, close)| rest.find(close).map(|at| at + close.len()))
    {
        if rest.starts_with("<!doctype html") {
            return FileSignature::Page;
        }
        has_declaration |= rest.starts_with("<?xml");
        rest = rest[end.unwrap_or(rest.len())..].trim_start();
    }
    if let Some(tag) = rest.strip_prefix('<') {
        let name = tag
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':')
            .next()
            .unwrap_or_default();
        let is_workbook = name.rsplit(':').next() == Some("workbook");
        return if is_workbook && tag.contains("urn:schemas-microsoft-com:office:spreadsheet") {
            FileSignature::Spreadsheet
        } else if PAGE_TAGS.contains(&name) {
            FileSignature::Page
        } else {
            FileSignature::Other
        };
    }
    let has = |word: &str| text.contains(word);
    let first_line = rest.lines().next().unwrap_or_default();
    let is_control = |byte: char| byte < ' ' && !matches!(byte, '\t' | '\n' | '\r' | '\u{c}');
    if has_declaration || rest.starts_with("%pdf") || rest.starts_with("{\\rtf") {
        FileSignature::Other
    } else if is_header(first_line)
        && has("mime-version:")
        && (has("multipart/") || has("text/html"))
    {
        FileSignature::Mail
    } else if has("<table") || has("<html") {
        FileSignature::PageWithin
    } else if !rest.contains(is_control) && rest.contains([',', ';', '\t', '|']) {
        FileSignature::Text
    } else {
        FileSignature::Other
    }
}

/// Returns whether a line has the form `name: value`, as at the start of mails.
fn is_header(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
    })
}

/// Returns the start of a file as lower-case text, whatever its encoding.
fn start_as_text(start: &[u8]) -> String {
    let decode = |encoding: &'static encoding_rs::Encoding| encoding.decode(start).0;
    // In UTF-16, about every second byte is zero.
    let zeros = |from: usize| {
        let bytes = start.iter().skip(from).step_by(2);
        bytes.filter(|&&byte| byte == 0).count() * 5 > start.len() * 2
    };
    let text = if start.starts_with(&[0xFF, 0xFE]) || zeros(1) {
        decode(encoding_rs::UTF_16LE)
    } else if start.starts_with(&[0xFE, 0xFF]) || zeros(0) {
        decode(encoding_rs::UTF_16BE)
    } else {
        decode(encoding_rs::UTF_8)
    };
    text.trim_start_matches('\u{feff}').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_start() {
        for (start, expected) in [
            ("<html><body>", FileSignature::Page),
            ("\u{feff} <!-- x --><TABLE border=1>", FileSignature::Page),
            (
                "<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C'>",
                FileSignature::Page,
            ),
            ("<meta charset=utf-8><table>", FileSignature::Page),
            ("Report, May\n<table>", FileSignature::PageWithin),
            (
                "<?xml version='1.0'?><?mso-application x?><ss:Workbook xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet'>",
                FileSignature::Spreadsheet,
            ),
            ("<?xml version='1.0'?><orders>", FileSignature::Other),
            ("<?xml version='1.0'?>", FileSignature::Other),
            (
                "MIME-Version: 1.0\r\nContent-Type: multipart/related;",
                FileSignature::Mail,
            ),
            (
                "From: x\nSubject: y\nMIME-Version: 1.0\nContent-Type: text/html",
                FileSignature::Mail,
            ),
            ("Order No\tDate\n1\t2\n", FileSignature::Text),
            ("just words", FileSignature::Other),
            ("%PDF-1.4, x", FileSignature::Other),
            ("a,b\u{1}", FileSignature::Other),
            ("PK\u{3}\u{4}", FileSignature::Archive),
        ] {
            assert_eq!(look(start.as_bytes()), expected, "{start}");
            let utf16: Vec<u8> = start.encode_utf16().flat_map(u16::to_le_bytes).collect();
            if expected != FileSignature::Archive && start.is_ascii() {
                assert_eq!(look(&utf16), expected, "{start} in UTF-16");
            }
        }
    }
}
