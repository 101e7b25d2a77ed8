//! What a comment says.

use super::mark::{Mark, heading_of};
use super::xml::text::shortened;
use crate::issues::Severity;

/// Who writes our comments.
pub const AUTHOR: &str = "ADE";
/// Stands between a comment that was there and ours.
pub const SEPARATOR: &str = "\n—\n";

/// Longer messages and values are cut in comments; the list has them whole.
const MOST_OF_ONE: usize = 500;
/// A cell holds at most 32,767; a comment gets a little less, for what stands before it.
const MOST_OF_ALL: usize = 30_000;

/// The comment of a cell: its issues, the worst first, with a blank line between.
pub fn comment(marks: &[&Mark]) -> String {
    let texts: Vec<String> = marks.iter().map(|mark| one(mark)).collect();
    shortened(&texts.join("\n\n"), MOST_OF_ALL).into_owned()
}

/// `Error: Start date: not a date` / `Left empty in the result.`: for somebody who has never heard of fields and rules.
fn one(mark: &Mark) -> String {
    let message = shortened(&mark.message, MOST_OF_ONE);
    let heading = heading_of(mark.severity);
    let mut text = if mark.field.is_empty() {
        format!("{heading}{message}")
    } else {
        format!(
            "{heading}{}: {message}",
            shortened(&mark.field, MOST_OF_ONE)
        )
    };
    match mark.written.as_deref() {
        None => {}
        Some("") => text.push_str("\nLeft empty in the result."),
        Some(written) => {
            let written = shortened(written, MOST_OF_ONE);
            text.push_str(&format!("\nIn the result: {written}"));
        }
    }
    text
}

/// Whether a text begins as ours do: then it was put there when the workbook was painted before.
pub fn is_ours(text: &str) -> bool {
    Severity::ALL
        .iter()
        .any(|severity| text.starts_with(heading_of(*severity)))
}

#[cfg(test)]
mod tests {
    use super::super::mark::Place;
    use super::*;

    #[test]
    fn a_comment_says_what_why_and_what_became_of_it() {
        let mut mark = Mark {
            sheet: "North".to_owned(),
            place: Place::Sheet,
            severity: Severity::Error,
            field: "Start date".to_owned(),
            rule: "start_date.is_date".to_owned(),
            message: "not a date from 1900 to 9999".to_owned(),
            value: "02.13.2018".to_owned(),
            written: Some(String::new()),
            key: None,
        };
        let first = "Error: Start date: not a date from 1900 to 9999\nLeft empty in the result.";
        assert_eq!(comment(&[&mark]), first);
        assert!(is_ours(first) && !is_ours("Errors: none"));
        let before = mark.clone();
        (mark.written, mark.field, mark.severity) = (None, String::new(), Severity::Info);
        let both = format!("{first}\n\nInfo: not a date from 1900 to 9999");
        assert_eq!(comment(&[&before, &mark]), both);
    }
}
