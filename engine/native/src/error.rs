//! The reasons why a file cannot be read, as messages for the user.
//!
//! Every message says what is wrong with the file and, where possible, what to do about it. The Python side raises them as
//! `SourceError`; only [`SourceError::Undecodable`] becomes Python's own `UnicodeDecodeError`.

use std::fmt;

use crate::progress::ScanStopped;

/// An error that stops reading. `Display` writes the whole sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceError {
    /// The operating system cannot open or read the file.
    Io { path: String, reason: String },
    /// The file has no bytes at all.
    Empty { path: String },
    /// The extension belongs to no format that ADE reads.
    UnsupportedExtension { path: String, extension: String },
    /// The file has another format than its name says, or is protected by a password. [`crate::read::foreign`] writes the
    /// message that follows the path.
    Foreign { path: String, words: String },
    /// The end of a zip archive is missing.
    CutShort { path: String },
    /// The workbook cannot be read for another reason.
    NotAWorkbook { path: String, reason: String },
    /// A part of the package cannot be unpacked or parsed.
    BrokenPart { part: String, reason: String },
    /// An old binary workbook does not follow its format.
    BrokenLegacy { path: String, reason: String },
    /// A sheet holds more than a worksheet can.
    BeyondLimits { sheet: String, reason: String },
    /// A sheet, or the text that all sheets share, takes more memory than the caller allows. `what` names the sheet or the
    /// text.
    BeyondMemory { what: String, bytes: usize },
    /// The text is not in the expected encoding. If the file is not text at all, the hint comes from [`crate::read::foreign`].
    Undecodable {
        encoding: String,
        position: usize,
        reason: String,
        hint: Option<&'static str>,
    },
    /// A setting has a value that is no encoding or delimiter.
    BadOption { reason: String },
    /// The caller stopped reading because it no longer needs the result.
    Cancelled,
}

/// The extensions that engine 1.9 did not read.
const SINCE_2026: [&str; 4] = [".tsv", ".txt", ".xlsb", ".ods"];

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, reason } => write!(f, "cannot read {path}: {reason}"),
            Self::Empty { path } => write!(
                f,
                "{path} is empty (0 bytes); export or download the file again"
            ),
            Self::UnsupportedExtension { path, extension } => {
                if SINCE_2026.contains(&extension.as_str()) {
                    return write!(
                        f,
                        "{path}: only edition 2026 reads files of type {extension}; set edition = \"2026\" at the top of settings.toml, or save the file as .xlsx or .csv"
                    );
                }
                if extension.is_empty() {
                    write!(f, "{path} has no file extension")?;
                } else {
                    write!(f, "{path}: files of type {extension} are not supported")?;
                }
                write!(
                    f,
                    "; use .xlsx, .xlsm, .xltx, .xltm, .xlsb, .xls, .ods, .csv, .tsv or .txt"
                )
            }
            Self::Foreign { path, words } => write!(f, "{path} {words}"),
            Self::CutShort { path } => {
                write!(
                    f,
                    "{path} is cut short: the end of the archive is missing; copy or download the file again"
                )
            }
            Self::NotAWorkbook { path, reason } => {
                write!(f, "{path} is not a readable workbook: {reason}")
            }
            Self::BrokenPart { part, reason } => {
                write!(
                    f,
                    "the workbook is damaged: {part}: {reason}; repair it in a spreadsheet program or get it again"
                )
            }
            Self::BrokenLegacy { path, reason } => {
                write!(f, "{path} is not a readable .xls workbook: {reason}")
            }
            Self::BeyondLimits { sheet, reason } => write!(f, "sheet {sheet:?}: {reason}"),
            Self::BeyondMemory { what, bytes } => {
                write!(f, "{what} takes more than {} MiB of memory", bytes >> 20)
            }
            Self::Undecodable {
                encoding,
                position,
                reason,
                ..
            } => {
                write!(f, "the text is not {encoding}: {reason} at byte {position}")
            }
            Self::BadOption { reason } => f.write_str(reason),
            Self::Cancelled => f.write_str("reading was cancelled"),
        }
    }
}

impl std::error::Error for SourceError {}

impl SourceError {
    /// Returns a function that converts an error of the operating system.
    pub fn io(path: &str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Io {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    /// Returns the error for something that takes more memory than `bytes`.
    pub fn beyond_memory(what: &str, bytes: usize) -> Self {
        let what = what.to_owned();
        Self::BeyondMemory { what, bytes }
    }

    /// Returns the error for a damaged part of the package.
    pub fn part(part: &str, reason: impl Into<String>) -> Self {
        Self::BrokenPart {
            part: part.to_owned(),
            reason: reason.into(),
        }
    }
}

impl From<ScanStopped> for SourceError {
    fn from(_: ScanStopped) -> Self {
        Self::Cancelled
    }
}

/// The result of every function that reads.
pub type Result<T> = std::result::Result<T, SourceError>;
