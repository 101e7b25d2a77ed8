//! Properties of the readers of values that hold for every column, and the meaning of plain cells.
//!
//! Columns are made of fragments of dates, numbers, words and marks, so that many cells are almost values. `PROPTEST_CASES` is
//! the number of random cases of each kind.

use ade_engine_native::cells::calendar::DAY_MICROSECONDS;
use ade_engine_native::columns::export::{Buffer, OwnedColumn};
use ade_engine_native::columns::view::ColumnValue;
use ade_engine_native::fields::dates::date;
use ade_engine_native::fields::numbers::number;
use ade_engine_native::fields::reading::{Hints, Order};
use ade_engine_native::fields::texts::country::Country;
use ade_engine_native::fields::texts::text::NamePart;
use ade_engine_native::fields::{ColumnContext, ReaderKind, UnreadRows, is_filled, read, shown};
use proptest::prelude::*;
use proptest::sample::select;

/// A cell that owns its text.
#[derive(Clone, Debug)]
enum Cell {
    Text(String),
    Typed(ColumnValue<'static>),
}

impl Cell {
    fn value(&self) -> ColumnValue<'_> {
        match self {
            Self::Text(text) => ColumnValue::Text(text),
            Self::Typed(value) => *value,
        }
    }
}

#[rustfmt::skip]
const FRAGMENTS: &[&str] = &[
    "0", "1", "12", "31", "99", "007", "2025", "20250131", "123456789012345678", "1.234", "1,5", "E+11", "e5", ".",
    ",", "-", "/", ":", "'", "+", "(", ")", "%", " ", "\t", "\n", "€", "$", "US$", "kr", "CHF", "₹", "Jan", "März",
    "mar", "octobre", "listopad", "st", "Mon", "Uhr", "pm", "h", "T", "Z", "+01:00", "de", "x", "yes", "нет", "✓",
    "n/a", "@", "a@b.co", "mailto:", "<", ">", "ext", "tel", "00", "+49", "\u{200e}", "\u{202e}", "\u{200b}",
    "\u{feff}", "\u{a0}", "\u{202f}", "\0", "\u{1b}", "\u{7f}", "\u{85}", "٣", "１", "½", "ß", "İ", "\u{301}", "😀",
    "年", "月", "日", "−", "’", "۔",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::collection::vec(select(FRAGMENTS), 0..7).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
        1 => "[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4}",
        1 => "[0-9]{1,3}([.,' ][0-9]{3}){0,3}([.,][0-9]{0,3})?",
        1 => "[0-9.,]{100,200}",
    ]
}

#[rustfmt::skip]
fn cell() -> impl Strategy<Value = Cell> {
    let typed = prop_oneof![
        Just(ColumnValue::Null), any::<bool>().prop_map(ColumnValue::Boolean), any::<i64>().prop_map(ColumnValue::Integer),
        any::<u64>().prop_map(ColumnValue::Unsigned), any::<f64>().prop_map(ColumnValue::Float), Just(ColumnValue::Float(f64::NAN)),
        (-200_000i64..200_000).prop_map(ColumnValue::Date),
        (-200_000i64..200_000).prop_map(|day| ColumnValue::DateTime(day * DAY_MICROSECONDS + 1)),
        (0..DAY_MICROSECONDS).prop_map(ColumnValue::Time),
        any::<i32>().prop_map(|duration| ColumnValue::Duration(duration.into())),
    ];
    prop_oneof![5 => text().prop_map(Cell::Text), 1 => typed.prop_map(Cell::Typed)]
}

fn column() -> impl Strategy<Value = Vec<Cell>> {
    prop::collection::vec(cell(), 0..24)
}

/// Kinds whose cells are each read independently of the others.
#[rustfmt::skip]
fn alone() -> Vec<ReaderKind> {
    let (country, no) = (Country::named("DE"), vec!["12".to_owned()]);
    vec![
        ReaderKind::Text, ReaderKind::Code, ReaderKind::Name(NamePart::Full), ReaderKind::Email, ReaderKind::Iban, ReaderKind::Phone { country: None },
        ReaderKind::Phone { country }, ReaderKind::Boolean { yes: Vec::new(), no }, ReaderKind::Time { serials: false },
        ReaderKind::Time { serials: true }, ReaderKind::Duration { unit: None }, ReaderKind::Duration { unit: Some(3_600_000_000) },
    ]
}

#[rustfmt::skip]
fn kinds() -> Vec<ReaderKind> {
    let mut kinds = alone();
    kinds.extend([
        ReaderKind::Name(NamePart::First), ReaderKind::Name(NamePart::Last), ReaderKind::Currency, ReaderKind::Date { serials: false },
        ReaderKind::Date { serials: true }, ReaderKind::DateTime { serials: false }, ReaderKind::DateTime { serials: true },
    ]);
    kinds
}

/// Returns which rows of a column have a value.
fn set_rows(column: &OwnedColumn) -> Vec<bool> {
    let is_set = |row: usize| {
        column
            .validity
            .as_ref()
            .is_none_or(|bits| bits[row / 8] & (1 << (row % 8)) != 0)
    };
    (0..column.rows).map(is_set).collect()
}

/// Returns the bytes of a column in short, for comparing: texts as they are, all else by its memory.
fn values_of(column: &OwnedColumn) -> Vec<Option<Vec<u8>>> {
    let set = set_rows(column);
    let cut = |row: usize| match column.buffers.as_slice() {
        [Buffer::Words(offsets), Buffer::Bytes(bytes)] => {
            bytes[offsets[row] as usize..offsets[row + 1] as usize].to_vec()
        }
        [Buffer::Words(words)] => words[row].to_le_bytes().to_vec(),
        [Buffer::Halves(halves)] => halves[row].to_le_bytes().to_vec(),
        [Buffer::Bytes(bits)] => vec![bits[row / 8] >> (row % 8) & 1],
        _ => panic!("a layout that no reader builds: {}", column.format),
    };
    set.iter()
        .enumerate()
        .map(|(row, is_set)| is_set.then(|| cut(row)))
        .collect()
}

fn unread_rows(unread: &UnreadRows, rows: usize) -> Vec<bool> {
    (0..rows)
        .map(|row| unread.iter().any(|(own, _)| *own == row))
        .collect()
}

/// Returns whether some cells of a column are ambiguous by themselves.
fn goes_by_the_others(kind: &ReaderKind, values: &[ColumnValue<'_>]) -> bool {
    let is_open = |text: &str| match kind {
        // Ten digits without a mark are a number of North America only if no other cell of the column is from elsewhere.
        ReaderKind::Phone { .. } => {
            text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_digit())
        }
        // A letter means yes or no only if all letters of its column are initials of these.
        ReaderKind::Boolean { .. } => text.trim_end_matches('.').chars().count() == 1,
        // 7.15 is a time only if no other cell shows that these are hours in decimals.
        ReaderKind::Time { .. } => text.contains('.'),
        // 100.0 is a code that a program has turned into a float only if all cells of its column may be.
        ReaderKind::Code => text.ends_with(".0"),
        _ => false,
    };
    values
        .iter()
        .any(|value| matches!(value, ColumnValue::Text(text) if is_open(text.trim())))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_cell_has_a_value_or_a_reason_and_blank_cells_have_neither(cells in column(), header in text(), order in 0..3) {
        let values: Vec<ColumnValue<'_>> = cells.iter().map(Cell::value).collect();
        let order = [None, Some(Order::DayFirst), Some(Order::MonthFirst)][order as usize];
        let around = ColumnContext {
            header: &header,
            order,
            decimal: order.map(|_| b','),
            hints: Hints { order, decimal: None },
            ..ColumnContext::default()
        };
        for kind in kinds() {
            let outcome = read(&values, &kind, &around);
            prop_assert_eq!(outcome.column.rows, values.len());
            let set = set_rows(&outcome.column);
            prop_assert_eq!(set.iter().filter(|set| !**set).count(), outcome.column.null_count);
            let unread = unread_rows(&outcome.unread, values.len());
            prop_assert_eq!(unread.len(), values.len());
            prop_assert_eq!(unread.iter().filter(|unread| **unread).count(), outcome.unread.len());
            for (row, value) in values.iter().enumerate() {
                prop_assert!(!(set[row] && unread[row]), "{:?} {:?}", kind, value);
                if !is_filled(*value) {
                    prop_assert!(!set[row] && !unread[row], "{:?} {:?}", kind, value);
                } else if !matches!(kind, ReaderKind::Currency | ReaderKind::Name(NamePart::First | NamePart::Last)) {
                    prop_assert!(set[row] || unread[row], "{:?} {:?}", kind, value);
                }
            }
            if let Some(reading) = &outcome.reading {
                prop_assert!(reading.contradict.iter().all(|row| *row < values.len() && !set[*row]));
                prop_assert!(reading.first_open.is_none_or(|row| row < values.len()));
                prop_assert!(reading.cells <= values.len());
            }
        }
        let numbers = number::read(&values, &ColumnContext::default());
        prop_assert_eq!(numbers.values.len(), values.len());
        for (row, value) in values.iter().enumerate() {
            prop_assert!(is_filled(*value) || numbers.values[row].is_none());
            prop_assert!(numbers.values[row].is_none_or(f64::is_finite), "{:?}", value);
        }
        shown(&values, &header);
        let texts = read(&values, &ReaderKind::Text, &around);
        let filled: Vec<bool> = values.iter().map(|value| is_filled(*value)).collect();
        prop_assert_eq!(filled, set_rows(&texts.column));
    }

    #[test]
    fn cells_that_speak_for_themselves_are_read_the_same_in_every_column(first in column(), second in column()) {
        let whole: Vec<ColumnValue<'_>> = first.iter().chain(&second).map(Cell::value).collect();
        let (upper, other) = whole.split_at(first.len());
        let around = ColumnContext::default();
        for kind in alone().into_iter().filter(|kind| !goes_by_the_others(kind, &whole)) {
            let together = read(&whole, &kind, &around);
            let parts = [read(upper, &kind, &around), read(other, &kind, &around)];
            let apart: Vec<_> = parts.iter().flat_map(|part| values_of(&part.column)).collect();
            prop_assert_eq!(values_of(&together.column), apart, "{:?}", kind);
        }
    }

    #[test]
    fn the_order_of_rows_decides_nothing_for_numbers_and_its_direction_nothing_for_dates(cells in column()) {
        let values: Vec<ColumnValue<'_>> = cells.iter().map(Cell::value).collect();
        let mut turned = values.clone();
        turned.reverse();
        let bits = |found: Vec<Option<f64>>| found.into_iter().map(|value| value.map(f64::to_bits)).collect::<Vec<_>>();
        let numbers = bits(number::read(&values, &ColumnContext::default()).values);
        let mut others = bits(number::read(&turned, &ColumnContext::default()).values);
        others.reverse();
        prop_assert_eq!(numbers, others);
        let dates = date::read(&values, &ColumnContext::default()).values;
        let mut others = date::read(&turned, &ColumnContext::default()).values;
        others.reverse();
        prop_assert_eq!(dates, others);
    }

    #[test]
    fn texts_and_codes_hold_nothing_that_no_workbook_holds(cells in column()) {
        let values: Vec<ColumnValue<'_>> = cells.iter().map(Cell::value).collect();
        for kind in alone().into_iter().take(5) {
            for text in values_of(&read(&values, &kind, &ColumnContext::default()).column).into_iter().flatten() {
                let text = String::from_utf8(text).unwrap();
                prop_assert!(!text.is_empty() && text.trim() == text, "{:?}", text);
                prop_assert!(!text.chars().any(|c| c < ' ' && !matches!(c, '\t' | '\n' | '\r')), "{:?}", text);
            }
        }
    }
}
