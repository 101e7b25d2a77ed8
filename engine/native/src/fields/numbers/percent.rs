//! Finds shares of one and percentages in the same column: 0.05 beside 5.

use crate::columns::view::ColumnValue;
use crate::words::cut::fold;
use crate::words::data::{LISTS, WordList};

/// Words in headers of columns whose numbers are shares.
static RATES: WordList = WordList::new(|| LISTS.words("rates"));
/// The number of cells from which the kind of a column is clear.
const MIN_DECIDING_CELLS: usize = 3;

/// Returns the typed numbers that may count in hundredths among shares of one, or the other way round, with the reason: the
/// smaller group of the two. A column has shares if its header says so, or if it has texts with a percent sign
/// (`takes_percent`).
pub fn doubts(
    values: &[ColumnValue<'_>],
    header: &str,
    takes_percent: bool,
) -> Vec<(usize, &'static str)> {
    let folded = fold(header);
    let mut words = folded.split(|c: char| !c.is_alphabetic() && c != '%');
    if !takes_percent && !words.any(|word| RATES.contains(&word)) && !folded.contains('%') {
        return Vec::new();
    }
    let (mut shares, mut others, mut texts) = (Vec::new(), Vec::new(), 0);
    for (row, value) in values.iter().enumerate() {
        if let ColumnValue::Text(text) = value {
            texts += usize::from(text.contains(['%', '٪', '％']));
        }
        // 1 is the whole or one hundredth; 0 is nothing either way.
        match value.number().map(f64::abs) {
            Some(size) if size > 0.0 && size < 1.0 => shares.push(row),
            Some(size) if size > 1.0 && size <= 100.0 => others.push(row),
            _ => {}
        }
    }
    let of_shares = shares.len() + if takes_percent { texts } else { 0 };
    let most = of_shares.max(others.len());
    let (fewer, said) = if others.len() < of_shares {
        (
            others,
            "above 1 among values such as 0.12: perhaps a percentage",
        )
    } else {
        (
            shares,
            "below 1 among values such as 12: perhaps a share, such as 0.12 for 12 %",
        )
    };
    if most < MIN_DECIDING_CELLS && !takes_percent {
        return Vec::new();
    }
    fewer.into_iter().map(|row| (row, said)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewer_ones_are_told_below_a_header_of_rates() {
        let rows = |numbers: &[f64], header| -> Vec<usize> {
            let values: Vec<_> = numbers
                .iter()
                .map(|number| ColumnValue::Float(*number))
                .collect();
            doubts(&values, header, false)
                .into_iter()
                .map(|(row, _)| row)
                .collect()
        };
        let shares = [0.12, 0.2, 12.0, 0.05, 7.0, 0.19, 0.07, 1.0, 0.0];
        assert_eq!(rows(&shares, "Rate"), [2, 4]);
        assert_eq!(rows(&[19.0, 7.0, 0.19, 7.0, 19.0], "VAT %"), [2]);
        // Numbers below a header of weights are no shares.
        assert!(rows(&shares, "Weight").is_empty());
        assert!(rows(&[0.12, 0.2, 0.05, 1.0], "Rate").is_empty());
        assert!(rows(&[19.0, 7.5, 1250.0], "Tax").is_empty());
    }
}
