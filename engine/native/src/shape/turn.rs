//! Finds tables that need turning: the first column holds the names of the rows, and each row holds values of its own kind or
//! size.

use super::heads::{names_field, pattern, tokens};
use super::step::{Proposal, ReshapeStep};
use super::table::{Kind, TextTable, most_frequent, share};
use crate::layout::words::said;

/// If there are more rows, their labels are no column names.
const MAX_ROWS: usize = 60;
/// A label with this many words describes a measurement.
const MIN_SENTENCE_WORDS: usize = 5;

pub fn turn(table: &TextTable) -> Option<Proposal> {
    let height = table.kinds.len();
    if table.width() < 3 || !(2..=MAX_ROWS).contains(&table.rows.len()) {
        return None;
    }
    let labels: Vec<&str> = table.rows[..height]
        .iter()
        .map(|row| row[0].as_str())
        .collect();
    let mut different: Vec<String> = labels.iter().map(|label| label.to_lowercase()).collect();
    different.sort_unstable();
    different.dedup();
    let is_text = |label: &&str| Kind::from_text(label) == Some(Kind::Text);
    let patterns: Vec<Option<String>> = labels
        .iter()
        .map(|label| pattern(&tokens(&label.to_lowercase())))
        .collect();
    let same = |pattern: &Option<String>| {
        pattern.is_some() && patterns.iter().filter(|other| *other == pattern).count() * 2 > height
    };
    // Numbers of records are no names.
    let are_codes = height > 2 && patterns.iter().any(same);
    let are_names = different.len() as f64 >= 0.85 * height as f64
        && labels.iter().all(|label| !label.is_empty())
        && share(labels.iter().map(is_text)) >= 0.8;
    let rows: Vec<(Kind, f64)> = (0..height)
        .filter_map(|row| most_frequent(table.kinds[row][1..].iter().flatten().copied()))
        .collect();
    if !are_names || are_codes || share(rows.iter().map(|(_, share)| *share >= 0.8)) < 0.9 {
        return None;
    }
    let columns: Vec<f64> = (1..table.width())
        .filter_map(|column| Some(table.main_kind(column)?.1))
        .collect();
    let purity = columns.iter().sum::<f64>() / columns.len().max(1) as f64;
    let are_mixed = rows.iter().any(|(kind, _)| *kind != rows[0].0) && purity < 0.8;
    let (by_column, by_row) = table.effects(1..table.width());
    let is_measure = |label: &&str| {
        let is_sentence = label
            .split_whitespace()
            .nth(MIN_SENTENCE_WORDS - 1)
            .is_some();
        names_field(label) || said(label).unit || has_unit(label) || is_sentence
    };
    let measures = share(labels.iter().map(is_measure));
    let (confidence, reason) = if are_mixed {
        (
            0.94,
            "the cells of a row are of one kind, those of a column are not",
        )
    } else if by_row - by_column >= 0.5 && measures >= 0.3 {
        (
            0.95,
            "the numbers in a row are of similar size, those in a column are not",
        )
    } else if measures >= 0.75 && by_column < 0.5 {
        (0.94, "each row has its own measure")
    } else if by_row - by_column > 0.3 {
        (
            0.45,
            "the numbers in a row are of similar size, those in a column are not",
        )
    } else {
        return None;
    };
    let doubt = if rows.iter().all(|(kind, _)| *kind == rows[0].0) {
        Some("all rows hold values of the same kind")
    } else {
        (different.len() < height)
            .then_some("the first column would become the header, but has a text twice")
    };
    let names = "the texts of the first column look like names of columns";
    Some(Proposal::new(
        ReshapeStep::Transpose,
        confidence,
        vec![reason.to_owned(), names.to_owned()],
        doubt,
    ))
}

/// Returns whether a label has a unit in brackets, or ends with a colon.
fn has_unit(label: &str) -> bool {
    let inner = label
        .split_once(['(', '['])
        .and_then(|(_, rest)| rest.split_once([')', ']']));
    label.ends_with(':')
        || label.contains(['#', '°'])
        || inner.is_some_and(|(inner, _)| (1..=12).contains(&inner.chars().count()))
}
