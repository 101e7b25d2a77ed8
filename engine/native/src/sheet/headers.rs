//! Finds header rows that can only be recognised by the rows around them.
//!
//! 1. [`mark_repeated`]: a row that repeats a header, as on each printed page, is a header.
//! 2. [`mark_further`]: a row of names that begins a block is the header of another table if it has a known word of its own or
//!    is above values.
//! 3. [`mark_lone`]: a header row of one unknown text among records is a note.
//! 4. [`mark_page_titles`]: the rows above a repeated header are the title of a page, and tables end there.

use std::ops::Range;

use foldhash::{HashMap, HashSet};

use super::rows::{MIN_RECORD_CELLS, has_letter, is_digit};
use super::{FieldWords, SheetNotice, SheetRowView, SheetView};
use crate::fields::looks::rows::simplify;
use crate::layout::RowKind;

/// The minimum number by which columns with a name above values must exceed columns with a value above values for a header.
const MIN_ABOVE_VALUES: isize = 2;

/// Removes single rows that are lines of signs from the header rows: above values such a line looks like a header. Returns
/// these rows.
fn free_rules(rows: SheetRowView<'_>, kinds: &mut [RowKind]) -> Vec<usize> {
    let alone = blocks(kinds).into_iter().filter(|block| block.len() == 1);
    let found: Vec<usize> = alone
        .map(|block| block.start)
        .filter(|&row| rows.is_rule(row))
        .collect();
    for &row in &found {
        kinds[row] = RowKind::Rule;
    }
    found
}

/// The way in which a row repeats a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderRepeat {
    WordForWord,
    ButFirstName,
}

impl HeaderRepeat {
    pub fn words(self) -> &'static str {
        match self {
            Self::WordForWord => "repeats a header row word for word",
            Self::ButFirstName => "repeats a header row except for its first name",
        }
    }
}

/// Turns rows that repeat a header into headers: word for word, as on each printed page, or below a blank row with all but the
/// first name, as in tables of one form. Among texts, a repeated header looks like a record. `looked_at` are the rows that are
/// compared. Returns the rows that changed.
fn mark_repeated(
    rows: SheetRowView<'_>,
    looked_at: impl Iterator<Item = usize>,
    kinds: &mut [RowKind],
) -> Vec<(usize, HeaderRepeat)> {
    let mut found = Vec::new();
    let mut known: HashSet<Vec<String>> = HashSet::default();
    let mut tails: HashSet<Vec<String>> = HashSet::default();
    // Most rows have a different second text from these headers, and are skipped.
    let mut seconds: HashSet<String> = HashSet::default();
    for row in looked_at {
        let is_header = kinds[row] == RowKind::Header;
        if !is_header && (known.is_empty() || !seconds.contains(&rows.text_at(row, 1))) {
            continue;
        }
        let texts = rows.all_texts(row);
        let tail = texts.get(1..).unwrap_or_default();
        if is_header {
            // A line of signs alone is no header.
            let named: HashSet<&String> = texts.iter().filter(|text| has_letter(text)).collect();
            if named.len() > 1 {
                tails.insert(tail.to_vec());
                seconds.extend(tail.first().cloned());
                known.insert(texts);
            }
        } else if known.contains(&texts) {
            kinds[row] = RowKind::Header;
            found.push((row, HeaderRepeat::WordForWord));
        } else if tails.contains(tail) && is_other_table(&texts) && rows.is_empty(row - 1) {
            kinds[row] = RowKind::Header;
            found.push((row, HeaderRepeat::ButFirstName));
        }
    }
    found
}

/// Returns whether a row that repeats the names of a header has at least two of them, and a name for its first column.
fn is_other_table(texts: &[String]) -> bool {
    let names: HashSet<&String> = texts[1..].iter().filter(|text| !text.is_empty()).collect();
    names.len() > 1 && has_letter(&texts[0])
}

/// Turns rows of names that begin a block below the first header into headers, if a word is the header of a field and no other
/// cell of its column has it. With `by_values`, names above values in several columns suffice, because no column would read the
/// names of the table below. A row in which each cell names another field may be anywhere. Returns the rows that changed.
fn mark_further(
    rows: SheetRowView<'_>,
    looked_at: impl Iterator<Item = usize>,
    kinds: &mut [RowKind],
    words: &FieldWords,
) -> Vec<usize> {
    let Some(first) = kinds.iter().position(|&kind| kind == RowKind::Header) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for row in looked_at.filter(|&row| row > first) {
        let begins_table = || {
            rows.begins_block(row)
                && rows.are_names(row)
                && (rows.has_word_of_its_own(row, words)
                    || rows.likeness_below(row) <= -MIN_ABOVE_VALUES)
        };
        let names_fields_alone = || {
            let filled = || rows.filled(row).map(|column| rows.cell(row, column));
            filled().all(|cell| rows.is_name(cell))
                && filled()
                    .next()
                    .is_some_and(|cell| rows.field_of(cell, words).is_some())
                && filled().nth(1).is_some()
                && rows.count_fields(&rows.cells(row), words) == filled().count()
        };
        if kinds[row] == RowKind::Data && (names_fields_alone() || begins_table()) {
            kinds[row] = RowKind::Header;
            found.push(row);
        }
    }
    found
}

/// Turns header rows among records into notes if they are one text that is no word of a header.
fn mark_lone(rows: SheetRowView<'_>, kinds: &mut [RowKind], words: &FieldWords) {
    let Some(first) = kinds.iter().position(|&kind| kind == RowKind::Data) else {
        return;
    };
    for block in blocks(kinds) {
        if block.len() > 1 || block.start < first {
            continue;
        }
        let texts = rows.texts(block.start);
        let below = rows.filled_rows(block.end..kinds.len()).next();
        if let ([(_, text)], Some(below)) = (texts.as_slice(), below)
            && kinds[below] == RowKind::Data
            && !words.contains_key(&simplify(text))
            && rows.texts(below).len() >= MIN_RECORD_CELLS
        {
            kinds[block.start] = RowKind::Note;
        }
    }
}

/// Turns the rows above a repeated header into titles, as on each printed page. Returns these rows in order.
fn mark_page_titles(rows: SheetRowView<'_>, kinds: &mut [RowKind]) -> Vec<usize> {
    let mut pages_of: HashMap<Vec<(usize, String)>, Vec<Range<usize>>> = HashMap::default();
    for block in blocks(kinds) {
        let texts = rows.texts(block.end - 1);
        if texts.len() > 1 {
            pages_of.entry(texts).or_default().push(block);
        }
    }
    let mut found: HashSet<usize> = HashSet::default();
    for (names, pages) in pages_of.iter().filter(|(_, pages)| pages.len() > 1) {
        let is_short = |count: usize| (1..names.len()).contains(&count);
        let upper: Vec<Vec<_>> = pages
            .iter()
            .map(|page| {
                (page.start..page.end - 1)
                    .map(|row| rows.texts(row))
                    .collect()
            })
            .collect();
        let are_alike = upper.windows(2).all(|pair| pair[0] == pair[1]);
        for (page, texts) in pages.iter().zip(&upper) {
            // Labels above a header repeat with it, or are above its values. A title is one text, or counts the pages.
            let is_title = |texts: &Vec<(usize, String)>| {
                (texts.len() == 1 || !are_alike)
                    && is_short(texts.len())
                    && texts[0].0 <= names[0].0
            };
            let titles = texts
                .iter()
                .enumerate()
                .filter(|(_, texts)| is_title(texts));
            found.extend(titles.map(|(at, _)| page.start + at));
        }
        let above: Vec<(usize, Vec<String>)> = pages
            .iter()
            .filter(|page| page.start > 0 && kinds[page.start - 1] != RowKind::Total)
            .map(|page| (page.start - 1, without_numbers(rows, page.start - 1)))
            .collect();
        for (row, texts) in &above {
            let is_title = is_short(texts.len()) && has_letter(&texts[0]);
            let count = above.iter().filter(|(_, other)| other == texts).count();
            if is_title && count > 1 {
                found.insert(*row);
            }
        }
    }
    // Also mark the foot of the last page.
    if let Some(last) = kinds.len().checked_sub(1) {
        let foot = without_numbers(rows, last);
        if found.iter().any(|&row| without_numbers(rows, row) == foot) {
            found.insert(last);
        }
    }
    let mut found: Vec<usize> = found.into_iter().collect();
    found.sort_unstable();
    for &row in &found {
        kinds[row] = RowKind::Title;
    }
    found
}

impl SheetView<'_> {
    /// Marks headers that can only be recognised by the rows around them. Returns the reason for each row that repeats a header
    /// or is a line of signs.
    pub(super) fn mark_headers(&mut self) -> HashMap<usize, &'static str> {
        let mut repeats = HashMap::default();
        if !self.settings.is_2026 {
            return repeats;
        }
        let (rows, kinds) = (self.rows, &mut self.kinds);
        let looked_at = || self.looks.rows.iter().map(|row| row.number);
        let rules = free_rules(rows, kinds).into_iter();
        repeats.extend(rules.map(|row| (row, "a line drawn with characters")));
        let found = mark_repeated(rows, looked_at(), kinds).into_iter();
        repeats.extend(found.map(|(row, how)| (row, how.words())));
        let further = mark_further(rows, looked_at(), kinds, self.words);
        if !further.is_empty() {
            self.told.push(SheetNotice::FurtherHeaders(further));
        }
        mark_lone(rows, kinds, self.words);
        self.titles = mark_page_titles(rows, kinds);
        repeats
    }
}

/// Returns the stretches of consecutive header rows.
fn blocks(kinds: &[RowKind]) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut found = Vec::new();
    for part in kinds.chunk_by(|a, b| (*a == RowKind::Header) == (*b == RowKind::Header)) {
        if part[0] == RowKind::Header {
            found.push(start..start + part.len());
        }
        start += part.len();
    }
    found
}

/// Returns the texts of a row with page numbers masked, so that they are equal on each page.
fn without_numbers(rows: SheetRowView<'_>, row: usize) -> Vec<String> {
    let mask = |text: String| {
        let mut masked = String::with_capacity(text.len());
        let mut in_number = false;
        for c in text.chars() {
            if !is_digit(c) {
                masked.push(c);
            } else if !in_number {
                masked.push('0');
            }
            in_number = is_digit(c);
        }
        masked
    };
    let texts = rows.texts(row).into_iter();
    texts.map(|(_, text)| mask(text)).collect()
}
