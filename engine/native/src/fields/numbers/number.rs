//! A column of numbers: amounts, quantities, percentages.
//!
//! Each cell has one or two meanings, with a decimal point and with a decimal comma. The mark that explains most cells is
//! taken; where both explain as many, what stands around decides, and else the setting. Cells that the mark cannot
//! explain stay empty.

use super::amount::{Amount, MARKS};
use crate::columns::view::Value;
use crate::fields::column::parts::{in_threads, ranges};
use crate::fields::column::reading::{
    ChosenBy, Decided, Hints, Reading, StatedBy, against_in_words, are_few, certain_in_words,
    left_out_in_words,
};
use crate::fields::words::cut::Cut;
use crate::fields::words::lexicon;

const POINT: u8 = b'.';
const COMMA: u8 = b',';

/// What an author or a setting says about a column of numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberOptions<'a> {
    /// What may stand behind a number and is left out, folded.
    pub units: &'a [String],
    /// The ISO code of the currency that the header names; empty: it names none.
    pub currency: &'a str,
    /// The decimal mark where nothing decides.
    pub decimal: Option<u8>,
    pub stated_by: StatedBy,
    pub hints: Hints,
    /// Whether the month comes first in dates beside it.
    pub month_first: bool,
}

/// Numbers as they were read.
pub struct Numbers {
    pub values: Vec<Option<f64>>,
    /// The currency of each row, as its position in the table plus one; empty where no cell has one.
    pub currencies: Vec<u16>,
    /// Whether the column is one of percentages; cells that differ in this contradict.
    pub takes_percent: bool,
    pub reading: Reading,
}

impl Numbers {
    /// Whether a cell that contradicts does so because it is a percentage or is none.
    pub fn differs_in_percent(&self, value: Value<'_>) -> bool {
        matches!(value, Value::Text(text) if text.contains(['%', '٪', '％']) != self.takes_percent)
    }
}

/// A cell, in few bytes.
#[derive(Clone, Copy, Default)]
struct Cell {
    point: f64,
    comma: f64,
    flags: u16,
    grouping: [u8; 2],
    currency: u16,
    plain_digits: u8,
    commas: u8,
}

const HAS_POINT: u16 = 1;
const HAS_COMMA: u16 = 2;
const OPEN: u16 = 4;
const PERCENT: u16 = 8;
const INDIAN: u16 = 16;
const LONG_HEAD: u16 = 32;
const PLAIN: u16 = 64;
const ENDS_IN_ZERO: u16 = 128;
const CURRENCY: u16 = 256;

impl Cell {
    fn of(amount: &Amount) -> Self {
        let [point, comma] = amount.meanings;
        let mut flags = 0;
        let mut set = |condition: bool, flag: u16| flags |= if condition { flag } else { 0 };
        set(point.is_some(), HAS_POINT);
        set(comma.is_some(), HAS_COMMA);
        set(amount.is_open(), OPEN);
        set(amount.is_percent, PERCENT);
        set(
            point.is_some_and(|one| one.is_indian) || comma.is_some_and(|one| one.is_indian),
            INDIAN,
        );
        set(amount.has_long_head, LONG_HEAD);
        set(amount.is_plain, PLAIN);
        set(amount.ends_in_zero, ENDS_IN_ZERO);
        set(amount.has_currency, CURRENCY);
        let (point, comma) = (point.unwrap_or_default(), comma.unwrap_or_default());
        Self {
            point: point.value,
            comma: comma.value,
            flags,
            grouping: [point.grouping, comma.grouping],
            currency: amount.currency,
            plain_digits: amount.plain_digits,
            commas: amount.commas,
        }
    }

    fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    fn is_number(&self) -> bool {
        self.is(HAS_POINT | HAS_COMMA)
    }

    fn allows(&self, mark: u8) -> bool {
        self.is(if mark == POINT { HAS_POINT } else { HAS_COMMA })
    }

    /// Whether only this mark explains the cell.
    fn only(&self, mark: u8) -> bool {
        self.allows(mark) && !self.allows(other(mark))
    }

    /// Whether a cell would have three decimals by this mark, in a currency whose countries write the other one: ¥5,000 among
    /// amounts with a decimal comma.
    fn is_foreign(&self, mark: u8) -> bool {
        let bit = if mark == POINT { 1 } else { 2 };
        let marks = usize::from(self.currency)
            .checked_sub(1)
            .map_or(0, lexicon::currency_marks);
        self.grouping(mark) == 0 && marks != 0 && marks & bit == 0
    }

    fn is_zero(&self) -> bool {
        MARKS
            .into_iter()
            .all(|mark| !self.allows(mark) || self.value(mark) == 0.0)
    }

    fn value(&self, mark: u8) -> f64 {
        if mark == POINT {
            self.point
        } else {
            self.comma
        }
    }

    fn grouping(&self, mark: u8) -> u8 {
        self.grouping[usize::from(mark == COMMA)]
    }
}

fn other(mark: u8) -> u8 {
    if mark == POINT { COMMA } else { POINT }
}

/// Reads a column.
pub fn read(values: &[Value<'_>], options: &NumberOptions<'_>) -> Numbers {
    let mut found: Vec<Option<f64>> = vec![None; values.len()];
    let mut has_text = false;
    for (row, value) in values.iter().enumerate() {
        found[row] = match *value {
            Value::Float(number) if number.is_finite() => Some(number),
            Value::Integer(number) => Some(number as f64),
            Value::Unsigned(number) => Some(number as f64),
            Value::Text(_) => {
                has_text = true;
                None
            }
            _ => None,
        };
    }
    let mut numbers = Numbers {
        values: found,
        currencies: Vec::new(),
        takes_percent: false,
        reading: Reading::default(),
    };
    if has_text {
        let has_typed = numbers.values.iter().any(Option::is_some);
        read_text(values, options, has_typed, &mut numbers);
    }
    numbers
}

/// Whether a cell by itself is a number, with whatever decimal mark.
pub fn is_number(value: Value<'_>, options: &NumberOptions<'_>) -> bool {
    let Value::Text(text) = value else {
        return false;
    };
    let mut cut = Cut::default();
    cut.cut(text) && Amount::of(&cut, text, options.units, options.currency).is_some()
}

/// The decimal mark that the cells of a column show by themselves.
pub fn shown_decimal(values: &[Value<'_>]) -> Option<u8> {
    let numbers = read(values, &NumberOptions::default());
    let reading = &numbers.reading;
    if !reading.contradict.is_empty() && !are_few(reading.contradict.len(), reading.certain) {
        return None;
    }
    match (numbers.reading.decided, numbers.reading.read_as) {
        (Decided::Evidence, "decimal point") => Some(POINT),
        (Decided::Evidence, "decimal comma") => Some(COMMA),
        _ => None,
    }
}

/// Whether a column is written as money is, with so many cents and with thousands: an outline number, a version or a coordinate
/// is no witness for the decimal mark of amounts.
pub fn shows_cents(values: &[Value<'_>], mark: u8) -> bool {
    let (mut with_mark, mut with_cents, mut with_hundreds) = (0, 0, false);
    for value in values {
        let Value::Text(text) = value else { continue };
        let Some((whole, rest)) = text.rsplit_once(char::from(mark)) else {
            continue;
        };
        with_mark += 1;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        with_cents += usize::from(digits == 2);
        let digits: Vec<u8> = whole.bytes().filter(u8::is_ascii_digit).collect();
        // 2025.01 is a month.
        let is_year = digits.len() == 4 && matches!(digits[..2], [b'1', b'9'] | [b'2', b'0']);
        with_hundreds |= digits.len() > 2 && (!is_year || whole.contains(['.', ',']));
    }
    with_hundreds && 10 * with_cents >= 9 * with_mark
}

/// What was found in cells that were cut.
#[derive(Default)]
struct Part {
    /// Filled cells of text.
    filled: usize,
    numbers: usize,
    with_digits: usize,
    has_currency: bool,
}

impl Part {
    /// Cuts the cells of some values, each into its place.
    fn of(values: &[Value<'_>], cells: &mut [Cell], units: &[String], currency: &str) -> Self {
        let mut this = Self::default();
        let mut cut = Cut::default();
        for (cell, value) in cells.iter_mut().zip(values) {
            let Value::Text(text) = value else { continue };
            let plain = Amount::of_plain(text, units);
            if plain.is_none() && !cut.cut(text) {
                this.filled += usize::from(!text.trim().is_empty());
                continue;
            }
            this.filled += 1;
            if let Some(amount) = plain.or_else(|| Amount::of(&cut, text, units, currency)) {
                *cell = Cell::of(&amount);
                this.numbers += 1;
                this.with_digits += 1;
                this.has_currency |= amount.currency > 0;
            } else {
                this.with_digits +=
                    usize::from(cut.folded().bytes().any(|byte| byte.is_ascii_digit()));
            }
        }
        this
    }
}

fn read_text(
    values: &[Value<'_>],
    options: &NumberOptions,
    has_typed: bool,
    numbers: &mut Numbers,
) {
    let mut cells = vec![Cell::default(); values.len()];
    let mut rest = cells.as_mut_slice();
    let mut tasks = Vec::new();
    for range in ranges(values.len()) {
        let (own, others) = rest.split_at_mut(range.len());
        tasks.push((&values[range], own));
        rest = others;
    }
    let parts = in_threads(tasks, |(values, cells)| {
        Part::of(values, cells, options.units, options.currency)
    });
    let mut whole = Part::default();
    for part in parts {
        whole.filled += part.filled;
        whole.numbers += part.numbers;
        whole.with_digits += part.with_digits;
        whole.has_currency |= part.has_currency;
    }
    let Part {
        filled,
        numbers: count,
        with_digits,
        has_currency,
    } = whole;
    let reading = &mut numbers.reading;
    reading.cells = filled;
    if count == 0 || 2 * count < with_digits {
        reading.decided = Decided::Refused;
        let of_text = if has_typed { " of text" } else { "" };
        reading.why.push(if count == 0 {
            format!("no cell{of_text} is a number")
        } else {
            format!("only {count} of {with_digits} cells{of_text} with digits can be numbers")
        });
        // Numbers that were typed as such are read all the same.
        if has_typed {
            reading.read_as = "typed numbers";
        }
        return;
    }
    let facts = Facts::of(&cells);
    let (mark, mut decided, mut why) = facts.decide(&cells, options);
    let (against, support) = (
        facts.only[usize::from(mark == POINT)],
        facts.only[usize::from(mark == COMMA)],
    );
    let is_mixed = against > 0 && !are_few(against, support);
    let takes_indian = 2 * facts.indian >= facts.several_commas || facts.is_rupee;
    let takes_percent = 2 * facts.percents > count;
    numbers.takes_percent = takes_percent;
    for (row, cell) in cells.iter().enumerate() {
        if !cell.is_number() {
            continue;
        }
        let fits = if cell.is(OPEN) {
            !is_mixed && facts.fits(cell, mark) && !cell.is_foreign(mark)
        } else {
            is_mixed || cell.allows(mark)
        };
        // Nothing is nothing, with or without a sign.
        let is_kind = cell.is(PERCENT) == takes_percent || cell.is_zero();
        if fits && is_kind && (takes_indian || !cell.is(INDIAN)) {
            numbers.values[row] =
                Some(cell.value(if cell.allows(mark) { mark } else { other(mark) }));
        } else {
            reading.contradict.push(row);
        }
    }
    if is_mixed {
        decided = Decided::Weak;
    }
    let (several, second) = several_currencies(&cells);
    if several {
        decided = Decided::Weak;
        why.push("amounts in several currencies".to_owned());
    }
    if facts.looks_like_codes(count) {
        decided = Decided::Weak;
        why.push(format!(
            "all have {} digits, so they may be codes or phone numbers",
            facts.size
        ));
        reading.first_open = cells.iter().position(Cell::is_number);
    } else {
        reading.first_open = cells.iter().position(|cell| cell.is(OPEN));
    }
    if is_mixed {
        // The one that contradicts is to be looked at, even if no cell stays empty.
        reading.first_open = cells.iter().position(|cell| cell.only(other(mark)));
    } else if several {
        reading.first_open = reading.first_open.or(second);
    }
    let is_clear =
        facts.open > 0 && facts.only[0] + facts.only[1] > 0 && decided != Decided::Setting;
    let is_whole = facts.open == 0 && against == 0 && support == 0;
    let contradicting = reading.contradict.len();
    if is_mixed {
        // What decided between the marks is of no use where both are there.
        why.clear();
    } else if is_clear || support > 0 {
        why.push(certain_in_words(support, count));
    }
    if !is_mixed {
        why.extend(against_in_words(contradicting));
    } else if contradicting > 0 {
        let left_out = left_out_in_words(contradicting);
        why.push(format!("decimal points and commas are mixed: {left_out}"));
    } else {
        why.push("decimal points and commas are mixed, each cell in one way only".to_owned());
    }
    if decided == Decided::Setting {
        let values = numbers.values.iter();
        let cells = cells.iter().zip(values);
        reading.by = Some(match options.stated_by {
            StatedBy::Setting => ChosenBy::DecimalMark,
            StatedBy::Argument => ChosenBy::Argument,
        });
        reading.open = cells
            .map(|(cell, value)| cell.is(OPEN) && value.is_some())
            .collect();
    }
    reading.decided = decided;
    reading.certain = support;
    reading.read_as = if is_whole {
        "whole numbers"
    } else if mark == POINT {
        "decimal point"
    } else {
        "decimal comma"
    };
    reading.why.push(if why.is_empty() {
        match is_whole {
            true => "no cell has decimals".to_owned(),
            false => "no cell can be read otherwise".to_owned(),
        }
    } else {
        why.join(", ")
    });
    if has_currency {
        numbers.currencies = cells.iter().map(|cell| cell.currency).collect();
    }
}

/// Whether a column has amounts in more than one known currency, and the first row with another than the first. A sign that
/// several currencies share may be any of them.
fn several_currencies(cells: &[Cell]) -> (bool, Option<usize>) {
    let code = |cell: &Cell| {
        let position = usize::from(cell.currency).checked_sub(1)?;
        lexicon::currency_code(position)
    };
    let first = cells.iter().find_map(code);
    let second = cells
        .iter()
        .position(|cell| code(cell).is_some_and(|code| Some(code) != first));
    (second.is_some(), second)
}

/// A column in numbers.
#[derive(Default)]
struct Facts {
    /// Cells that only a decimal point explains, and only a decimal comma.
    only: [usize; 2],
    open: usize,
    /// Marks that part thousands beyond doubt.
    seen: Vec<u8>,
    /// More cells than are open have many digits without a mark: nothing parts thousands here.
    never_grouped: bool,
    counts: [usize; 2],
    /// The only mark before three last digits of open cells.
    mark_of_open: Option<u8>,
    open_ends_in_zero: bool,
    has_small_plain: bool,
    /// Decimal marks that all known currencies of the column share.
    marks_of_currencies: Option<u8>,
    is_rupee: bool,
    indian: usize,
    several_commas: usize,
    percents: usize,
    cells: usize,
    /// The number of digits, where all cells are whole numbers of as many.
    size: u8,
    has_currency: bool,
}

impl Facts {
    fn of(cells: &[Cell]) -> Self {
        let mut this = Self::default();
        let (mut long_heads, mut sizes) = (0, None);
        let mut same_size = true;
        let mut mark_of_open = None;
        let mut one_mark = true;
        let mut last_currency = 0;
        for cell in cells.iter().filter(|cell| cell.is_number()) {
            this.cells += 1;
            for (count, mark) in this.only.iter_mut().zip(MARKS) {
                *count += usize::from(cell.only(mark));
            }
            if cell.is(OPEN) {
                this.open += 1;
                let mark = cell.grouping[0].max(cell.grouping[1]);
                one_mark &= mark_of_open.is_none_or(|known| known == mark);
                mark_of_open = Some(mark);
                this.open_ends_in_zero |= cell.is(ENDS_IN_ZERO);
            } else {
                for mark in MARKS {
                    let grouping = cell.grouping(mark);
                    if cell.allows(mark) && grouping != 0 && !this.seen.contains(&grouping) {
                        this.seen.push(grouping);
                    }
                }
            }
            long_heads += usize::from(cell.is(LONG_HEAD));
            this.has_small_plain |= cell.is(PLAIN) && cell.plain_digits < 4;
            this.indian += usize::from(cell.is(INDIAN));
            this.several_commas += usize::from(cell.commas > 1);
            this.percents += usize::from(cell.is(PERCENT));
            this.has_currency |= cell.is(CURRENCY);
            same_size &= sizes.is_none_or(|size| size == cell.plain_digits);
            sizes = Some(cell.plain_digits);
            if cell.currency != 0 && cell.currency != last_currency {
                last_currency = cell.currency;
                let position = usize::from(cell.currency) - 1;
                let marks = lexicon::currency_marks(position);
                this.marks_of_currencies = Some(
                    this.marks_of_currencies
                        .map_or(marks, |known| known & marks),
                );
                this.is_rupee |= lexicon::currency_code(position) == Some("INR");
            }
        }
        this.mark_of_open = mark_of_open.filter(|_| one_mark);
        this.never_grouped = long_heads > this.open;
        this.size = if same_size { sizes.unwrap_or(0) } else { 0 };
        for (count, mark) in this.counts.iter_mut().zip(MARKS) {
            *count = usize::from(mark == POINT) * this.only[0]
                + usize::from(mark == COMMA) * this.only[1];
        }
        let open: Vec<&Cell> = cells.iter().filter(|cell| cell.is(OPEN)).collect();
        for (at, mark) in MARKS.into_iter().enumerate() {
            this.counts[at] += open.iter().filter(|cell| this.fits(cell, mark)).count();
        }
        this
    }

    /// Whether an open cell agrees with what else the column shows about its thousands.
    fn fits(&self, cell: &Cell, mark: u8) -> bool {
        match cell.grouping(mark) {
            0 => true,
            grouping => {
                self.seen.contains(&grouping) || self.seen.is_empty() && !self.never_grouped
            }
        }
    }

    fn decide(&self, cells: &[Cell], options: &NumberOptions<'_>) -> (u8, Decided, Vec<String>) {
        let mut why = Vec::new();
        let most = self.counts[0].max(self.counts[1]);
        let best = if self.counts[1] > self.counts[0] {
            COMMA
        } else {
            POINT
        };
        if self.open == 0 {
            let decided = if self.only[0] + self.only[1] > 0 {
                Decided::Evidence
            } else {
                Decided::Cells
            };
            return (best, decided, why);
        }
        let mut tied: Vec<u8> = MARKS
            .into_iter()
            .zip(self.counts)
            .filter(|(_, count)| *count == most)
            .map(|(mark, _)| mark)
            .collect();
        let mut decided = Decided::Evidence;
        let mut strike = |strength: Decided, reason: &str, keep: Option<u8>| {
            if let Some(keep) = keep
                && tied.len() > 1
                && tied.contains(&keep)
            {
                tied = vec![keep];
                decided = strength;
                why.push(reason.to_owned());
            }
        };
        strike(
            Decided::Hint,
            "as elsewhere in the sheet",
            options.hints.decimal,
        );
        let parts_thousands = self.open_ends_in_zero && self.has_small_plain;
        strike(
            Decided::Evidence,
            "some cells have no mark and others end in 0: the mark parts thousands",
            self.mark_of_open.filter(|_| parts_thousands).map(other),
        );
        let of_currency = match self.marks_of_currencies {
            Some(1) => Some(POINT),
            Some(2) => Some(COMMA),
            _ => None,
        };
        strike(
            Decided::Weak,
            "as in countries that use the currency",
            of_currency,
        );
        strike(
            Decided::Weak,
            "the month comes first in dates beside it",
            options.month_first.then_some(POINT),
        );
        if let [only] = tied.as_slice() {
            let hard = cells.iter().any(|cell| cell.only(*only));
            if !hard && why.is_empty() {
                return (
                    *only,
                    Decided::Weak,
                    vec!["as thousands are parted elsewhere in the column".to_owned()],
                );
            }
            let support = self.only[usize::from(*only == COMMA)];
            if support == 0 && decided == Decided::Hint && self.mark_of_open.is_none() {
                // 1.000 beside 1,000: one of them is not meant as the others of the sheet are.
                why.push("points and commas stand before three digits each".to_owned());
                return (*only, Decided::Weak, why);
            }
            let says_thousands = parts_thousands && support == 1;
            // One odd cell, and all others become decimals by it, though each has three digits behind its mark.
            if support > 0
                && (says_thousands || are_few(support, self.open))
                && self.mark_of_open == Some(*only)
                && options.hints.decimal != Some(*only)
            {
                let verb = if support == 1 { "shows" } else { "show" };
                why.push(format!("{support} of {} cells {verb} the decimal mark, and the mark of {} others may part thousands", self.cells, self.open));
                return (*only, Decided::Weak, why);
            }
            return (*only, decided, why);
        }
        let mark = options.decimal.unwrap_or(POINT);
        let decided = options.stated_by.decided("decimal_mark", "decimal_mark");
        let name = if mark == POINT {
            "a decimal comma"
        } else {
            "a decimal point"
        };
        (
            mark,
            Decided::Setting,
            vec![if self.open == self.cells {
                format!("every cell can also have {name}, so {decided}")
            } else {
                format!(
                    "{} of {} cells can also have {name}, so {decided}",
                    self.open, self.cells
                )
            }],
        )
    }

    fn looks_like_codes(&self, count: usize) -> bool {
        count > 4 && self.size > 7 && !self.has_currency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(texts: &[&str]) -> Reading {
        let values: Vec<_> = texts.iter().map(|text| Value::Text(text)).collect();
        read(&values, &NumberOptions::default()).reading
    }

    #[test]
    fn one_odd_cell_does_not_decide_alone() {
        let mut texts = vec!["1.234"; 39];
        texts.push("2.5");
        assert!(reading(&texts).is_ambiguous());
        texts.extend(["2.5"; 5]);
        assert!(!reading(&texts).is_ambiguous());
        assert!(reading(&["1.230", "850", "2.450", "2.5"]).is_ambiguous());
        assert!(!reading(&["1.5", "2.345"]).is_ambiguous());
        // The mark of the others parts thousands beside another decimal mark.
        let mut texts = vec!["1,234"; 39];
        texts.push("2.5");
        assert!(!reading(&texts).is_ambiguous());
    }

    #[test]
    fn mixed_marks_and_currencies_are_to_be_looked_at() {
        let mixed = reading(&["1.5", "2.5", "3,5", "4,5"]);
        assert!(mixed.is_ambiguous());
        assert_eq!(mixed.first_open, Some(2));
        assert!(mixed.why[0].contains("mixed"));
        let several = reading(&["5 €", "6 €", "$7", "US$ 8"]);
        assert!(several.is_ambiguous());
        assert_eq!(several.first_open, Some(3));
        assert!(!reading(&["5 €", "6 EUR", "7"]).is_ambiguous());
    }
}
