//! The reasons why a file cannot be painted.

use std::io;
use std::path::Path;

use super::xml::MalformedXml;
use crate::base::files::{FileError, describe};
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, code};

/// An error that prevents painting a file. The original is unchanged, and there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum PaintRefusal {
    /// The copy cannot be written.
    #[error(transparent)]
    Unwritable(#[from] FileError),
    /// The copy would replace the original.
    #[error("the marked copy of {file} would replace {file} itself")]
    SameFile {
        /// The name of the file.
        file: String,
    },
    /// The file cannot be read, or is nothing that can be painted.
    #[error("{}", trouble.of_file(file))]
    OfFile {
        /// The name of the file.
        file: String,
        /// The reason for the refusal.
        trouble: Trouble,
    },
}

impl PaintRefusal {
    /// Returns whether the file itself can never be painted, even if it is tried again.
    pub fn is_of_input(&self) -> bool {
        let may_pass = |trouble: &Trouble| matches!(trouble, Trouble::Read(_));
        match self {
            Self::Unwritable(_) => false,
            Self::SameFile { .. } => true,
            Self::OfFile { trouble, .. } => !may_pass(trouble),
        }
    }
}

impl Problem for PaintRefusal {
    fn facts(&self) -> ErrorFacts {
        let usage = |code| ErrorFacts::new(ProblemKind::Usage, code);
        match self {
            Self::Unwritable(error) => error.facts(),
            Self::SameFile { .. } => usage(code::OUTPUT_CONFLICT),
            Self::OfFile { trouble, .. } => match trouble {
                Trouble::Read(_) => ErrorFacts::new(ProblemKind::Refused, code::INPUT_UNREADABLE),
                Trouble::Binary | Trouble::NotAWorkbook(_) => usage(code::UNSUPPORTED_FORMAT),
                _ => usage(code::WORKBOOK_UNREADABLE),
            },
        }
    }
}

/// A problem with a file, without its name, which only [`paint`](super::paint) needs to know; or with the copy.
#[derive(Debug)]
pub enum Trouble {
    /// The file cannot be opened or read.
    Read(io::Error),
    /// The copy cannot be written.
    Write(io::Error),
    /// The file needs a password.
    Encrypted,
    /// The file is a binary workbook.
    Binary,
    /// The workbook is shared and tracks changes.
    TrackedChanges,
    /// The file has no format that can be painted, in words that follow its name.
    NotAWorkbook(String),
    /// A part is damaged, or so unusual that an edit may spoil it.
    Part {
        /// The part's name in the package.
        part: String,
        /// The problem, in words that follow the name.
        what: String,
    },
    /// The unpacked part exceeds the limit.
    TooLarge {
        /// The part's name in the package.
        part: String,
        /// The limit in bytes.
        most: u64,
    },
}

impl Trouble {
    /// Returns the error that something is wrong with a part.
    pub fn part(part: &str, what: impl Into<String>) -> Self {
        Self::Part {
            part: part.to_owned(),
            what: what.into(),
        }
    }

    /// Returns the error that the archive holds no workbook.
    pub fn no_workbook() -> Self {
        Self::NotAWorkbook("is not a workbook, or is damaged".to_owned())
    }

    /// Adds the names of the file and of its copy.
    pub fn into_refusal(self, file: &str, target: &Path) -> PaintRefusal {
        match self {
            Self::Write(error) => FileError::on("write", target)(error).into(),
            trouble => PaintRefusal::OfFile {
                file: file.to_owned(),
                trouble,
            },
        }
    }

    fn of_file(&self, file: &str) -> String {
        match self {
            Self::Read(error) | Self::Write(error) => {
                format!("cannot read {file}: {}", describe(error))
            }
            Self::Encrypted => {
                format!("{file} is protected by a password; save it without one")
            }
            Self::Binary => {
                format!(".xlsb workbooks cannot be marked; save {file} as .xlsx")
            }
            Self::TrackedChanges => {
                format!("{file} is shared with tracked changes; stop sharing (Review) and save it")
            }
            Self::NotAWorkbook(words) => format!("{file} {words}"),
            Self::Part { part, what } => format!("{file} cannot be marked: {part} {what}"),
            Self::TooLarge { part, most } => {
                let most = most >> 20;
                format!("{file} is too large to be marked: {part} takes more than {most} MiB")
            }
        }
    }
}

/// Adds the name of the part to errors about damaged XML.
pub trait PartContext<T> {
    fn in_part(self, part: &str) -> Result<T, Trouble>;
}

impl<T> PartContext<T> for Result<T, MalformedXml> {
    fn in_part(self, part: &str) -> Result<T, Trouble> {
        self.map_err(|MalformedXml(what)| Trouble::part(part, what))
    }
}
