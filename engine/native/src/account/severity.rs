//! The severity of an issue: one list of words and colours for workbooks, lists, reports and the API.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The severity of an issue; the worst comes first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A value is missing from the result, or is wrong in it.
    Error,
    /// The value is in the result and should be checked.
    Warning,
    /// The fact is worth knowing.
    Info,
}

impl Severity {
    /// All severities, the worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    /// Returns `error`, `warning` or `info`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    /// Returns the severity for a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.word() == word)
    }

    /// Returns the fill of cells with such issues, as RGB.
    pub const fn fill(self) -> &'static str {
        match self {
            Self::Error => "F9CCC6",
            Self::Warning => "FCE4AE",
            Self::Info => "DCE4F5",
        }
    }

    /// Returns the text colour of the word on white, as RGB.
    pub const fn ink(self) -> &'static str {
        match self {
            Self::Error => "B42318",
            Self::Warning => "855000",
            Self::Info => "2148C0",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
