//! Why a file cannot be painted.

use std::io;

use super::xml::Malformed;
use crate::base::files::FileError;
use crate::base::problem::{Facts, Kind, Problem, code};

/// A file cannot be painted; the original is as it was, and there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be opened or read.
    #[error("cannot read {file}: {reason}")]
    Unreadable {
        /// Its name.
        file: String,
        /// The words of the operating system.
        reason: String,
    },
    /// The copy cannot be written.
    #[error(transparent)]
    Unwritable(#[from] FileError),
    /// The copy would take the place of the original.
    #[error("the painted copy of {file} would take its place")]
    SameFile {
        /// Its name.
        file: String,
    },
    /// A password is needed to read it.
    #[error("{file} is protected by a password; save it without one")]
    Encrypted {
        /// Its name.
        file: String,
    },
    /// A binary workbook.
    #[error(".xlsb workbooks cannot be painted; save {file} as .xlsx")]
    Binary {
        /// Its name.
        file: String,
    },
    /// Several people edit it, and each change is kept.
    #[error("{file} is shared with tracked changes; stop sharing (Review) and save it")]
    TrackedChanges {
        /// Its name.
        file: String,
    },
    /// It is none of the formats that are painted. `reason` is a sentence that names the file.
    #[error("{reason}")]
    NotAWorkbook {
        /// What it is instead, where that is known.
        reason: String,
    },
    /// A part is damaged, or so unusual that an edit may spoil it.
    #[error("{file} cannot be painted: {part} {what}")]
    Part {
        /// The file's name.
        file: String,
        /// The part's name in the package.
        part: String,
        /// What is the matter with it.
        what: String,
    },
    /// A part unpacks to more than may be held.
    #[error("{file} is too large to be painted: {part} takes more than {} MiB", most >> 20)]
    TooLarge {
        /// The file's name.
        file: String,
        /// The part's name in the package.
        part: String,
        /// The limit in bytes.
        most: u64,
    },
}

impl Problem for Refusal {
    fn facts(&self) -> Facts {
        match self {
            Self::Unwritable(error) => error.facts(),
            Self::Unreadable { .. } => Facts::new(Kind::Refused, code::INPUT_UNREADABLE),
            Self::SameFile { .. } => Facts::new(Kind::Usage, code::OUTPUT_CONFLICT),
            Self::Binary { .. } | Self::NotAWorkbook { .. } => {
                Facts::new(Kind::Usage, code::UNSUPPORTED_FORMAT)
            }
            Self::TooLarge { .. } => Facts::new(Kind::Usage, code::WORKBOOK_UNREADABLE),
            Self::Encrypted { .. } | Self::TrackedChanges { .. } | Self::Part { .. } => {
                Facts::new(Kind::Usage, code::WORKBOOK_UNREADABLE)
            }
        }
    }
}

/// The same without the file's name, which only [`paint`](super::paint) needs to know.
#[derive(Debug)]
pub(super) enum Trouble {
    Read(io::Error),
    Write(io::Error),
    Encrypted,
    Binary,
    TrackedChanges,
    /// A sentence that names the file.
    NotAWorkbook(String),
    Part {
        part: String,
        what: String,
    },
    TooLarge {
        part: String,
        most: u64,
    },
}

impl Trouble {
    /// A part is not as it must be.
    pub fn part(part: &str, what: impl Into<String>) -> Self {
        Self::Part {
            part: part.to_owned(),
            what: what.into(),
        }
    }

    /// The archive holds no workbook.
    pub fn no_workbook() -> Self {
        Self::NotAWorkbook("is not a workbook, or is damaged".to_owned())
    }

    /// With the names of the file and of its copy.
    pub fn of(self, file: &str, target: &std::path::Path) -> Refusal {
        let file = file.to_owned();
        match self {
            Self::Read(error) => Refusal::Unreadable {
                file,
                reason: crate::base::files::describe(&error),
            },
            Self::Write(error) => Refusal::Unwritable(FileError::on("write", target)(error)),
            Self::Encrypted => Refusal::Encrypted { file },
            Self::Binary => Refusal::Binary { file },
            Self::TrackedChanges => Refusal::TrackedChanges { file },
            Self::NotAWorkbook(words) => Refusal::NotAWorkbook {
                reason: format!("{file} {words}"),
            },
            Self::Part { part, what } => Refusal::Part { file, part, what },
            Self::TooLarge { part, most } => Refusal::TooLarge { file, part, most },
        }
    }
}

/// Names the part in which XML was found to be damaged.
pub(super) trait InPart<T> {
    fn in_part(self, part: &str) -> Result<T, Trouble>;
}

impl<T> InPart<T> for Result<T, Malformed> {
    fn in_part(self, part: &str) -> Result<T, Trouble> {
        self.map_err(|Malformed(what)| Trouble::part(part, what))
    }
}
