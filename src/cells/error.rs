//! The reasons why cells cannot be shown.

use ade_engine_native::SourceError;

use crate::base::problem::{ErrorFacts, Problem, ProblemKind, become_error, code};

/// The reason why cells cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellsError {
    /// The file no longer exists.
    #[error("the file {name} is no longer there")]
    Gone {
        /// The name of the file.
        name: String,
    },
    /// The file cannot be opened or read, or is not a regular file; a second attempt may succeed.
    #[error("cannot read {name}: {reason}")]
    File {
        /// The name of the file.
        name: String,
        /// The message of the operating system.
        reason: String,
    },
    /// The file is encrypted, damaged, or in another format than its name says. The reader's own message names the file.
    #[error(transparent)]
    Unreadable(SourceError),
    /// The sheet, or the text of the workbook, takes more memory than its limit.
    #[error("{name} is too large to be shown: {reason}")]
    TooLarge {
        /// The name of the file.
        name: String,
        /// The part that is too large.
        reason: String,
    },
    /// The workbook has no worksheet with this name or at this position.
    #[error("{name} has no sheet {sheet}")]
    NoSheet {
        /// The name of the file.
        name: String,
        /// The requested sheet: a name in quotes, or `at position 3`.
        sheet: String,
        /// The names of the sheets in the file.
        sheets: Vec<String>,
    },
    /// The rows or columns are not a range, or are too many.
    #[error("{first} to {last} is not a range of {what} that can be shown")]
    BadWindow {
        /// Either `rows` or `columns`.
        what: &'static str,
        /// The first row or column of the request.
        first: u64,
        /// The last row or column of the request.
        last: u64,
        /// The maximum number of rows or columns in a window.
        most: u64,
    },
    /// The window begins after the last row or column.
    #[error("the sheet {sheet:?} has no {what} from {first} on: it has {count}")]
    OutOfBounds {
        /// The name of the sheet.
        sheet: String,
        /// Either `rows` or `columns`.
        what: &'static str,
        /// The row or column at which the window begins.
        first: u64,
        /// The number of rows or columns in the sheet.
        count: u64,
    },
}

impl Problem for CellsError {
    fn facts(&self) -> ErrorFacts {
        let usage = |code| ErrorFacts::new(ProblemKind::Usage, code);
        match self {
            Self::Gone { .. } => usage(code::INPUT_GONE),
            Self::File { .. } => ErrorFacts::new(ProblemKind::Refused, code::WORKBOOK_UNREADABLE),
            Self::Unreadable(failure) => {
                let hint = match failure {
                    SourceError::Undecodable { hint, .. } => hint.map(str::to_owned),
                    _ => None,
                };
                usage(code::WORKBOOK_UNREADABLE).maybe_hint(hint)
            }
            Self::TooLarge { .. } => usage(code::WORKBOOK_UNREADABLE)
                .hint("download the file and open it in a spreadsheet program"),
            Self::NoSheet { sheets, .. } => usage(code::NOT_FOUND).hint(match sheets.len() {
                0 => "it has no worksheet at all".to_owned(),
                _ => format!("it has {}", sheets_in_words(sheets)),
            }),
            Self::BadWindow { what, most, .. } => usage(code::INVALID_FIELD).hint(format!(
                "{what} count from 1, and a window has at most {most} of them, such as 1-{most}"
            )),
            Self::OutOfBounds { .. } => usage(code::INVALID_FIELD),
        }
    }
}

become_error!(CellsError);

impl CellsError {
    /// Converts a failure of the reader; `name` replaces the path in its message.
    pub(super) fn of_reader(mut failure: SourceError, name: &str) -> Self {
        match &mut failure {
            SourceError::Io { reason, .. } => {
                return Self::File {
                    name: name.to_owned(),
                    reason: std::mem::take(reason),
                };
            }
            SourceError::BeyondLimits { .. } | SourceError::BeyondMemory { .. } => {
                return Self::TooLarge {
                    name: name.to_owned(),
                    reason: failure.to_string(),
                };
            }
            SourceError::Empty { path }
            | SourceError::UnsupportedExtension { path, .. }
            | SourceError::Foreign { path, .. }
            | SourceError::CutShort { path }
            | SourceError::NotAWorkbook { path, .. }
            | SourceError::BrokenLegacy { path, .. } => name.clone_into(path),
            // The messages of these failures contain no path.
            SourceError::BrokenPart { .. }
            | SourceError::Undecodable { .. }
            | SourceError::BadOption { .. }
            | SourceError::Cancelled => {}
        }
        Self::Unreadable(failure)
    }

    /// Returns whether a second attempt at the same file may have another outcome.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::File { .. })
    }
}

/// Lists the first ten names: `"A", "B" and 3 more`
fn sheets_in_words(sheets: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = sheets
        .iter()
        .take(SHOWN)
        .map(|sheet| format!("{sheet:?}"))
        .collect();
    match sheets.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
