//! What is said of a cell that came out empty.

use std::borrow::Cow;
use std::fmt;

use super::texts::text;
use crate::columns::view::Value;

/// Rows of cells that could not be read, and why.
pub type Unread = Vec<(usize, Lost)>;

/// Why a cell came out empty, and what stood there.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// In words, without the value.
    pub why: Cow<'static, str>,
    /// The beginning of what stood there.
    pub value: String,
    /// The rule of the issue, behind its field's name.
    pub rule: &'static str,
}

/// No reader of the field's kind knows the value.
pub const VALUE_LOST: &str = "value_lost";
/// A program has cut a code or a phone number down to the digits of a number.
pub const DIGITS_LOST: &str = "digits_lost";
/// A day before 1900, which no workbook can hold.
pub const BEFORE_1900: &str = "date_out_of_range";

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\"", self.why, self.value)
    }
}

/// Why a cell is empty, and what stood there.
pub(super) fn lost(why: impl Into<Cow<'static, str>>, value: Value<'_>) -> Lost {
    const LONGEST: usize = 80;
    let mut text = String::new();
    text::push_text(value, &mut text);
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    let more = if text.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    Lost {
        why: why.into(),
        value: format!("{shown}{more}"),
        rule: VALUE_LOST,
    }
}
