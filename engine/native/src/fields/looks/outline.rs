//! Outlines a column's values so that the layouts of two files can be compared: kinds, shapes and sizes, but no values.
//!
//! An outline is made of at most a hundred filled cells, taken evenly, so that long columns cost little.

use foldhash::HashMap;

use super::profile::{Profile, ProfileReadings, taken};
use crate::account::tables::ColumnValueProfile;
use crate::columns::view::ColumnValue;
use crate::fields::dates::orders::name_of;
use crate::fields::is_filled;
use crate::fields::numbers::number::NumberColumn;
use crate::fields::texts::text::push_text;

/// The maximum number of filled cells in an outline.
const MAX_OUTLINE_CELLS: usize = 100;
/// The maximum number of characters in a shape: a longer one would come close to the text itself.
const MAX_SHAPE_CHARS: usize = 24;

/// Returns the outline of a column's values.
pub fn outline(values: &[ColumnValue<'_>]) -> ColumnValueProfile {
    let filled = values.iter().filter(|value| is_filled(**value)).count();
    let cells = taken(values, filled, MAX_OUTLINE_CELLS);
    let (profile, ProfileReadings { dates, numbers }) = Profile::with_readings(&cells);
    let kinds = [
        ("date", profile.days),
        ("number", profile.amounts),
        ("boolean", profile.flags),
        ("email", profile.emails),
        ("phone", profile.phones),
        ("time", profile.times + profile.durations),
    ];
    let named: usize = kinds.iter().map(|(_, count)| count).sum();
    let others = ("text", cells.len().saturating_sub(named));
    let most = kinds.into_iter().chain([others]).max_by_key(|kind| kind.1);
    let (kind, count) = most.filter(|kind| kind.1 > 0).unzip();
    let share = count.unwrap_or_default() as f64 / cells.len().max(1) as f64;
    let mut this = ColumnValueProfile {
        rows: values.len() as u64,
        filled: filled as u64,
        kind: kind.map(str::to_owned),
        share: (share * 100.0).round() / 100.0,
        ..ColumnValueProfile::default()
    };
    match kind {
        Some("date") => {
            this.shape = shape_of_dates(&cells);
            let shown = dates.and_then(|dates| dates.shown_order());
            this.order = shown.map(name_of).map(str::to_owned);
        }
        Some("number") => {
            let mark = numbers.as_ref().and_then(NumberColumn::shown_decimal);
            this.mark = mark.map(|mark| if mark == b',' { "comma" } else { "point" }.to_owned());
            this.size = numbers.and_then(|numbers| size_of(&numbers.values));
        }
        _ => {}
    }
    this
}

/// Returns the most frequent shape. A column of dates with a word in it arrives as text, with dates such as
/// `2025-03-01T00:00:00`.
fn shape_of_dates(cells: &[ColumnValue<'_>]) -> Option<String> {
    let mut shapes: HashMap<String, usize> = HashMap::default();
    let mut text = String::new();
    for &cell in cells {
        text.clear();
        push_text(cell, &mut text);
        let shape = match cell {
            ColumnValue::Text(_) => shape(&text),
            _ => "typed".to_owned(),
        };
        *shapes.entry(shape).or_default() += 1;
    }
    // Of equally frequent shapes, the result is always the same one.
    let most = shapes
        .into_iter()
        .max_by(|shape, other| shape.1.cmp(&other.1).then(other.0.cmp(&shape.0)));
    most.map(|(shape, _)| shape)
}

/// Returns a text with digits as `9`, always two for days and months, and words as one `A`.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    let mut letters = text.trim().chars().peekable();
    while let Some(c) = letters.next() {
        if c.is_alphabetic() {
            while letters.next_if(|next| next.is_alphabetic()).is_some() {}
            shape.push('A');
        } else if c.is_numeric() {
            let mut digits = 1;
            while letters.next_if(|next| next.is_numeric()).is_some() {
                digits += 1;
            }
            shape.push_str(&"9".repeat(digits.clamp(2, 8)));
        } else {
            shape.push(c);
        }
    }
    match shape.starts_with("9999-99-99A99:99") || shape.starts_with("9999-99-99 99:99:99") {
        true => "typed".to_owned(),
        false => shape.chars().take(MAX_SHAPE_CHARS).collect(),
    }
}

fn size_of(numbers: &[Option<f64>]) -> Option<f64> {
    let mut sizes: Vec<f64> = numbers.iter().flatten().copied().map(f64::abs).collect();
    sizes.retain(|size| *size > 0.0 && size.is_finite());
    sizes.sort_by(f64::total_cmp);
    let median = sizes.get(sizes.len() / 2)?;
    Some((median.log10() * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_kinds_and_no_values() {
        let of = |texts: &[&'static str]| {
            let values: Vec<_> = texts.iter().map(|text| ColumnValue::Text(text)).collect();
            outline(&values)
        };
        let dates = of(&["3.4.2025", "13.04.2025", "24.4.2025", ""]);
        assert_eq!((dates.kind.as_deref(), dates.filled), (Some("date"), 3));
        assert_eq!(dates.shape.as_deref(), Some("99.99.9999"));
        assert_eq!(dates.order.as_deref(), Some("day-first"));
        let amounts = of(&["1.309,50", "1.212,00", "7.000,25"]);
        assert_eq!(
            (amounts.mark.as_deref(), amounts.size),
            (Some("comma"), Some(3.1))
        );
        assert_eq!(of(&["", " "]).kind, None);
        assert_eq!(shape("2025-03-01T00:00:00"), "typed");
    }
}
