//! Which rows are headers and which are data, for detectors that need no Python: rows of known words, rows with values,
//! what the layout of the sheet says.
//!
//! A row detector in Python is called for every row; of a large sheet that is most of a run's time. These say the same
//! for all rows at once.

use crate::cells::parts::in_parts;
use crate::cells::{Cell, Sheet, Tag};
use crate::layout::{RowKind, RowLayout, RowLooks, State};
use crate::words::cut;
use std::collections::HashSet;

/// The kinds that rules score.
const KINDS: usize = 7;

/// A detector of rows.
pub enum Rule {
    /// Rows with known header words; one with a number or a date in it is none.
    Header(Box<KnownWords>),
    /// Rows with at least so many filled cells.
    Data { least: usize, score: f64 },
    /// What the layout of the sheet says: the likelihood of each kind, times the score.
    Layout { score: f64 },
}

impl Rule {
    /// Gives the scores of a row for its kinds, of equal ones first what wins.
    pub fn score(
        &self,
        sheet: &Sheet,
        cells: &[Cell],
        looks: Option<&RowLayout>,
        mut give: impl FnMut(RowKind, f64),
    ) {
        match self {
            Self::Header(words) => {
                let hits = known_cells(sheet, cells, words);
                if hits >= words.least && hits > 0 {
                    give(RowKind::Header, words.score * hits as f64);
                }
            }
            Self::Data { least, score } => {
                let filled = cells
                    .iter()
                    .filter(|cell| !matches!(cell.tag, Tag::Empty | Tag::EmptyText));
                if filled.take(*least).count() == *least {
                    give(RowKind::Data, *score);
                }
            }
            Self::Layout { score } => {
                let Some(looks) = looks else {
                    return;
                };
                // The state in the likeliest sequence comes first, and scores no less than any other.
                let highest = looks.likelihoods.iter().copied().fold(0.0, f64::max);
                give(looks.state.into(), score * highest);
                for state in State::ALL.into_iter().filter(|state| *state != looks.state) {
                    give(state.into(), score * looks.likelihoods[state as usize]);
                }
            }
        }
    }
}

/// Header words, simplified.
pub struct KnownWords {
    words: HashSet<String>,
    least: usize,
    /// Score of each word.
    score: f64,
    /// Whether cells that say the same count once: a filled merged range is one word.
    once: bool,
    /// For each letter that a word begins with those that it ends with, a bit each: most cells are told apart by these.
    ends: [u128; 128],
    has_others: bool,
}

impl KnownWords {
    pub fn new(words: HashSet<String>, least: usize, score: f64, once: bool) -> Self {
        let mut ends = [0; 128];
        let mut has_others = false;
        for word in &words {
            match (word.bytes().next(), word.bytes().next_back()) {
                (Some(a), Some(b)) if a.is_ascii() && b.is_ascii() => {
                    ends[usize::from(a)] |= 1 << b;
                }
                _ => has_others = true,
            }
        }
        Self {
            words,
            least,
            score,
            once,
            ends,
            has_others,
        }
    }

    fn knows(&self, text: &str) -> bool {
        let is_word = |text: &str| self.may_be(text) && self.words.contains(&simplify(text));
        let bare = without_brackets(text);
        is_word(text) || bare.len() < text.len() && is_word(bare)
    }

    /// Whether a text begins and ends as one of the words. Letters that have to be folded may be any.
    fn may_be(&self, text: &str) -> bool {
        if self.has_others {
            return true;
        }
        let bytes = text.as_bytes();
        let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
        let first = bytes.iter().find(is_letter);
        let last = bytes.iter().rfind(is_letter);
        let (Some(first), Some(last)) = (first, last) else {
            return false;
        };
        let found = match first.is_ascii() {
            true => self.ends[usize::from(first.to_ascii_lowercase())],
            false => u128::MAX,
        };
        match last.is_ascii() {
            true => found & 1 << last.to_ascii_lowercase() != 0,
            false => found != 0,
        }
    }
}

/// The text before a bracket: "Net (EUR)" is "Net ".
pub fn without_brackets(text: &str) -> &str {
    &text[..memchr::memchr2(b'(', b'[', text.as_bytes()).unwrap_or(text.len())]
}

/// A header for comparing: small letters without accents, single blanks in place of anything else.
pub fn simplify(text: &str) -> String {
    if text.is_ascii() {
        return simplify_ascii(text);
    }
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

/// What [`simplify`] says of text without any other letters, where nothing has to be folded.
fn simplify_ascii(text: &str) -> String {
    let mut simple = String::with_capacity(text.len());
    let mut is_parted = false;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            if is_parted && !simple.is_empty() {
                simple.push(' ');
            }
            simple.push(char::from(byte.to_ascii_lowercase()));
            is_parted = false;
        } else {
            is_parted = true;
        }
    }
    simple
}

/// The kinds of all rows, and their header scores.
pub struct RowKinds {
    pub kinds: Vec<RowKind>,
    pub header_scores: Vec<f64>,
}

impl RowKinds {
    /// The row with the highest header score, the first of several.
    pub fn best_header(&self) -> Option<usize> {
        let highest = self.header_scores.iter().copied().fold(0.0, f64::max);
        let is_highest = |score: &f64| *score == highest;
        self.header_scores
            .iter()
            .position(is_highest)
            .filter(|_| highest > 0.0)
    }
}

/// Applies the rules to every row of a sheet. The highest total wins; of equal ones the first that was scored.
/// Without a layout, rules that ask for it give no scores.
pub fn classify(sheet: &Sheet, rules: &[&Rule], layout: Option<&RowLooks>) -> RowKinds {
    let rows = sheet.facts().rows_emitted;
    let parts = in_parts(rows, |range| {
        let mut cells = Vec::new();
        let judge = |row: usize| {
            sheet.read_row(row, &mut cells);
            let mut totals = Totals::default();
            for rule in rules {
                let looks = layout.and_then(|layout| layout.row(row));
                rule.score(sheet, &cells, looks, |kind, score| totals.add(kind, score));
            }
            let score = totals.of(RowKind::Header).unwrap_or(0.0);
            (totals.highest(), score)
        };
        range.map(judge).collect::<Vec<_>>()
    });
    let (kinds, header_scores) = parts.into_iter().flatten().unzip();
    RowKinds {
        kinds,
        header_scores,
    }
}

/// The sums of the scores for each kind, in the order in which kinds were scored first.
#[derive(Default)]
struct Totals {
    all: [(RowKind, f64); KINDS],
    count: usize,
}

impl Totals {
    fn known(&self) -> &[(RowKind, f64)] {
        &self.all[..self.count]
    }

    fn add(&mut self, kind: RowKind, score: f64) {
        let known = self.known().iter().position(|one| one.0 == kind);
        let at = known.unwrap_or(self.count);
        self.all[at] = (kind, self.all[at].1 + score);
        self.count = self.count.max(at + 1);
    }

    fn of(&self, kind: RowKind) -> Option<f64> {
        let found = self.known().iter().find(|one| one.0 == kind);
        found.map(|(_, sum)| *sum)
    }

    /// The kind with the highest sum, the first of several; nothing in particular without any score.
    fn highest(&self) -> RowKind {
        let sums = self.known().iter();
        let best = sums.reduce(|best, one| if one.1 > best.1 { one } else { best });
        best.map_or(RowKind::Other, |(kind, _)| *kind)
    }
}

fn known_cells(sheet: &Sheet, cells: &[Cell], words: &KnownWords) -> usize {
    // Most rows of data have a number or a date, and then no text of theirs is looked at.
    let is_header = |cell: &Cell| matches!(cell.tag, Tag::Empty | Tag::EmptyText | Tag::Text);
    if !cells.iter().all(is_header) {
        return 0;
    }
    let texts = cells.iter().filter(|cell| cell.tag == Tag::Text);
    let known = texts
        .map(|cell| sheet.text(cell.as_text()))
        .filter(|text| words.knows(text));
    if words.once {
        known.collect::<HashSet<_>>().len()
    } else {
        known.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn plain_headers_are_simplified_as_others_are() {
        for text in [
            "", " E-Mail  (work)", "Nº", "__Net__(EUR)", "a\tb\u{7f}c`d", "100%", "???",
        ] {
            let with_accent = simplify(&format!("{text} é"));
            let folded = with_accent.strip_suffix('e').unwrap_or_default().trim_end();
            assert_eq!(simplify(text), folded, "{text:?}");
        }
    }
}
