//! Finds the headers and the data of a sheet, for detectors that need no Python: rows of known words, rows with values, and the
//! layout of the sheet.
//!
//! A row detector in Python is called for every row, which takes most of a run's time on a large sheet. These detectors give
//! the same results for all rows at once.

use foldhash::HashSet;

use crate::cells::parts::in_parts;
use crate::cells::{CellTag, Sheet, SheetCell};
use crate::layout::{RowKind, RowLayout, RowState, SheetLayout};
use crate::words::cut;

/// The number of kinds that rules score.
const KINDS: usize = 7;

/// A detector of rows.
pub enum RowDetector {
    /// Rows with known header words, and without any number or date.
    Header(Box<KnownWords>),
    /// Rows with at least this many filled cells.
    Data { least: usize, score: f64 },
    /// The layout of the sheet: the likelihood of each kind, times the score.
    Layout { score: f64 },
}

impl RowDetector {
    /// Gives the scores of a row for its kinds; of equal scores, that of the winning kind comes first.
    pub fn score(
        &self,
        sheet: &Sheet,
        cells: &[SheetCell],
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
                    .filter(|cell| !matches!(cell.tag, CellTag::Empty | CellTag::EmptyText));
                if filled.take(*least).count() == *least {
                    give(RowKind::Data, *score);
                }
            }
            Self::Layout { score } => {
                let Some(looks) = looks else {
                    return;
                };
                // The state in the likeliest sequence comes first, and scores at least as high as any other.
                let highest = looks.likelihoods.iter().copied().fold(0.0, f64::max);
                give(looks.state.into(), score * highest);
                for state in RowState::ALL
                    .into_iter()
                    .filter(|state| *state != looks.state)
                {
                    give(state.into(), score * looks.likelihoods[state as usize]);
                }
            }
        }
    }
}

/// Header words in simplified form, and their scores.
pub struct KnownWords {
    words: HashSet<String>,
    least: usize,
    /// The score of each word.
    score: f64,
    /// Whether cells with equal texts count once: a filled merged range is one word.
    once: bool,
    /// For each first letter of a word, the last letters of such words, one bit each: these exclude most cells.
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

    /// Returns whether a text begins and ends like one of the words. Letters that have to be folded match any letter.
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

/// Returns the text before a bracket: "Net (EUR)" becomes "Net ".
pub fn without_brackets(text: &str) -> &str {
    &text[..memchr::memchr2(b'(', b'[', text.as_bytes()).unwrap_or(text.len())]
}

/// Returns a header in a form for comparisons: small letters without accents, and single blanks in place of anything else.
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

/// Returns the same as [`simplify`] for ASCII text, in which nothing has to be folded.
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
    /// Returns the row with the highest header score; of several, the first.
    pub fn best_header(&self) -> Option<usize> {
        let highest = self.header_scores.iter().copied().fold(0.0, f64::max);
        let is_highest = |score: &f64| *score == highest;
        self.header_scores
            .iter()
            .position(is_highest)
            .filter(|_| highest > 0.0)
    }
}

/// Applies the rules to every row of a sheet. The highest total wins; of equal totals, that of the kind that was scored first.
/// Without a layout, rules that need it give no scores.
pub fn classify(sheet: &Sheet, rules: &[&RowDetector], layout: Option<&SheetLayout>) -> RowKinds {
    let rows = sheet.facts().rows_emitted;
    let parts = in_parts(rows, |range| {
        let mut cells = Vec::new();
        let judge = |row: usize| {
            sheet.read_row(row, &mut cells);
            let mut totals = ScoreSums::default();
            for rule in rules {
                let looks = layout.and_then(|layout| layout.row(row));
                rule.score(sheet, &cells, looks, |kind, score| totals.add(kind, score));
            }
            let score = totals.sum(RowKind::Header).unwrap_or(0.0);
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

/// The sums of the scores for each kind, in the sequence in which the kinds were first scored.
#[derive(Default)]
struct ScoreSums {
    all: [(RowKind, f64); KINDS],
    count: usize,
}

impl ScoreSums {
    fn known(&self) -> &[(RowKind, f64)] {
        &self.all[..self.count]
    }

    fn add(&mut self, kind: RowKind, score: f64) {
        let known = self.known().iter().position(|entry| entry.0 == kind);
        let at = known.unwrap_or(self.count);
        self.all[at] = (kind, self.all[at].1 + score);
        self.count = self.count.max(at + 1);
    }

    fn sum(&self, kind: RowKind) -> Option<f64> {
        let found = self.known().iter().find(|entry| entry.0 == kind);
        found.map(|(_, sum)| *sum)
    }

    /// Returns the kind with the highest sum; of several, the first. Without any score, the kind is [`RowKind::Other`].
    fn highest(&self) -> RowKind {
        let sums = self.known().iter();
        let best = sums.reduce(|best, entry| if entry.1 > best.1 { entry } else { best });
        best.map_or(RowKind::Other, |(kind, _)| *kind)
    }
}

fn known_cells(sheet: &Sheet, cells: &[SheetCell], words: &KnownWords) -> usize {
    // Most rows of data have a number or a date, so their texts need no check.
    let is_header = |cell: &SheetCell| {
        matches!(
            cell.tag,
            CellTag::Empty | CellTag::EmptyText | CellTag::Text
        )
    };
    if !cells.iter().all(is_header) {
        return 0;
    }
    let texts = cells.iter().filter(|cell| cell.tag == CellTag::Text);
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
