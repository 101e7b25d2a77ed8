//! Checks whole columns: finds the values that break a demand, and makes the messages about them.

use std::cmp::Ordering;

use foldhash::HashMap;
use foldhash::HashSet;
use regex::Regex;

use crate::cells::calendar::DAY_MICROSECONDS;
use crate::cells::parts::in_parts;
use crate::columns::column::ColumnBuilder;
use crate::columns::export::OwnedColumn;
use crate::columns::view::{ColumnValue, SeriesView};
use crate::fields::texts::text;

/// The minimum or the maximum of a value.
#[derive(Debug, Clone, Copy)]
pub enum Extreme {
    Whole(i64),
    Number(f64),
    /// Days since 1970; a time of day counts as its day.
    Day(i64),
}

/// A demand on the values of a column. An empty cell breaks only [`Demand::Filled`].
pub enum Demand<'a> {
    /// The value is not empty.
    Filled,
    /// No other row has the value.
    Unique,
    Between {
        least: Option<Extreme>,
        most: Option<Extreme>,
    },
    /// The value is one of these texts.
    OneOf {
        known: &'a HashSet<String>,
        ignores_case: bool,
    },
    /// The value's text passes a check.
    Passed(fn(&str) -> bool),
    /// The value is a text that matches.
    Matched(&'a Regex),
}

/// The way in which a value breaks a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// The value is below the minimum, or breaks a demand of another kind.
    Below,
    /// The value is above the maximum.
    Above,
}

/// Returns for each value how it breaks a demand; none if the demand does not apply to the type of a value.
pub fn breaches(values: &SeriesView<'_>, demand: &Demand<'_>) -> Option<Vec<Option<Breach>>> {
    if let Demand::Unique = demand {
        return repeats(values);
    }
    let parts = in_parts(values.rows(), |part| {
        let mut written = String::new();
        part.map(|row| demand.breach(values.value(row), &mut written))
            .collect::<Option<Vec<_>>>()
    });
    let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
    Some(parts.concat())
}

impl Demand<'_> {
    /// Returns how a value breaks the demand; none if the demand does not apply to the value's type. Uniqueness needs all
    /// values, so it is none here, too. `written` is a buffer for the value's text.
    fn breach(&self, value: ColumnValue<'_>, written: &mut String) -> Option<Option<Breach>> {
        let below = |is_broken: bool| Some(is_broken.then_some(Breach::Below));
        match (self, value) {
            (Self::Filled, value) => below(is_empty(value)),
            (_, ColumnValue::Null) => Some(None),
            (Self::Between { least, most }, value) => {
                let is_below = least.map_or(Some(false), |limit| is_less(value, limit, true))?;
                let is_above = most.map_or(Some(false), |limit| is_less(value, limit, false))?;
                Some(match is_below {
                    true => Some(Breach::Below),
                    false => is_above.then_some(Breach::Above),
                })
            }
            (
                Self::OneOf {
                    known,
                    ignores_case,
                },
                ColumnValue::Text(text),
            ) => below(match ignores_case {
                true => !known.contains(&text.to_lowercase()),
                false => !known.contains(text),
            }),
            (Self::Matched(pattern), ColumnValue::Text(text)) => below(!pattern.is_match(text)),
            (Self::Passed(check), value) => {
                written.clear();
                below(text::push_text(value, written) && !check(written))
            }
            (Self::Unique | Self::OneOf { .. } | Self::Matched(_), _) => None,
        }
    }
}

/// Returns whether a cell is empty; in columns of text, a blank text is empty.
fn is_empty(value: ColumnValue<'_>) -> bool {
    match value {
        ColumnValue::Null => true,
        ColumnValue::Text(text) => text::trimmed(text).is_empty(),
        _ => false,
    }
}

/// Returns whether a value is below a minimum or, without `is_least`, above a maximum; none if the two cannot be compared.
fn is_less(value: ColumnValue<'_>, limit: Extreme, is_least: bool) -> Option<bool> {
    let of = |ordering: Ordering| match is_least {
        true => ordering.is_lt(),
        false => ordering.is_gt(),
    };
    // NaN is larger than any number, as in polars.
    let order = |value: f64, limit: f64| {
        let ordering = value.partial_cmp(&limit);
        ordering.unwrap_or_else(|| value.is_nan().cmp(&limit.is_nan()))
    };
    let number = |value: f64| match limit {
        Extreme::Whole(limit) => Some(of(order(value, limit as f64))),
        Extreme::Number(limit) => Some(of(order(value, limit))),
        Extreme::Day(_) => None,
    };
    let day = |day: i64| match limit {
        Extreme::Day(limit) => Some(of(day.cmp(&limit))),
        _ => None,
    };
    match (value, limit) {
        (ColumnValue::Integer(value), Extreme::Whole(limit)) => Some(of(value.cmp(&limit))),
        (ColumnValue::Date(value), _) => day(value),
        (ColumnValue::DateTime(value), _) => day(value.div_euclid(DAY_MICROSECONDS)),
        _ => number(value.number()?),
    }
}

/// Returns a breach for each value that another row also has.
fn repeats(values: &SeriesView<'_>) -> Option<Vec<Option<Breach>>> {
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    enum UniqueKey<'a> {
        Text(&'a str),
        Bits(u64),
    }
    let mut keys = Vec::with_capacity(values.rows());
    let mut counts: HashMap<UniqueKey<'_>, usize> = HashMap::default();
    for value in values.values() {
        let key = match value {
            ColumnValue::Null => {
                keys.push(None);
                continue;
            }
            ColumnValue::Text(text) => UniqueKey::Text(text),
            ColumnValue::Integer(number)
            | ColumnValue::Date(number)
            | ColumnValue::DateTime(number)
            | ColumnValue::Time(number)
            | ColumnValue::Duration(number) => UniqueKey::Bits(number as u64),
            ColumnValue::Unsigned(number) => UniqueKey::Bits(number),
            // Zero has two signs, and NaN has many bit patterns.
            ColumnValue::Float(number) if number.is_nan() => UniqueKey::Bits(f64::NAN.to_bits()),
            ColumnValue::Float(number) => UniqueKey::Bits((number + 0.0).to_bits()),
            ColumnValue::Boolean(_) => return None,
        };
        keys.push(Some(key));
        *counts.entry(key).or_default() += 1;
    }
    let is_repeated = |key: Option<UniqueKey<'_>>| {
        let count = key.and_then(|key| counts.get(&key)).copied();
        (count > Some(1)).then_some(Breach::Below)
    };
    Some(keys.into_iter().map(is_repeated).collect())
}

/// Returns the messages about values that break a demand; none if no value does. Rows that have a message in `others` get no
/// further one.
pub fn messages(
    breaches: &[Option<Breach>],
    below: &str,
    above: &str,
    others: &[SeriesView<'_>],
) -> Option<OwnedColumn> {
    let is_known = |row: usize| others.iter().any(|said| !said.value(row).is_null());
    let said = |row: usize| match breaches[row].filter(|_| !is_known(row))? {
        Breach::Below => Some(below),
        Breach::Above => Some(above),
    };
    let rows = 0..breaches.len();
    if !rows.clone().any(|row| said(row).is_some()) {
        return None;
    }
    let mut texts = ColumnBuilder::of_texts(breaches.len());
    rows.for_each(|row| texts.push_text(said(row)));
    Some(texts.column())
}

/// Joins columns of texts row by row: all texts of a row or, without a separator, its first text.
pub fn joined(columns: &[SeriesView<'_>], separator: Option<&str>) -> OwnedColumn {
    let rows = columns.first().map_or(0, SeriesView::rows);
    let mut texts = ColumnBuilder::of_texts(rows);
    let mut whole = String::new();
    for row in 0..rows {
        let mut said = columns.iter().filter_map(|column| match column.value(row) {
            ColumnValue::Text(said) => Some(said),
            _ => None,
        });
        let first = said.next();
        match said.next().zip(separator) {
            Some((second, separator)) => {
                whole.clear();
                whole.push_str(first.unwrap_or_default());
                for more in std::iter::once(second).chain(said) {
                    whole.push_str(separator);
                    whole.push_str(more);
                }
                texts.push_text(Some(&whole));
            }
            None => texts.push_text(first),
        }
    }
    texts.column()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::column::SharedColumn;
    use crate::columns::frame::Series;
    use crate::columns::types::{Type, Unit};

    fn between(
        values: &[ColumnValue<'_>],
        least: Option<Extreme>,
        most: Option<Extreme>,
    ) -> Option<String> {
        let demand = Demand::Between { least, most };
        broken(values, &demand)
    }

    fn broken(values: &[ColumnValue<'_>], demand: &Demand<'_>) -> Option<String> {
        breaches(&series(values).view(), demand).map(|found| shown(&found))
    }

    /// Returns a column of the type of its first value.
    fn series(values: &[ColumnValue<'_>]) -> Series {
        let mut made = ColumnBuilder::new(match values[0] {
            ColumnValue::Text(_) => Type::LargeText,
            ColumnValue::Float(_) => Type::Float64,
            ColumnValue::Date(_) => Type::Date,
            ColumnValue::DateTime(_) => Type::Timestamp(Unit::Microsecond),
            _ => Type::Signed(8),
        });
        values.iter().for_each(|value| made.push(*value));
        SharedColumn::from(made.column()).into()
    }

    fn shown(found: &[Option<Breach>]) -> String {
        found
            .iter()
            .map(|breach| match breach {
                None => '.',
                Some(Breach::Below) => '-',
                Some(Breach::Above) => '+',
            })
            .collect()
    }

    #[test]
    fn limits_belong_to_what_they_allow() {
        let values = [0, 1, 5, 6].map(ColumnValue::Integer);
        let (least, most) = (Some(Extreme::Whole(1)), Some(Extreme::Number(5.0)));
        assert_eq!(between(&values, least, most).as_deref(), Some("-..+"));
        assert_eq!(between(&values, None, most).as_deref(), Some("...+"));
        let floats = [
            ColumnValue::Float(0.99),
            ColumnValue::Null,
            ColumnValue::Float(f64::NAN),
        ];
        assert_eq!(between(&floats, least, most).as_deref(), Some("-.+"));
    }

    #[test]
    fn a_time_of_day_belongs_to_its_day() {
        let of_day =
            |day: i64, hours: i64| ColumnValue::DateTime((day * 24 + hours) * 3_600_000_000);
        let values = [of_day(-1, 23), of_day(0, 0), of_day(1, 23), of_day(2, 0)];
        let found = between(&values, Some(Extreme::Day(0)), Some(Extreme::Day(1)));
        assert_eq!(found.as_deref(), Some("-..+"));
    }

    #[test]
    fn what_cannot_be_compared_is_left_to_others() {
        let number = Some(Extreme::Whole(1));
        assert_eq!(between(&[ColumnValue::Text("a")], number, None), None);
        assert_eq!(between(&[ColumnValue::Date(1)], number, None), None);
        assert_eq!(
            between(&[ColumnValue::Float(1.0)], Some(Extreme::Day(1)), None),
            None
        );
        let known = HashSet::from_iter(["a".to_owned()]);
        let one_of = Demand::OneOf {
            known: &known,
            ignores_case: true,
        };
        assert_eq!(broken(&[ColumnValue::Integer(1)], &one_of), None);
        let texts = [
            ColumnValue::Text("A"),
            ColumnValue::Null,
            ColumnValue::Text("b"),
        ];
        assert_eq!(broken(&texts, &one_of).as_deref(), Some("..-"));
    }

    #[test]
    fn zeros_of_both_signs_are_repeats_and_empty_cells_are_none() {
        let unique = |values: &[ColumnValue<'_>]| broken(values, &Demand::Unique);
        let floats = [0.0, -0.0, 1.0].map(ColumnValue::Float);
        assert_eq!(unique(&floats).as_deref(), Some("--."));
        let texts = [
            ColumnValue::Text("a"),
            ColumnValue::Null,
            ColumnValue::Null,
            ColumnValue::Text("a"),
        ];
        assert_eq!(unique(&texts).as_deref(), Some("-..-"));
    }

    #[test]
    fn messages_of_a_row_stand_in_their_order() {
        let said = [
            series(&[
                ColumnValue::Text("one"),
                ColumnValue::Null,
                ColumnValue::Null,
            ]),
            series(&[
                ColumnValue::Text("two"),
                ColumnValue::Text("three"),
                ColumnValue::Null,
            ]),
        ];
        let said = said.each_ref().map(Series::view);
        let nothing = |column: &OwnedColumn| column.rows - column.null_count;
        assert_eq!(nothing(&joined(&said, Some("; "))), 2);
        assert_eq!(nothing(&joined(&said, None)), 2);
        let known = series(&[ColumnValue::Text("known"), ColumnValue::Null]);
        let others = [known.view()];
        let both = [Some(Breach::Below); 2];
        assert!(messages(&both[..1], "a", "b", &others).is_none());
        assert_eq!(
            messages(&both, "a", "b", &others).map(|column| nothing(&column)),
            Some(1)
        );
    }
}
