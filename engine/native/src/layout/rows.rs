//! Reads the examined rows: the content of each cell, and the shape of the row.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::HashMap;
use foldhash::quality::FixedState;

use super::choose::choose;
use super::kinds::{CellKind, is_range, kind_of, leading_year, trim, year};
use super::words::{self, WordFacts};
use crate::cells::merged::MergedRange;
use crate::cells::text_form::as_python;
use crate::cells::{CellTag, Sheet, SheetCell};

/// The maximum number of bytes of a text that are read. Longer texts are sentences, whatever follows.
const MAX_CELL_BYTES: usize = 240;
/// The maximum number of texts that are remembered from sheet to sheet.
const MAX_KEPT: usize = 10_000;

/// A cell of an examined row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    pub kind: CellKind,
    /// True if it names a period. Periods beside one another are headers, not values.
    pub is_period: bool,
    /// True if it is a range of values: "20-49".
    pub is_range: bool,
    /// The number of characters.
    pub length: u16,
    /// The hash of its text, for comparing.
    pub text: u64,
    /// The hash of its text's pattern: letters, digits and signs in their order.
    pub pattern: u32,
}

/// The shape of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RowShape {
    /// One short cell in the first column.
    Lone,
    /// One long cell in the first column.
    LoneLong,
    /// One short cell further right.
    Aside,
    /// One long cell further right.
    AsideLong,
    /// Names with values beside them: "Customer:", "Miller".
    Pairs,
    /// A long text and little else.
    Prose,
    /// Mostly years, quarters, months.
    Periods,
    /// Cells that are mostly values.
    #[default]
    Values,
    /// Mostly values, but few.
    FewValues,
    /// Words with some values.
    WordsAndValues,
    /// Words, as many as rows nearby have cells.
    Labels,
    /// Words, about half as many.
    SomeLabels,
    /// Words, few of them.
    FewLabels,
}

impl RowShape {
    pub const COUNT: usize = 13;
    pub const NAMES: [&'static str; Self::COUNT] = [
        "one short text",
        "one long text",
        "one short text at the right",
        "one long text at the right",
        "names with values beside them",
        "prose",
        "periods",
        "values",
        "few values",
        "words and values",
        "labels",
        "some labels",
        "few labels",
    ];

    /// Returns whether a row of this shape may name columns.
    pub fn is_names(self) -> bool {
        matches!(
            self,
            Self::Labels | Self::SomeLabels | Self::FewLabels | Self::Periods
        )
    }

    /// Returns whether a row of this shape is a single cell, or text outside a table.
    pub fn is_apart(self) -> bool {
        matches!(
            self,
            Self::Lone | Self::LoneLong | Self::Aside | Self::AsideLong | Self::Pairs | Self::Prose
        )
    }
}

/// A filled row that is examined.
#[derive(Debug, Clone, Default)]
pub struct LayoutRow {
    /// The row in the sheet, from 0.
    pub number: usize,
    /// The number of blank rows directly above, up to the sheet's first row.
    pub gap: usize,
    /// The examined columns with a value, in order.
    pub columns: Vec<u16>,
    /// The number of cells of each [`CellKind`].
    pub counts: [u16; CellKind::COUNT],
    pub length_of_first: u16,
    pub longest: u16,
    pub mean_length: f32,
    pub colons: u16,
    /// The number of texts with a colon at the end or within: "Zone:", "Zone: 1".
    pub named: u16,
    /// The number of words of the first text.
    pub words: u16,
    /// True if the first text is a number followed by letters: "1,000 t".
    pub is_measure: bool,
    pub headers: u16,
    pub units: u16,
    /// True if dates are beside one another in order.
    pub dates_run: bool,
    /// True if years follow each other in short steps.
    pub years_step: bool,
    /// True if three years or more only rise, or only fall.
    pub years_run: bool,
    /// True if small numbers count up: 1, 2, 3.
    pub counts_up: bool,
    /// True if there are three whole numbers or more that rise, and no other values: 3, 8, 21.
    pub rises: bool,
    pub has_decimals: bool,
    pub first_is_note: bool,
    pub first_is_title: bool,
    pub first_is_total: bool,
    pub later_total: bool,
    pub full_stop: bool,
    pub colon: bool,
    pub bracket_first: bool,
    pub bracketed: bool,
    /// True if most texts to the right of the first are in brackets.
    pub most_bracketed: bool,
    /// True if the cells draw a line: "-----".
    pub is_rule: bool,
    pub address: bool,
    pub upper: bool,
    /// The share of texts that begin with a small letter, or `None` if no text has a letter.
    pub lower: Option<f32>,
    pub distinct: u16,
    /// The hash of all texts in order.
    pub all_text: u64,
    /// The index in `columns` of the first cell to the right of the sheet's first column.
    pub rest_from: usize,
    pub periods: u16,
    pub values: u16,
    pub typical: u16,
    pub shape: RowShape,
}

impl LayoutRow {
    pub fn count(&self) -> usize {
        self.columns.len()
    }

    pub fn count_kind(&self, kind: CellKind) -> usize {
        usize::from(self.counts[kind as usize])
    }

    /// Returns the number of cells with words or mixed text.
    pub fn texts(&self) -> usize {
        self.count_kind(CellKind::Words) + self.count_kind(CellKind::Mixed)
    }

    /// Returns the columns to the right of the sheet's first one.
    pub fn rest(&self) -> &[u16] {
        &self.columns[self.rest_from..]
    }

    /// Returns the row's share of filled cells compared with the fullest rows nearby.
    pub fn fullness(&self) -> f32 {
        self.count() as f32 / f32::from(self.typical.max(1))
    }
}

/// The examined rows, and their cells by row and column.
pub struct LayoutGrid {
    pub rows: Vec<LayoutRow>,
    slots: Vec<Slot>,
    width: usize,
    /// The first column with a value in any of the rows.
    pub first_column: u16,
    pub widest: usize,
}

impl LayoutGrid {
    /// Reads the rows of a sheet that [`choose`] picks. Omits rows without a cell in the picked columns.
    pub fn of_sheet(sheet: &Sheet) -> Self {
        let chosen = choose(sheet);
        let numbers = &chosen.rows;
        let (first_column, stop_column) = (chosen.columns.start, chosen.columns.end);
        let width = stop_column.saturating_sub(first_column);
        let mut grid = Self {
            rows: Vec::with_capacity(numbers.len()),
            slots: Vec::with_capacity(numbers.len() * width),
            width,
            first_column: 0,
            widest: 0,
        };
        let mut cells = Vec::new();
        let mut texts = RowTexts {
            known: KNOWN.take(),
            ..RowTexts::default()
        };
        let mut merged = MergedRangeCursor::new(sheet);
        for &(number, gap) in numbers {
            sheet.read_row(number, &mut cells);
            merged.empty_others(number, &mut cells);
            let stop = cells.len().min(stop_column);
            let cells = cells.get(first_column..stop).unwrap_or_default();
            texts.fill(sheet, cells);
            if texts.found.is_empty() {
                continue;
            }
            let at = grid.slots.len();
            grid.slots.resize(at + width, Slot::default());
            let row = texts.row(number, gap, &mut grid.slots[at..]);
            grid.rows.push(row);
        }
        if texts.known.kinds.len() + texts.known.words.len() <= MAX_KEPT {
            KNOWN.set(texts.known);
        }
        let firsts = grid.rows.iter().map(|row| row.columns[0]);
        grid.first_column = firsts.min().unwrap_or(0);
        grid.widest = grid.rows.iter().map(LayoutRow::count).max().unwrap_or(0);
        grid.take_values_for_names();
        grid.find_shapes();
        grid
    }

    pub fn slot(&self, row: usize, column: u16) -> &Slot {
        &self.slots[row * self.width + usize::from(column)]
    }

    /// Turns values into names, as years are, if they do not fit the columns below them: ranges above plain numbers, or rising
    /// whole numbers above texts.
    fn take_values_for_names(&mut self) {
        for k in 1..self.rows.len() {
            if self.rows[k].gap > 1 {
                continue;
            }
            let row = &self.rows[k - 1];
            let rises = row.rises;
            let may_name = |column: &u16| {
                let slot = self.slot(k - 1, *column);
                slot.is_range || rises && slot.kind == CellKind::Number
            };
            let names: Vec<u16> = row.columns.iter().copied().filter(may_name).collect();
            if names.len() < 2 || names.len() * 2 < row.count() {
                continue;
            }
            let below = names.iter().map(|&column| self.slot(k, column));
            let fits = below.clone().filter(|slot| match slot.kind {
                CellKind::Number => !rises && !slot.is_range,
                CellKind::Words | CellKind::Mixed | CellKind::Stand => rises,
                _ => false,
            });
            let is_other = below.clone().any(|slot| match slot.kind {
                CellKind::Number => rises || slot.is_range,
                CellKind::Words | CellKind::Mixed => !rises,
                _ => false,
            });
            if is_other || fits.count() * 2 < names.len() {
                continue;
            }
            for column in names {
                let slot = &mut self.slots[(k - 1) * self.width + usize::from(column)];
                let row = &mut self.rows[k - 1];
                row.counts[slot.kind as usize] -= 1;
                row.counts[CellKind::Period as usize] += 1;
                slot.kind = CellKind::Period;
                slot.is_period = true;
            }
        }
    }

    fn find_shapes(&mut self) {
        let counts: Vec<u16> = self.rows.iter().map(|row| row.count() as u16).collect();
        let mut near = Vec::new();
        for k in 0..self.rows.len() {
            near.clear();
            near.extend_from_slice(&counts[k.saturating_sub(4)..counts.len().min(k + 9)]);
            near.sort_unstable_by(|a, b| b.cmp(a));
            let typical = near[2.min(near.len() - 1)];
            let slots = &mut self.slots[k * self.width..(k + 1) * self.width];
            let row = &mut self.rows[k];
            row.typical = typical;
            row.rest_from = usize::from(row.columns[0] == self.first_column);
            let mut dates = 0;
            let (mut periods, mut values) = (0, 0);
            for &column in &row.columns[row.rest_from..] {
                let slot = &mut slots[usize::from(column)];
                dates += u16::from(slot.kind == CellKind::Date);
                slot.is_period |= row.dates_run && slot.kind == CellKind::Date;
                periods += u16::from(slot.is_period);
                values += u16::from(slot.kind.is_value());
            }
            row.periods = periods;
            row.values = values.saturating_sub(if row.dates_run { dates } else { 0 });
            row.shape = shape_of(row, self.first_column, slots);
        }
    }
}

fn shape_of(row: &LayoutRow, first_column: u16, slots: &[Slot]) -> RowShape {
    let count = row.count();
    let typical = usize::from(row.typical);
    if count == 1 {
        let is_long = row.length_of_first > 45;
        return match (row.columns[0] == first_column, is_long) {
            (true, false) => RowShape::Lone,
            (true, true) => RowShape::LoneLong,
            (false, false) => RowShape::Aside,
            (false, true) => RowShape::AsideLong,
        };
    }
    if count <= 4 && count * 2 <= typical.max(4) && usize::from(row.colons) * 3 >= count {
        return RowShape::Pairs;
    }
    if row.longest > 90 && count * 3 < typical {
        return RowShape::Prose;
    }
    let rest = row.rest();
    let numbers = rest
        .iter()
        .filter(|&&column| slots[usize::from(column)].kind == CellKind::Number)
        .count();
    let values = usize::from(row.values);
    if !rest.is_empty()
        && usize::from(row.periods) * 5 >= rest.len() * 3
        && numbers * 4 <= rest.len()
        && (rest.len() >= 2 || values == 0)
        && row.years_step
    {
        return RowShape::Periods;
    }
    if values * 3 >= count {
        return if count * 3 >= typical {
            RowShape::Values
        } else {
            RowShape::FewValues
        };
    }
    if values > 0 {
        return RowShape::WordsAndValues;
    }
    let fullness = row.fullness();
    if fullness >= 0.7 {
        RowShape::Labels
    } else if fullness >= 0.35 || count >= 4 {
        RowShape::SomeLabels
    } else {
        RowShape::FewLabels
    }
}

/// The merged ranges of a sheet, visited from the top.
struct MergedRangeCursor<'s> {
    coming: std::iter::Peekable<std::slice::Iter<'s, MergedRange>>,
    here: Vec<&'s MergedRange>,
}

impl<'s> MergedRangeCursor<'s> {
    fn new(sheet: &'s Sheet) -> Self {
        Self {
            coming: sheet.findings().merged.iter().peekable(),
            here: Vec::new(),
        }
    }

    /// Empties the cells of a row that only repeat the first cell of their range: a title over ten columns is one text, even if
    /// its range was filled. Rows must come in order.
    fn empty_others(&mut self, row: usize, cells: &mut [SheetCell]) {
        while let Some(range) = self.coming.next_if(|range| range.first_row as usize <= row) {
            self.here.push(range);
        }
        self.here.retain(|range| range.last_row as usize >= row);
        for range in &self.here {
            let is_first = range.first_row as usize == row;
            let from = range.first_column as usize + usize::from(is_first);
            let stop = cells.len().min(range.last_column as usize + 1);
            if from < stop {
                cells[from..stop].fill(SheetCell::EMPTY);
            }
        }
    }
}

/// The texts of one row while it is read.
#[derive(Default)]
struct RowTexts {
    /// Each text's column, start, end and kind.
    found: Vec<(u16, usize, usize, CellKind)>,
    all: String,
    known: TextCache,
}

/// A cache of the kinds and words of texts, by their hashes. Texts recur within a sheet and across the sheets of a workbook.
#[derive(Default)]
struct TextCache {
    kinds: HashMap<u64, CellKind>,
    words: HashMap<u64, WordFacts>,
}

thread_local! {
    /// The texts that this thread knows from earlier sheets.
    static KNOWN: RefCell<TextCache> = RefCell::default();
}

impl RowTexts {
    fn fill(&mut self, sheet: &Sheet, cells: &[SheetCell]) {
        self.found.clear();
        self.all.clear();
        for (column, &cell) in cells.iter().enumerate() {
            let start = self.all.len();
            let kind = match cell.tag {
                CellTag::Empty | CellTag::EmptyText => continue,
                CellTag::Text => {
                    let text = trim(cut(sheet.text(cell.as_text())));
                    self.all.push_str(text);
                    let known = self.known.kinds.entry(hash_of(text));
                    *known.or_insert_with(|| kind_of(text))
                }
                CellTag::Boolean => {
                    as_python(cell, sheet, &mut self.all);
                    CellKind::Stand
                }
                CellTag::DateTime | CellTag::Date | CellTag::Time => {
                    as_python(cell, sheet, &mut self.all);
                    CellKind::Date
                }
                CellTag::Duration => CellKind::Number,
                CellTag::Integer | CellTag::Float | CellTag::BigInteger => {
                    as_python(cell, sheet, &mut self.all);
                    if self.all[start..].ends_with(".0") {
                        self.all.truncate(self.all.len() - 2);
                    }
                    match year(&self.all[start..]) {
                        Some(_) => CellKind::Period,
                        None => CellKind::Number,
                    }
                }
            };
            // A text file has "2004.0" if the workbook has the number 2004.
            if matches!(kind, CellKind::Number | CellKind::Period)
                && self.all[start..].ends_with(".0")
            {
                self.all.truncate(self.all.len() - 2);
            }
            if kind != CellKind::Blank {
                self.found
                    .push((column as u16, start, self.all.len(), kind));
            }
        }
    }

    fn row(&mut self, number: usize, gap: usize, slots: &mut [Slot]) -> LayoutRow {
        let (_, start, stop, kind) = self.found[0];
        let first = &self.all[start..stop];
        let mut row = LayoutRow {
            number,
            gap,
            columns: Vec::with_capacity(self.found.len()),
            first_is_note: kind.is_text() && words::is_note(first),
            first_is_title: words::is_title(first),
            colon: first.ends_with(':'),
            bracket_first: first.starts_with(['(', '[']),
            is_rule: self.found.len() >= 2,
            is_measure: kind == CellKind::Number && first.ends_with(char::is_alphabetic),
            ..LayoutRow::default()
        };
        let words = &mut self.known.words;
        let mut sums = RowTally::default();
        for (place, &(column, start, stop, kind)) in self.found.iter().enumerate() {
            row.columns.push(column);
            slots[usize::from(column)] =
                sums.take(&mut row, place, &self.all[start..stop], kind, words);
        }
        row.length_of_first = slots[usize::from(row.columns[0])].length;
        row.words = first.split_whitespace().count() as u16;
        row.full_stop = first.ends_with('.') && row.length_of_first > 25;
        sums.finish(&mut row);
        if row.is_rule {
            // A drawn line is in the position of names; its signs do not replace values.
            for &column in &row.columns {
                slots[usize::from(column)].kind = CellKind::Words;
            }
            row.counts = [0; CellKind::COUNT];
            row.counts[CellKind::Words as usize] = row.count() as u16;
        }
        row
    }
}

/// Counts over the cells of a row while they are visited.
#[derive(Default)]
struct RowTally<'t> {
    /// The hash of the texts so far.
    whole: u64,
    /// The hash of each text.
    hashes: Vec<u64>,
    length: u32,
    /// Counts of texts with a letter, of those that begin with a small letter, and of those in capitals.
    lettered: u32,
    small: u32,
    capital: u32,
    years: Vec<u32>,
    dates: Vec<&'t str>,
    counting: Vec<u32>,
    has_large: bool,
    /// The last of the whole numbers, their count, and whether another value is among them or they do not rise.
    whole_number: Option<u32>,
    whole_numbers: usize,
    falls: bool,
    in_brackets: usize,
    drawn: usize,
}

impl<'t> RowTally<'t> {
    /// Adds a cell; `place` is its index among the cells of the row.
    fn take(
        &mut self,
        row: &mut LayoutRow,
        place: usize,
        text: &'t str,
        kind: CellKind,
        words: &mut HashMap<u64, WordFacts>,
    ) -> Slot {
        let length = text.chars().count() as u16;
        row.counts[kind as usize] += 1;
        row.longest = row.longest.max(length);
        self.length += u32::from(length);
        let hash = hash_of(text);
        self.whole = FixedState::default().hash_one((self.whole, hash));
        self.hashes.push(hash);
        let year = leading_year(text);
        let mut slot = Slot {
            kind,
            is_period: kind == CellKind::Period || kind == CellKind::Mixed && year.is_some(),
            is_range: matches!(kind, CellKind::Number | CellKind::Mixed) && is_range(text),
            length,
            text: hash,
            pattern: 0,
        };
        match kind {
            CellKind::Mixed | CellKind::Words => {
                slot.pattern = pattern_of(text);
                let said = *words.entry(hash).or_insert_with(|| words::said(text));
                self.take_text(row, place, text, said);
            }
            CellKind::Number => {
                let number = text.parse::<u32>().ok();
                self.falls |= number.is_none() || number <= self.whole_number;
                self.whole_number = number;
                self.whole_numbers += 1;
                row.has_decimals |= has_decimals(text);
                if text.len() <= 2 {
                    self.counting.extend(text.parse::<u32>().ok());
                } else {
                    self.has_large = true;
                }
            }
            CellKind::Date => self.dates.push(text),
            _ => {}
        }
        if slot.is_period && place > 0 {
            self.years.extend(year);
        }
        let is_drawn = text
            .chars()
            .all(|c| matches!(c, '-' | '_' | '=' | '–' | '—'));
        self.drawn += usize::from(is_drawn);
        row.is_rule &= is_drawn || place == 0;
        row.colons += u16::from(text.ends_with(':'));
        row.named += u16::from(kind.is_text() && (text.ends_with(':') || text.contains(": ")));
        slot
    }

    /// Adds the facts about the words of a text.
    fn take_text(&mut self, row: &mut LayoutRow, place: usize, text: &str, said: WordFacts) {
        row.headers += u16::from(said.header);
        row.units += u16::from(said.unit);
        row.first_is_total |= said.total && place == 0;
        row.later_total |= said.total && place > 0;
        let is_in_brackets = text.starts_with(['(', '[']) && text.ends_with([')', ']']);
        self.in_brackets += usize::from(place > 0 && is_in_brackets);
        row.address |= text.contains('@') || text.starts_with("http") || text.starts_with("www.");
        let mut letters = text.chars().filter(|c| c.is_alphabetic());
        if let Some(letter) = letters.next() {
            self.lettered += 1;
            self.small += u32::from(letter.is_lowercase());
            let are_some = letters.count() > 1;
            self.capital += u32::from(are_some && !text.chars().any(char::is_lowercase));
        }
    }

    fn finish(mut self, row: &mut LayoutRow) {
        let count = row.count();
        row.is_rule &= self.drawn >= 2;
        row.bracketed = self.in_brackets > 0;
        row.most_bracketed = self.in_brackets >= 2 && self.in_brackets * 2 >= count - 1;
        row.mean_length = self.length as f32 / count as f32;
        row.all_text = self.whole;
        self.hashes.sort_unstable();
        self.hashes.dedup();
        row.distinct = self.hashes.len() as u16;
        if self.lettered > 0 {
            row.lower = Some(self.small as f32 / self.lettered as f32);
            row.upper = self.capital * 5 >= self.lettered * 3;
        }
        let (years, dates, counting) = (&self.years, &self.dates, &self.counting);
        row.years_step = years.windows(2).all(|w| w[0].abs_diff(w[1]) <= 30);
        row.years_run =
            years.len() >= 3 && (years.is_sorted() || years.is_sorted_by(|a, b| a >= b));
        row.counts_up =
            !self.has_large && counting.len() >= 3 && counting.windows(2).all(|w| w[1] == w[0] + 1);
        row.rises = self.whole_numbers >= 3 && !self.falls && count - self.whole_numbers <= 1;
        row.dates_run = dates.len() >= 3
            && dates.len() * 2 >= count
            && (dates.is_sorted_by(|a, b| a < b) || dates.is_sorted_by(|a, b| a > b));
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_CELL_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn hash_of(text: &str) -> u64 {
    FixedState::default().hash_one(text)
}

/// Returns whether a number has a fraction other than zeros.
fn has_decimals(text: &str) -> bool {
    text.char_indices().any(|(at, c)| {
        matches!(c, '.' | ',')
            && text[..at].ends_with(|c: char| c.is_ascii_digit())
            && text[at + 1..]
                .chars()
                .take_while(char::is_ascii_digit)
                .any(|c| c != '0')
    })
}

/// Returns the hash of a text's pattern: runs of letters, digits and signs. Any number of words gives the same pattern.
fn pattern_of(text: &str) -> u32 {
    let mut hasher = FixedState::default().build_hasher();
    let (mut length, mut last, mut in_words) = (0, ' ', false);
    let mut put = |sign: char| {
        if length < 12 {
            sign.hash(&mut hasher);
            length += 1;
        }
    };
    let mut was_letter = false;
    for c in text.chars() {
        let sign = if c.is_numeric() {
            '9'
        } else if c.is_alphabetic() {
            'a'
        } else if c.is_whitespace() {
            ' '
        } else {
            c
        };
        if sign == 'a' {
            // Small or capital letters of a word count once, at its first letter.
            if !was_letter && !in_words {
                put(if c.is_uppercase() { 'A' } else { 'a' });
                in_words = true;
            }
        } else if sign == ' ' && in_words {
            // Further words do not change the pattern.
        } else if sign != last || was_letter {
            put(sign);
            in_words = false;
        }
        was_letter = sign == 'a';
        last = sign;
    }
    hasher.finish() as u32
}
