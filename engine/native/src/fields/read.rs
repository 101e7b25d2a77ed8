//! Reads a column as a kind. In columns of dates, numbers and amounts of money, the cells decide together.

use std::ops::Range;

use super::dates::date;
use super::dates::day::{self, Day};
use super::dates::moment;
use super::missing;
use super::numbers::number;
use super::numbers::percent;
use super::numbers::units;
use super::outcome::{
    BEFORE_1900, ColumnOutcome, ReaderKind, UnreadRows, each, finish, lost, outcome, reason,
    unread_cells,
};
use super::read_texts::read_texts;
use super::reading::{ColumnContext, ColumnReading, DecisionBasis, Hints};
use super::texts::text;
use super::texts::truth;
use crate::cells::parts::in_parts;
use crate::columns::column::ColumnBuilder;
use crate::columns::types::{Type, Unit};
use crate::columns::view::ColumnValue;
use crate::words::cut::{self, CutText};
use crate::words::lexicon;

/// Returns the text inside the guard that people and exports put around ids so that spreadsheets keep their zeros: `'00123`,
/// `="00123"`.
fn unguarded(value: ColumnValue<'_>) -> Option<ColumnValue<'_>> {
    let ColumnValue::Text(text) = value else {
        return None;
    };
    if let Some(inside) = text.strip_prefix('\'') {
        // "'90s", "'n'" are words.
        let is_guard = inside.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))
            && !inside.contains(|c: char| c == '\'' || c.is_lowercase());
        return is_guard.then_some(ColumnValue::Text(inside));
    }
    // Most texts end differently from a guard.
    if let Some(last) = text.as_bytes().last()
        && last.is_ascii_graphic()
        && *last != b'"'
    {
        return None;
    }
    let inside = text.trim().strip_prefix("=\"")?.strip_suffix('"')?;
    (!inside.contains('"')).then_some(ColumnValue::Text(inside))
}

/// Reads a column as a kind.
pub fn read(
    values: &[ColumnValue<'_>],
    kind: &ReaderKind,
    around: &ColumnContext<'_>,
) -> ColumnOutcome {
    if (around.is_strict || !around.missing.is_empty())
        && let Some((values, missing)) =
            missing::without(values, kind, around.missing, around.is_strict)
    {
        return ColumnOutcome {
            missing,
            ..read_filled(&values, kind, around)
        };
    }
    read_filled(values, kind, around)
}

fn read_filled(
    values: &[ColumnValue<'_>],
    kind: &ReaderKind,
    around: &ColumnContext<'_>,
) -> ColumnOutcome {
    // Columns with guards are rare, so other columns are not copied.
    let has_guards =
        |rows: Range<usize>| values[rows].iter().any(|value| unguarded(*value).is_some());
    if in_parts(values.len(), has_guards).contains(&true) {
        let values: Vec<_> = values
            .iter()
            .map(|value| unguarded(*value).unwrap_or(*value))
            .collect();
        return read_unguarded(&values, kind, around);
    }
    read_unguarded(values, kind, around)
}

fn read_unguarded(
    values: &[ColumnValue<'_>],
    kind: &ReaderKind,
    around: &ColumnContext<'_>,
) -> ColumnOutcome {
    match kind {
        ReaderKind::Date { serials } | ReaderKind::DateTime { serials } => {
            read_dates(values, kind, *serials, around)
        }
        ReaderKind::Number { .. } | ReaderKind::Currency => read_numbers(values, kind, around),
        ReaderKind::Time { serials } => {
            let (times, reading) = moment::times(values, *serials);
            let of = Type::Time64(Unit::Nanosecond);
            let outcome = finish(values, kind, &times, of, ColumnValue::Time);
            ColumnOutcome { reading, ..outcome }
        }
        ReaderKind::Duration { unit } => {
            let mut cut = CutText::default();
            let mut spans = each(values, |value| moment::duration(value, *unit, &mut cut));
            let reading = match around.minutes_first {
                true => moment::take_for_minutes(values, &mut spans),
                false => None,
            };
            let of = Type::Duration(Unit::Microsecond);
            let outcome = finish(values, kind, &spans, of, ColumnValue::Duration);
            ColumnOutcome { reading, ..outcome }
        }
        ReaderKind::Boolean { yes, no } => {
            let mut cut = CutText::default();
            let own =
                (!yes.is_empty() || !no.is_empty()).then_some((yes.as_slice(), no.as_slice()));
            let initials = truth::Initials::from_values(values, own);
            let circles = around.is_strict && truth::has_circles(values);
            let flags = each(values, |value| {
                let known = truth::truth(value, own, initials, &mut cut);
                match around.is_strict {
                    true => known.or_else(|| truth::more_truth(value, circles)),
                    false => known,
                }
            });
            finish(values, kind, &flags, Type::Boolean, ColumnValue::Boolean)
        }
        _ => read_texts(values, kind, around.is_strict),
    }
}

/// Returns what a column of text shows about the dates and numbers of its table, for the columns beside it.
pub fn shown(values: &[ColumnValue<'_>], header: &str) -> Hints {
    if !values
        .iter()
        .any(|value| matches!(value, ColumnValue::Text(_)))
    {
        return Hints::default();
    }
    let options = ColumnContext {
        header,
        ..ColumnContext::default()
    };
    let order = date::read(values, &options).shown_order();
    Hints {
        order,
        decimal: if order.is_some() {
            None
        } else {
            number::read(values, &ColumnContext::default()).shown_decimal()
        },
    }
}

fn read_dates(
    values: &[ColumnValue<'_>],
    kind: &ReaderKind,
    serials: bool,
    around: &ColumnContext<'_>,
) -> ColumnOutcome {
    let with_time = matches!(kind, ReaderKind::DateTime { .. });
    let around = &ColumnContext {
        serials,
        with_time,
        ..*around
    };
    let mut dates = date::read(values, around);
    let to_come = dates.take_births_to_come(around);
    if around.is_strict {
        dates.doubt_short_years(values, around);
    }
    let column = if with_time {
        ColumnBuilder::build(
            Type::Timestamp(Unit::Microsecond),
            &dates.values,
            ColumnValue::DateTime,
        )
    } else {
        ColumnBuilder::build(Type::Date, &dates.values, ColumnValue::Date)
    };
    let reading = dates.reading;
    let way = match reading.is_mixed {
        true => "clear in a column that mixes two ways to write dates".to_owned(),
        false => format!("{} like the rest of the column", reading.read_as),
    };
    let is_refused = reading.decided == DecisionBasis::Refused;
    let mut unread = unread_cells(
        values,
        |row| dates.values[row].is_some(),
        |row| {
            if to_come.binary_search(&row).is_ok() {
                "a date of birth cannot be in the future".to_owned()
            } else if is_refused && is_day(values[row]) {
                "the column was not read as dates".to_owned()
            } else {
                reason(reading.contradict.binary_search(&row).is_ok(), &way, kind)
            }
        },
    );
    for (_, cell) in &mut unread {
        if cell.why.strip_prefix("not ") == Some(kind.noun()) && is_before_1900(&cell.value) {
            cell.rule = BEFORE_1900;
        }
    }
    outcome(column, unread, Some(reading))
}

/// Returns whether a text begins with a day in digits whose year has four digits and is before 1900; readers take such days for
/// slips.
fn is_before_1900(text: &str) -> bool {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '.' | '/')));
    let (day, rest) = text.split_at(end.unwrap_or(text.len()));
    let mut parts = day.splitn(4, ['-', '.', '/']);
    let (Some(first), Some(second), Some(third)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_short = |part: &str| matches!(part.len(), 1 | 2);
    let is_year = |part: &str| part.len() == 4 && part < "1900";
    let is_at_end =
        parts.next().is_some() || !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    is_at_end
        && is_short(second)
        && (is_year(first) && is_short(third) || is_short(first) && is_year(third))
}

fn read_numbers(
    values: &[ColumnValue<'_>],
    kind: &ReaderKind,
    around: &ColumnContext<'_>,
) -> ColumnOutcome {
    let around = &ColumnContext {
        units: match kind {
            ReaderKind::Number { units } => units,
            _ => &[],
        },
        currency: around.unit.and_then(sure_currency).unwrap_or_default(),
        ..*around
    };
    let mut numbers = number::read(values, around);
    if around.is_strict {
        drop_lone_minus(values, &mut numbers);
        let found = percent::doubts(values, around.header, numbers.takes_percent);
        let why =
            "values such as 0.12 and values such as 12 are mixed, and the numbers were not converted"
                .to_owned();
        numbers.reading.doubt(values.len(), &found, why);
        let of_units = units::doubts(values, around.units);
        let why =
            "smaller and larger units are mixed, and the numbers were not converted".to_owned();
        numbers.reading.doubt(values.len(), &of_units, why);
        if !(found.is_empty() && of_units.is_empty()) && numbers.reading.read_as.is_empty() {
            numbers.reading.read_as = "typed numbers";
        }
    }
    if around.shift != 0 {
        number::shift(&mut numbers.values, around.shift);
    }
    if *kind == ReaderKind::Currency {
        return read_currencies(values, &numbers, around);
    }
    note_currencies(&mut numbers.reading, around.currencies);
    let differs_in_percent = |row: usize| numbers.differs_in_percent(values[row]);
    let percent = match numbers.takes_percent {
        true => "not a percentage like the rest of the column",
        false => "a percentage, unlike the rest of the column",
    };
    let reading = &numbers.reading;
    let way = match reading.read_as {
        "decimal point" | "decimal comma" => {
            format!(
                "a number with a {} like the rest of the column",
                reading.read_as
            )
        }
        _ => "a number like the rest of the column".to_owned(),
    };
    let is_refused = reading.decided == DecisionBasis::Refused;
    let unread = unread_cells(
        values,
        |row| numbers.values[row].is_some(),
        |row| {
            if is_refused && number::is_number(values[row], around) {
                "the column was not read as numbers".to_owned()
            } else if reading.contradict.binary_search(&row).is_ok() && differs_in_percent(row) {
                percent.to_owned()
            } else {
                reason(reading.contradict.binary_search(&row).is_ok(), &way, kind)
            }
        },
    );
    // A power of ten may have shifted them, down to a hundredth.
    let least = text::EXACT / 100.0;
    let is_long = |value: &Option<f64>| value.unwrap_or_default().abs() >= least;
    if (numbers.values.iter()).fold(false, |found, value| found | is_long(value)) {
        note_long_numbers(&mut numbers.reading, values);
    }
    outcome(
        ColumnBuilder::build(Type::Float64, &numbers.values, ColumnValue::Float),
        unread,
        Some(numbers.reading),
    )
}

/// Empties a cell of digits with a minus behind them if no other cell of the column ends with a minus: "25-" may be a code, or
/// a slip.
fn drop_lone_minus(values: &[ColumnValue<'_>], numbers: &mut number::NumberColumn) {
    let is_behind = |value: &ColumnValue<'_>| matches!(value, ColumnValue::Text(text) if text.trim_end().ends_with(['-', '\u{2212}']));
    let mut rows = (0..values.len()).filter(|row| is_behind(&values[*row]));
    if let (Some(row), None) = (rows.next(), rows.next())
        && let ColumnValue::Text(text) = values[row]
        && text
            .trim()
            .chars()
            .rev()
            .skip(1)
            .all(|c| c.is_ascii_digit())
    {
        numbers.values[row] = None;
    }
}

/// Returns the ISO code of the currency that a header's unit names. A unit such as "km" is no currency, though it folds to a
/// sign.
fn sure_currency(unit: &str) -> Option<&'static str> {
    let position = lexicon::currency(&cut::fold(unit).replace('.', ""))?;
    let letters: String = unit.chars().filter(|c| c.is_alphabetic()).collect();
    // In a header, a code in capitals is a currency even if it is a word in a cell.
    let is_code = lexicon::currency_code(position).is_some_and(|code| code == letters);
    (is_code || lexicon::trust(position, &letters) != lexicon::CurrencyTrust::Never)
        .then(|| lexicon::currency_code(position))?
}

/// Reads the currency of each cell: its own sign or code, else that of its number format, else that of the header.
fn read_currencies(
    values: &[ColumnValue<'_>],
    numbers: &number::NumberColumn,
    around: &ColumnContext<'_>,
) -> ColumnOutcome {
    let known = |sign: &str| lexicon::currency(&cut::fold(sign).replace('.', ""));
    let of_header = around.unit.and_then(known);
    let mut of_formats = around.currencies.iter().peekable();
    let mut cut = CutText::default();
    let mut unread = UnreadRows::new();
    let mut found = vec![None; values.len()];
    for (row, value) in values.iter().enumerate() {
        let of_number = numbers.currencies.get(row).copied().filter(|at| *at > 0);
        let of_format = of_formats.next_if(|(own, _)| *own == row);
        let of_format = of_format.and_then(|(_, sign)| known(sign));
        found[row] = match *value {
            ColumnValue::Text(text) if of_number.is_none() && numbers.values[row].is_none() => {
                if !cut.cut(text) || cut.folded().bytes().any(|byte| byte.is_ascii_digit()) {
                    continue;
                }
                let alone = lexicon::currency(&cut.folded().replace('.', ""));
                if alone.is_none() {
                    unread.push((row, lost("not a currency", *value)));
                }
                alone
            }
            _ if numbers.values[row].is_none() && of_number.is_none() => None,
            _ => {
                let of_cell = of_number.map(|at| usize::from(at) - 1).or(of_format);
                of_cell.or(of_header)
            }
        };
    }
    let codes = lexicon::codes_of(found.iter().copied().flatten().chain(of_header));
    let mut texts = ColumnBuilder::of_texts(values.len());
    // "$" belongs to several countries.
    let is_code =
        |code: &&str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    for (row, at) in found.into_iter().enumerate() {
        let code = at.map(|at| codes.code(at));
        let kept = code.filter(|code| !around.is_strict || is_code(code));
        if code.is_some() && kept.is_none() {
            unread.push((row, lost("a sign that several currencies use", values[row])));
        }
        texts.push_text(kept);
    }
    unread.sort_unstable_by_key(|(row, _)| *row);
    outcome(texts.column(), unread, None)
}

/// Records a doubt if the formats of numbers show several currencies.
fn note_currencies(reading: &mut ColumnReading, currencies: &[(usize, &str)]) {
    let Some(&(_, first)) = currencies.first() else {
        return;
    };
    if let Some((row, _)) = currencies.iter().find(|(_, sign)| *sign != first) {
        reading.cells = reading.cells.max(currencies.len());
        reading.decided = DecisionBasis::Weak;
        reading.first_open.get_or_insert(*row);
        reading
            .why
            .push("the formats of the numbers show several currencies".to_owned());
        if reading.read_as.is_empty() {
            reading.read_as = "typed numbers";
        }
    }
}

/// Records a doubt if typed numbers have more digits than a program keeps.
fn note_long_numbers(reading: &mut ColumnReading, values: &[ColumnValue<'_>]) {
    let is_long = |value: &ColumnValue<'_>| {
        let number = value.number().filter(|number| number.is_finite());
        number.is_some_and(|number| number.abs() >= text::EXACT)
    };
    let Some(first) = values.iter().position(is_long) else {
        return;
    };
    reading.cells = reading.cells.max(1);
    if reading.decided != DecisionBasis::Setting {
        reading.decided = DecisionBasis::Weak;
        reading.first_open = Some(first);
    }
    reading.why.push(
        "numbers of 16 digits or more may have lost their last digits, because spreadsheet programs keep only 15; read codes with `code`, from cells of text".to_owned(),
    );
    if reading.read_as.is_empty() {
        reading.read_as = "typed numbers";
    }
}

/// Returns whether a cell by itself is a date, in any order.
fn is_day(value: ColumnValue<'_>) -> bool {
    let mut cut = CutText::default();
    let ColumnValue::Text(text) = value else {
        return false;
    };
    cut.cut(text) && Day::from_cut(&cut).is_some_and(|day| day::is_day(&day.days(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(texts: &[&str], kind: &ReaderKind) -> ColumnOutcome {
        let values: Vec<_> = texts.iter().map(|text| ColumnValue::Text(text)).collect();
        read(&values, kind, &ColumnContext::default())
    }

    #[rustfmt::skip]
    #[test]
    fn guards_of_spreadsheets_are_taken_off() {
        for kind in [
            ReaderKind::Code,
            ReaderKind::Phone { country: None },
            ReaderKind::Number { units: Vec::new() },
            ReaderKind::Date { serials: false },
        ] {
            let text = match kind {
                ReaderKind::Date { .. } => "=\"2025-01-31\"",
                _ => "=\"5551234567\"",
            };
            assert_eq!(outcome_of(&[text], &kind).unread.len(), 0, "{kind:?}");
        }
        assert_eq!(
            unguarded(ColumnValue::Text(" =\"00123\"")),
            Some(ColumnValue::Text("00123"))
        );
        assert_eq!(unguarded(ColumnValue::Text("'00421")), Some(ColumnValue::Text("00421")));
        for text in [
            "=\"", "=1+\"2\"", "=\"a\"&\"b\"", "\"1\"", "'90s", "'12'", "'",
        ] {
            assert_eq!(unguarded(ColumnValue::Text(text)), None, "{text}");
        }
    }

    #[test]
    fn cells_of_refused_columns_are_not_called_what_they_are_not() {
        let number = ReaderKind::Number { units: Vec::new() };
        let texts = ["7.5", "A1", "B2", "C3", "x"];
        let values: Vec<_> = texts.iter().map(|text| ColumnValue::Text(text)).collect();
        let reading = outcome_of(&texts, &number).reading.unwrap();
        assert_eq!(reading.decided, DecisionBasis::Refused);
        let is_number = |value| number::is_number(value, &ColumnContext::default());
        assert!(is_number(values[0]) && !is_number(values[1]) && !is_number(values[4]));
        assert!(
            is_day(ColumnValue::Text("31.01.2025")) && !is_day(ColumnValue::Text("31.02.2025"))
        );
    }
}
