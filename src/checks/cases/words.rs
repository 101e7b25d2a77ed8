//! What differs from what a case expects, in words.

use std::fmt;

use super::{CaseResult, Difference, What};

impl CaseResult {
    /// Why it failed, in a line: the error, the one difference, or how many there are.
    pub fn why(&self) -> String {
        match (&self.error, self.differences.as_slice()) {
            (Some(error), _) => error.clone(),
            (None, [one]) => one.to_string(),
            (None, all) => format!("{} differences", all.len()),
        }
    }
}

/// In a line of less than 80 columns.
impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<String>, most: usize| match value.as_deref() {
            None | Some("") => "nothing".to_owned(),
            Some(text) => cut(text, most),
        };
        let sheet = self.sheet.as_deref();
        let sheet = sheet.map_or_else(String::new, |sheet| format!("{}  ", cut(sheet, 12)));
        let row = self
            .row
            .map_or_else(String::new, |row| format!("row {row}"));
        let (expected, got) = (&self.expected, &self.got);
        let field = self.field.as_deref();
        let field = field.map_or_else(String::new, |field| cut(field, 18));
        match (self.what, expected) {
            (What::Cell, _) => {
                let (expected, got) = (text(expected, 16), text(got, 16));
                write!(
                    formatter,
                    "{sheet}{row}  {field}  expected {expected}  got {got}"
                )
            }
            (What::Row, Some(_)) => {
                write!(formatter, "{sheet}{row} is missing: {}", text(expected, 45))
            }
            (What::Row, None) => {
                write!(
                    formatter,
                    "{sheet}{row} was not expected: {}",
                    text(got, 40)
                )
            }
            (What::Issue, _) => {
                let place = [row, field].into_iter().filter(|word| !word.is_empty());
                let place = place.collect::<Vec<_>>().join("  ");
                match expected {
                    Some(_) => write!(formatter, "no issue  {place}  {}", text(expected, 35)),
                    None => write!(formatter, "issue  {place}  {}", text(got, 38)),
                }
            }
        }
    }
}

/// A text in one line, of so many characters.
fn cut(text: &str, most: usize) -> String {
    let line = text.replace(char::is_control, " ");
    match line.chars().count() <= most {
        true => line,
        false => line.chars().take(most - 1).chain(['…']).collect(),
    }
}
