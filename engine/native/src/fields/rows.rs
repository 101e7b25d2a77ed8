//! Which rows are headers and which are data, for detectors that need no Python: rows of known words, rows with values.
//!
//! A row detector in Python is called for every row; of a large sheet that is most of a run's time. These say the same
//! for all rows at once.

use std::collections::HashSet;
use std::ops::Range;

use super::cut;
use super::parts::in_parts;
use crate::cells::{Cell, Sheet, Tag};

/// What a row counts as: the numbers that the pipeline uses.
const OTHER: u8 = 0;
const HEADER: u8 = 1;
const DATA: u8 = 2;

/// A detector of rows.
pub enum Rule {
    /// Rows with known header words; one with a number or a date in it is none.
    Header(Box<KnownWords>),
    /// Rows with at least so many filled cells.
    Data { least: usize, score: f64 },
}

/// Header words, simplified.
pub struct KnownWords {
    words: HashSet<String>,
    least: usize,
    /// Score of each word.
    score: f64,
    /// Letters that words begin and end with: most cells are told apart by these.
    first: [bool; 128],
    last: [bool; 128],
    has_others: bool,
}

impl KnownWords {
    pub fn new(words: HashSet<String>, least: usize, score: f64) -> Self {
        let (mut first, mut last) = ([false; 128], [false; 128]);
        let mut has_others = false;
        for word in &words {
            match (word.bytes().next(), word.bytes().next_back()) {
                (Some(a), Some(b)) if a.is_ascii() && b.is_ascii() => {
                    first[usize::from(a)] = true;
                    last[usize::from(b)] = true;
                }
                _ => has_others = true,
            }
        }
        Self {
            words,
            least,
            score,
            first,
            last,
            has_others,
        }
    }

    fn knows(&self, text: &str) -> bool {
        if text.is_ascii() && !self.has_others {
            let bytes = text.as_bytes();
            let Some(first) = bytes.iter().find(|byte| byte.is_ascii_alphanumeric()) else {
                return false;
            };
            if !self.first[usize::from(first.to_ascii_lowercase())] {
                return false;
            }
            let last = bytes
                .iter()
                .rfind(|byte| byte.is_ascii_alphanumeric())
                .unwrap_or(first);
            if !self.last[usize::from(last.to_ascii_lowercase())]
                && !bytes.contains(&b'(')
                && !bytes.contains(&b'[')
            {
                return false;
            }
        }
        self.words.contains(&simplify(text)) || {
            let bare = without_brackets(text);
            bare.len() < text.len() && self.words.contains(&simplify(bare))
        }
    }
}

/// The text before a bracket: "Net (EUR)" is "Net ".
pub fn without_brackets(text: &str) -> &str {
    &text[..text.find(['(', '[']).unwrap_or(text.len())]
}

/// A header for comparing: small letters without accents, single blanks in place of anything else.
pub fn simplify(text: &str) -> String {
    // "Nº", "N°" and "№" are "no".
    let folded = cut::fold(&text.replace('№', "no")).replace("n°", "no");
    let mut simple = String::with_capacity(folded.len());
    for c in folded.chars() {
        if c.is_alphanumeric() {
            simple.push(c);
        } else if !simple.is_empty() && !simple.ends_with(' ') {
            simple.push(' ');
        }
    }
    if simple.ends_with(' ') {
        simple.pop();
    }
    simple
}

/// The kinds of all rows, and the row with the highest header score.
pub struct Rows {
    pub kinds: Vec<u8>,
    pub best_header: Option<usize>,
}

/// Applies the rules to every row of a sheet. The highest total wins; of equal ones the first that was scored.
pub fn classify(sheet: &Sheet, rules: &[Rule]) -> Rows {
    let rows = sheet.facts().rows_emitted;
    let parts = in_parts(rows, |range| classify_part(sheet, rules, range));
    let mut kinds = Vec::with_capacity(rows);
    let mut best: Option<(f64, usize)> = None;
    for (part, best_of_part) in parts {
        kinds.extend(part);
        if let Some((score, row)) = best_of_part
            && best.is_none_or(|(known, _)| score > known)
        {
            best = Some((score, row));
        }
    }
    Rows {
        kinds,
        best_header: best.map(|(_, row)| row),
    }
}

fn classify_part(
    sheet: &Sheet,
    rules: &[Rule],
    range: Range<usize>,
) -> (Vec<u8>, Option<(f64, usize)>) {
    let mut kinds = Vec::with_capacity(range.len());
    let mut best: Option<(f64, usize)> = None;
    let mut cells = Vec::new();
    for row in range {
        sheet.read_row(row, &mut cells);
        let (mut header, mut data): (Option<f64>, Option<f64>) = (None, None);
        let mut first = OTHER;
        for rule in rules {
            match rule {
                Rule::Header(words) => {
                    let hits = known_cells(sheet, &cells, words);
                    if hits >= words.least && hits > 0 {
                        header = Some(header.unwrap_or(0.0) + words.score * hits as f64);
                        first = if first == OTHER { HEADER } else { first };
                    }
                }
                Rule::Data { least, score } => {
                    let filled = cells
                        .iter()
                        .filter(|cell| !matches!(cell.tag, Tag::Empty | Tag::EmptyText));
                    if filled.take(*least).count() == *least {
                        data = Some(data.unwrap_or(0.0) + score);
                        first = if first == OTHER { DATA } else { first };
                    }
                }
            }
        }
        if let Some(score) = header
            && score > best.map_or(0.0, |(known, _)| known)
        {
            best = Some((score, row));
        }
        kinds.push(match (header, data) {
            (None, None) => OTHER,
            (Some(_), None) => HEADER,
            (None, Some(_)) => DATA,
            (Some(header), Some(data)) if header > data => HEADER,
            (Some(header), Some(data)) if header < data => DATA,
            _ => first,
        });
    }
    (kinds, best)
}

fn known_cells(sheet: &Sheet, cells: &[Cell], words: &KnownWords) -> usize {
    let mut hits = 0;
    for cell in cells {
        match cell.tag {
            Tag::Empty | Tag::EmptyText => {}
            Tag::Text => hits += usize::from(words.knows(sheet.text(cell.as_text()))),
            _ => return 0,
        }
    }
    hits
}
