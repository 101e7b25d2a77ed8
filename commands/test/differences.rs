//! What differs from what a case expects, in lines.

use ade::checks::cases::{Difference, What};

use crate::ui::Ui;

/// So many differences of a case are printed.
const MOST: usize = 20;

/// Prints the first of them, one a line.
pub fn print_differences(ui: &Ui, margin: &str, differences: &[Difference]) {
    for difference in differences.iter().take(MOST) {
        ui.line(format_args!("{margin}{}", in_words(difference)));
    }
    if let Some(more @ 1..) = differences.len().checked_sub(MOST) {
        ui.line(format_args!("{margin}and {more} more"));
    }
}

/// A difference in a line of less than 80 columns.
pub fn in_words(difference: &Difference) -> String {
    let text = |value: &Option<String>, most: usize| match value.as_deref() {
        None | Some("") => "nothing".to_owned(),
        Some(text) => cut(text, most),
    };
    let sheet = difference.sheet.as_deref();
    let sheet = sheet.map_or_else(String::new, |sheet| format!("{}  ", cut(sheet, 12)));
    let row = difference
        .row
        .map_or_else(String::new, |row| format!("row {row}"));
    let (expected, got) = (&difference.expected, &difference.got);
    let field = difference.field.as_deref();
    let field = field.map_or_else(String::new, |field| cut(field, 18));
    match (difference.what, expected) {
        (What::Cell, _) => {
            let (expected, got) = (text(expected, 16), text(got, 16));
            format!("{sheet}{row}  {field}  expected {expected}  got {got}")
        }
        (What::Row, Some(_)) => format!("{sheet}{row} is missing: {}", text(expected, 45)),
        (What::Row, None) => format!("{sheet}{row} was not expected: {}", text(got, 40)),
        (What::Issue, _) => {
            let place = [row, field].into_iter().filter(|word| !word.is_empty());
            let place = place.collect::<Vec<_>>().join("  ");
            match expected {
                Some(_) => format!("no issue  {place}  {}", text(expected, 35)),
                None => format!("issue  {place}  {}", text(got, 38)),
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
