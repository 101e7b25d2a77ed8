//! Reads a column of numbers: amounts, quantities, percentages.
//!
//! Each cell has one or two meanings, with a decimal point and with a decimal comma. The mark that explains the most cells is
//! taken; if both explain equally many, the surroundings decide, and otherwise the setting. Cells that the mark cannot explain
//! stay empty.

use super::amount::Amount;
use super::decimal_mark::{
    COMMA, INDIAN, MarkChoice, NumberCell, NumberColumnFacts, OPEN, PERCENT, POINT, SIDE, other,
};
use crate::cells::parts::{cut_mut, in_threads, ranges};
use crate::columns::view::ColumnValue;
use crate::fields::reading::{
    ChoiceSource, ColumnContext, ColumnReading, DecisionBasis, DefaultSource, against_in_words,
    are_few, certain_in_words, left_out_in_words,
};
use crate::words::cut::CutText;
use crate::words::lexicon;

/// The numbers of a column, and how they were read.
pub struct NumberColumn {
    pub values: Vec<Option<f64>>,
    /// The currency of each row, as its position in the table plus one; empty if no cell has a currency.
    pub currencies: Vec<u16>,
    /// Whether the column has percentages; cells that differ in this contradict.
    pub takes_percent: bool,
    pub reading: ColumnReading,
}

impl NumberColumn {
    /// Returns the decimal mark that the cells of the column show by themselves.
    pub fn shown_decimal(&self) -> Option<u8> {
        let reading = &self.reading;
        if !reading.contradict.is_empty() && !are_few(reading.contradict.len(), reading.certain) {
            return None;
        }
        match (reading.decided, reading.read_as) {
            (DecisionBasis::Evidence, "decimal point") => Some(POINT),
            (DecisionBasis::Evidence, "decimal comma") => Some(COMMA),
            _ => None,
        }
    }

    /// Returns whether a cell contradicts because it is a percentage among numbers, or a number among percentages.
    pub fn differs_in_percent(&self, value: ColumnValue<'_>) -> bool {
        matches!(value, ColumnValue::Text(text) if text.contains(['%', '٪', '％']) != self.takes_percent)
    }
}

/// Reads a column of numbers.
pub fn read(values: &[ColumnValue<'_>], options: &ColumnContext<'_>) -> NumberColumn {
    let number = |value: &ColumnValue<'_>| value.number().filter(|number| number.is_finite());
    let mut numbers = NumberColumn {
        values: values.iter().map(number).collect(),
        currencies: Vec::new(),
        takes_percent: false,
        reading: ColumnReading::default(),
    };
    if values
        .iter()
        .any(|value| matches!(value, ColumnValue::Text(_)))
    {
        let has_typed = numbers.values.iter().any(Option::is_some);
        read_text(values, options, has_typed, &mut numbers);
    }
    numbers
}

/// Multiplies numbers by a power of ten, each to the nearest float of its decimals: 2.3 million is 2300000.
pub fn shift(values: &mut [Option<f64>], power: i32) {
    for value in values.iter_mut().flatten().filter(|value| **value != 0.0) {
        if let Ok(shifted) = format!("{value}e{power}").parse() {
            *value = shifted;
        }
    }
}

/// Returns whether a cell by itself is a number, with any decimal mark.
pub fn is_number(value: ColumnValue<'_>, options: &ColumnContext<'_>) -> bool {
    let ColumnValue::Text(text) = value else {
        return false;
    };
    let mut cut = CutText::default();
    cut.cut(text)
        && Amount::from_cut(
            &cut,
            text,
            options.units,
            options.currency,
            options.is_strict,
        )
        .is_some()
}

/// Returns whether a column is written like money, with cents in nearly all cells and with hundreds: outline numbers, versions
/// and coordinates show nothing about the decimal mark of amounts.
pub fn shows_cents(values: &[ColumnValue<'_>], mark: u8) -> bool {
    let (mut with_mark, mut with_cents, mut with_hundreds) = (0, 0, false);
    for value in values {
        let ColumnValue::Text(text) = value else {
            continue;
        };
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

/// Counts of the cells of a part of a column.
#[derive(Default)]
struct NumberCellCounts {
    /// The number of filled cells of text.
    filled: usize,
    numbers: usize,
    with_digits: usize,
    has_currency: bool,
}

impl NumberCellCounts {
    /// Cuts some values, and stores each of them in its cell.
    fn from_values(
        values: &[ColumnValue<'_>],
        cells: &mut [NumberCell],
        options: &ColumnContext<'_>,
    ) -> Self {
        let ColumnContext {
            units,
            currency,
            is_strict,
            ..
        } = *options;
        let mut this = Self::default();
        let mut cut = CutText::default();
        for (cell, value) in cells.iter_mut().zip(values) {
            let ColumnValue::Text(text) = value else {
                continue;
            };
            let plain = Amount::of_plain(text, units);
            if plain.is_none() && !cut.cut(text) {
                this.filled += usize::from(!text.trim().is_empty());
                continue;
            }
            this.filled += 1;
            if let Some(amount) =
                plain.or_else(|| Amount::from_cut(&cut, text, units, currency, is_strict))
            {
                *cell = NumberCell::from_amount(&amount);
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

    /// Returns why the cells can't be numbers; none if they can.
    fn refusal(&self, has_typed: bool) -> Option<String> {
        // Typed numbers are not among the texts of this sentence.
        let (none, cells) = if has_typed {
            ("none of them", "")
        } else {
            ("no cell", " cells")
        };
        let (count, with_digits) = (self.numbers, self.with_digits);
        match count {
            0 => Some(format!("{none} is a number")),
            _ if 2 * count < with_digits => Some(format!(
                "only {count} of {with_digits}{cells} with digits can be numbers"
            )),
            _ => None,
        }
    }
}

fn read_text(
    values: &[ColumnValue<'_>],
    options: &ColumnContext,
    has_typed: bool,
    numbers: &mut NumberColumn,
) {
    let (cells, whole) = cut(values, options);
    numbers.reading.cells = whole.filled;
    if let Some(why) = whole.refusal(has_typed) {
        numbers.reading.decided = DecisionBasis::Refused;
        numbers.reading.why.push(why);
        // Typed numbers are read all the same.
        if has_typed {
            numbers.reading.read_as = "typed numbers";
        }
        return;
    }
    let facts = NumberColumnFacts::from_cells(&cells);
    let choice = facts.decide(&cells, options);
    let way = NumberColumnStyle {
        mark: choice.mark,
        is_mixed: facts.against(choice.mark) > 0
            && !are_few(facts.against(choice.mark), facts.support(choice.mark)),
        takes_percent: 2 * facts.percents > whole.numbers,
        takes_sides: 2 * cells.iter().filter(|cell| cell.is(SIDE)).count() > whole.numbers,
        takes_indian: 2 * facts.indian >= facts.several_commas || facts.is_rupee,
    };
    for (row, cell) in cells.iter().enumerate() {
        if cell.is_number() {
            match way.value(cell, &facts) {
                Some(value) => numbers.values[row] = Some(value),
                None => numbers.reading.contradict.push(row),
            }
        }
    }
    numbers.takes_percent = way.takes_percent;
    note(choice, &way, &facts, &cells, numbers);
    if numbers.reading.decided == DecisionBasis::Setting {
        let is_open = |(cell, value): (&NumberCell, &Option<f64>)| cell.is(OPEN) && value.is_some();
        numbers.reading.open = cells.iter().zip(&numbers.values).map(is_open).collect();
        numbers.reading.by = Some(match options.stated_by {
            DefaultSource::Setting => ChoiceSource::DecimalMark,
            DefaultSource::Argument => ChoiceSource::Argument,
        });
    }
    if whole.has_currency {
        numbers.currencies = cells.iter().map(|cell| cell.currency).collect();
    }
}

/// Cuts all cells of a column, and counts them.
fn cut(values: &[ColumnValue<'_>], options: &ColumnContext) -> (Vec<NumberCell>, NumberCellCounts) {
    let mut cells = vec![NumberCell::default(); values.len()];
    let ranges = ranges(values.len());
    let tasks = ranges.iter().cloned().zip(cut_mut(&mut cells, &ranges));
    let parts = in_threads(tasks.collect(), |(range, cells)| {
        NumberCellCounts::from_values(&values[range], cells, options)
    });
    let mut whole = NumberCellCounts::default();
    for part in parts {
        whole.filled += part.filled;
        whole.numbers += part.numbers;
        whole.with_digits += part.with_digits;
        whole.has_currency |= part.has_currency;
    }
    (cells, whole)
}

/// The way in which the cells of a column are read.
struct NumberColumnStyle {
    mark: u8,
    /// Whether some cells have another mark: then only cells with a single meaning are read.
    is_mixed: bool,
    takes_percent: bool,
    /// Whether amounts name a side of an account: then the meaning of other amounts is unknown, and the other way round.
    takes_sides: bool,
    takes_indian: bool,
}

impl NumberColumnStyle {
    /// Returns the number that a cell means in its column, if it is a number there.
    fn value(&self, cell: &NumberCell, facts: &NumberColumnFacts) -> Option<f64> {
        let mark = self.mark;
        let fits = match cell.is(OPEN) {
            true => !self.is_mixed && facts.fits(cell, mark) && !cell.is_foreign(mark),
            false => self.is_mixed || cell.allows(mark),
        };
        // Zero is zero, with or without a sign.
        let is_kind = cell.is(PERCENT) == self.takes_percent && cell.is(SIDE) == self.takes_sides
            || cell.is_zero();
        let is_it = fits && is_kind && (self.takes_indian || !cell.is(INDIAN));
        is_it.then(|| cell.value(if cell.allows(mark) { mark } else { other(mark) }))
    }
}

/// Records how a column was read.
fn note(
    choice: MarkChoice,
    way: &NumberColumnStyle,
    facts: &NumberColumnFacts,
    cells: &[NumberCell],
    numbers: &mut NumberColumn,
) {
    let reading = &mut numbers.reading;
    let MarkChoice {
        mark,
        mut decided,
        mut why,
    } = choice;
    let (against, support) = (facts.against(mark), facts.support(mark));
    let (several, second) = several_currencies(cells);
    if several {
        why.push("amounts in several currencies".to_owned());
    }
    if way.takes_sides {
        why.push("CR and Haben are read as plus, DR and Soll as minus".to_owned());
    }
    let are_codes = facts.looks_like_codes();
    if are_codes {
        why.push(format!(
            "all have {} digits, so they may be codes or phone numbers",
            facts.size
        ));
    }
    if way.is_mixed || several || are_codes || way.takes_sides {
        decided = DecisionBasis::Weak;
    }
    reading.first_open = match are_codes {
        true => cells.iter().position(NumberCell::is_number),
        false => cells.iter().position(|cell| cell.is(OPEN)),
    };
    if way.is_mixed {
        // A cell that contradicts has to be checked, even if no cell stays empty.
        reading.first_open = cells.iter().position(|cell| cell.only(other(mark)));
    } else if several {
        reading.first_open = reading.first_open.or(second);
    } else if way.takes_sides {
        reading.first_open = cells.iter().position(|cell| cell.is(SIDE));
    }
    let contradicting = reading.contradict.len();
    if way.is_mixed {
        // If both marks occur, the reason for one of them does not count.
        why = vec![match contradicting {
            0 => "some cells have a decimal point and some a comma, and each can be read in one way only".to_owned(),
            _ => format!(
                "some cells have a decimal point and some a comma: {}",
                left_out_in_words(contradicting)
            ),
        }];
    } else {
        let is_clear = facts.open > 0 && facts.only != [0, 0] && decided != DecisionBasis::Setting;
        if is_clear || support > 0 {
            why.push(certain_in_words(support, facts.cells));
        }
        why.extend(against_in_words(contradicting));
    }
    let is_whole = facts.open == 0 && against == 0 && support == 0;
    if why.is_empty() {
        why.push(match is_whole {
            true => "no cell has decimals".to_owned(),
            false => "each cell can be read in this way only".to_owned(),
        });
    }
    reading.why.push(why.join(", "));
    reading.decided = decided;
    reading.certain = support;
    reading.read_as = match mark {
        _ if is_whole => "whole numbers",
        POINT => "decimal point",
        _ => "decimal comma",
    };
}

/// Returns whether a column has amounts in several known currencies, and the first row with a currency other than the first
/// one. A sign that several currencies share may be any of them.
fn several_currencies(cells: &[NumberCell]) -> (bool, Option<usize>) {
    let code = |cell: &NumberCell| {
        let position = usize::from(cell.currency).checked_sub(1)?;
        lexicon::currency_code(position)
    };
    let first = cells.iter().find_map(code);
    let second = cells
        .iter()
        .position(|cell| code(cell).is_some_and(|code| Some(code) != first));
    (second.is_some(), second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(texts: &[&str]) -> ColumnReading {
        let values: Vec<_> = texts.iter().map(|text| ColumnValue::Text(text)).collect();
        read(&values, &ColumnContext::default()).reading
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
        // The mark of the other cells separates thousands beside another decimal mark.
        let mut texts = vec!["1,234"; 39];
        texts.push("2.5");
        assert!(!reading(&texts).is_ambiguous());
    }

    #[test]
    fn mixed_marks_and_currencies_are_to_be_looked_at() {
        let mixed = reading(&["1.5", "2.5", "3,5", "4,5"]);
        assert!(mixed.is_ambiguous());
        assert_eq!(mixed.first_open, Some(2));
        assert!(mixed.why[0].starts_with("some cells have a decimal point and some a comma"));
        let several = reading(&["5 €", "6 €", "$7", "US$ 8"]);
        assert!(several.is_ambiguous());
        assert_eq!(several.first_open, Some(3));
        assert!(!reading(&["5 €", "6 EUR", "7"]).is_ambiguous());
    }
}
