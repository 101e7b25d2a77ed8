//! Comments of cells (ECMA-376 part 1, 18.7): ours are added. An existing comment stays and gets our text after its own.
//!
//! Ours are recognized by their text, not by their author, because some programs drop authors when they save.

use std::collections::{BTreeMap, BTreeSet};

use super::mark::IssueMark;
use super::refusal::{PartContext, Trouble};
use super::xml::text::{cell_text, shortened, text_element, unescaped};
use super::xml::tree::{self, Element};
use super::xml::{Edit, apply};
use crate::base::places::CellPosition;
use crate::issues::{Language, Severity};

/// The author of our comments.
const AUTHOR: &str = "ADE";
/// The separator between an existing comment and our text.
const SEPARATOR: &str = "\n—\n";

/// The maximum length of a message or value in a comment. The list has it whole.
const MAX_MESSAGE_CHARS: usize = 500;
/// The maximum length of our text in a comment. A cell holds at most 32,767; the rest is left for an existing text before it.
const MAX_COMMENT_CHARS: usize = 30_000;
/// The beginning of a comment that stands in for a thread. Programs write it again from the thread.
const STAND_IN: &str = "[Threaded comment]";

/// The outcome of patching a cell's comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentOutcome {
    /// The comment is as it should be and needs no larger box. If it has no box, it gets one.
    Stands,
    /// An existing comment got this number of additional lines.
    Grew(usize),
}

/// Returns a part without comments.
pub fn empty(namespace: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<comments \
         xmlns=\"{namespace}\"><authors/><commentList/></comments>"
    )
}

/// Puts texts into a comments part. Returns the part and the outcome for each cell. A cell whose comment belongs to a thread
/// has no outcome, because nothing was done.
///
/// # Errors
/// The part is damaged.
pub fn patch(
    text: &str,
    part: &str,
    texts: &BTreeMap<CellPosition, String>,
    threaded: &BTreeSet<CellPosition>,
) -> Result<(String, BTreeMap<CellPosition, CommentOutcome>), Trouble> {
    let root = tree::parse(text).in_part(part)?;
    let (Some(authors), Some(list)) = (root.child("authors"), root.child("commentList")) else {
        return Err(Trouble::part(part, "has no list of comments"));
    };
    let names: Vec<_> = authors
        .all("author")
        .map(|author| author.words(text))
        .collect();
    let ours = names.iter().position(|name| name == AUTHOR);
    let author = ours.unwrap_or(names.len());
    let there: BTreeMap<CellPosition, &Element<'_>> = list
        .all("comment")
        .filter_map(|comment| Some((CellPosition::named(&comment.tag.value("ref")?)?, comment)))
        .collect();

    let p = root.tag.prefix();
    let (mut edits, mut fresh, mut outcomes) = (Vec::new(), String::new(), BTreeMap::new());
    for (&cell, words) in texts {
        let Some(comment) = there.get(&cell) else {
            if threaded.contains(&cell) {
                continue;
            }
            let run = run(p, words);
            fresh.push_str(&format!(
                "<{p}comment ref=\"{cell}\" authorId=\"{author}\"><{p}text>{run}</{p}text></{p}comment>"
            ));
            outcomes.insert(cell, CommentOutcome::Stands);
            continue;
        };
        let by = comment
            .tag
            .number("authorId")
            .and_then(|number: usize| names.get(number));
        let is_stand_in =
            threaded.contains(&cell) || by.is_some_and(|name| name.starts_with("tc="));
        let (edit, outcome) = match comment.child("text") {
            Some(body) if !is_stand_in => grown(text, p, body, words),
            _ => (None, None),
        };
        edits.extend(edit);
        outcomes.extend(outcome.map(|outcome| (cell, outcome)));
    }
    if !fresh.is_empty() {
        if ours.is_none() {
            edits.push(authors.append(&format!("<{p}author>{AUTHOR}</{p}author>")));
        }
        edits.push(list.append(&fresh));
    }
    let new = apply(text, edits).in_part(part)?;
    Ok((new, outcomes))
}

/// Returns the edit and outcome for an existing comment.
fn grown(
    text: &str,
    p: &str,
    body: &Element<'_>,
    words: &str,
) -> (Option<Edit>, Option<CommentOutcome>) {
    let before = all_words(text, body);
    if before.starts_with(STAND_IN) {
        return (None, None);
    }
    if before == words || before.ends_with(&format!("{SEPARATOR}{words}")) {
        return (None, Some(CommentOutcome::Stands));
    }
    if is_ours(&before) {
        let edit = Edit::replace(body.tag.end..body.inner_end, run(p, words));
        return (Some(edit), Some(CommentOutcome::Stands));
    }
    let tail = run(p, &format!("{SEPARATOR}{words}"));
    let runs = || {
        body.children
            .iter()
            .filter(|child| matches!(child.local(), "t" | "r"))
    };
    let lines = words.matches('\n').count() + 3;
    // An earlier painting with other issues left this run, so it is replaced.
    if let Some(old) = runs().next_back().filter(|run| {
        let said = all_words(text, run);
        said.strip_prefix(SEPARATOR).is_some_and(is_ours)
    }) {
        return (
            Some(Edit::replace(old.span(), tail)),
            Some(CommentOutcome::Stands),
        );
    }
    let edit = match runs().next_back() {
        Some(last) => Edit::insert(last.end, tail),
        None => body.append(&tail),
    };
    (Some(edit), Some(CommentOutcome::Grew(lines)))
}

/// Returns a run in the font of comments.
fn run(p: &str, words: &str) -> String {
    let text = text_element(p, words);
    format!(
        "<{p}r><{p}rPr><{p}sz val=\"9\"/><{p}color indexed=\"81\"/><{p}rFont val=\"Tahoma\"/><{p}family val=\"2\"/></{p}rPr>\
         {text}</{p}r>"
    )
}

/// Returns the text of a rich text or of a run, without phonetic hints.
fn all_words(text: &str, body: &Element<'_>) -> String {
    let mut words = String::new();
    for child in &body.children {
        match child.local() {
            "t" => words.push_str(&unescaped(child.inner(text))),
            "r" => {
                for inner in child.all("t") {
                    words.push_str(&unescaped(inner.inner(text)));
                }
            }
            _ => {}
        }
    }
    cell_text(&words)
}

/// Returns the cells with threads from a part of threaded comments.
pub fn threaded_cells(text: &str, part: &str) -> Result<Vec<CellPosition>, Trouble> {
    let root = tree::parse(text).in_part(part)?;
    let cells = root
        .all("threadedComment")
        .filter_map(|comment| CellPosition::named(&comment.tag.value("ref")?));
    Ok(cells.collect())
}

/// Returns the comment of a cell: its issues, the worst first, with a blank line in between.
pub fn comment(marks: &[&IssueMark]) -> String {
    let texts: Vec<String> = marks.iter().map(|mark| one(mark)).collect();
    shortened(&texts.join("\n\n"), MAX_COMMENT_CHARS).into_owned()
}

/// Returns the text for an issue, for readers who do not know fields and rules: `Error: Start date: not a date` / `Left empty
/// in the result.`
fn one(mark: &IssueMark) -> String {
    let message = shortened(&mark.message, MAX_MESSAGE_CHARS);
    let heading = mark.language.heading(mark.severity) + " ";
    let mut text = if mark.field.is_empty() {
        format!("{heading}{message}")
    } else {
        format!(
            "{heading}{}: {message}",
            shortened(&mark.field, MAX_MESSAGE_CHARS)
        )
    };
    match mark.written.as_deref() {
        None => {}
        Some("") => text += &format!("\n{}", mark.language.say("Left empty in the result.")),
        Some(written) => {
            let written = shortened(written, MAX_MESSAGE_CHARS);
            let said = mark.language.say(&format!("In the result: {written}"));
            text += &format!("\n{said}");
        }
    }
    text
}

/// Returns whether a text begins as ours do, which means that an earlier painting wrote it.
fn is_ours(text: &str) -> bool {
    let begins = |severity, language: Language| {
        let rest = text.strip_prefix(&language.heading(severity));
        rest.is_some_and(|rest| rest.starts_with(' '))
    };
    let mut languages = Language::ALL.into_iter();
    languages.any(|language| {
        Severity::ALL
            .iter()
            .any(|&severity| begins(severity, language))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::painting::mark::MarkPosition;

    #[test]
    fn a_comment_says_what_why_and_what_became_of_it() {
        let mut mark = IssueMark {
            sheet: "North".to_owned(),
            place: MarkPosition::Sheet,
            severity: Severity::Error,
            field: "Start date".to_owned(),
            rule: "start_date.is_date".to_owned(),
            message: "not a date from 1900 to 9999".to_owned(),
            value: "02.13.2018".to_owned(),
            written: Some(String::new()),
            key: None,
            language: Language::English,
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
