//! What columns are read as.

use super::texts::country::Country;
use super::texts::text::NamePart;

/// What a column is read as.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Text,
    Code,
    Name(NamePart),
    Email,
    Phone {
        /// Where numbers without a country are dialled.
        country: Option<Country>,
    },
    Iban,
    Boolean {
        /// The author's own words for yes and for no, folded.
        yes: Vec<String>,
        no: Vec<String>,
    },
    Number {
        /// What may stand behind a number and is left out, folded.
        units: Vec<String>,
    },
    /// The currencies of a column of numbers, as ISO codes; a sign that several currencies share stays as it is.
    Currency,
    Date {
        serials: bool,
    },
    DateTime {
        serials: bool,
    },
    Time {
        serials: bool,
    },
    Duration {
        /// Microseconds that a plain number counts.
        unit: Option<i64>,
    },
}

impl Kind {
    /// What an unread cell is not.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "a code",
            Self::Name(_) => "a name",
            Self::Email => "an e-mail address",
            Self::Phone { .. } => "a phone number",
            Self::Iban => "an IBAN",
            Self::Boolean { .. } => "yes or no",
            Self::Number { .. } => "a number",
            Self::Currency => "a currency",
            Self::Date { .. } => "a date",
            Self::DateTime { .. } => "a date and time",
            Self::Time { .. } => "a time of day",
            Self::Duration { .. } => "a duration",
        }
    }
}
