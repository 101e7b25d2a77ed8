//! A table in the form that the rules use: its texts, and the kinds of its cells.

use std::collections::BTreeMap;

use crate::cells::column_letters::column_name;
use crate::layout::kinds::{self, CellKind};

/// The maximum numbers of rows that are read, of cells whose kind is found, and of rows of these cells.
pub const MAX_ROWS: usize = 4_000;
const MAX_CELLS: usize = 24_000;
const MAX_LOOKED_AT_ROWS: usize = 160;
/// The maximum number of rows whose numbers are compared by size.
const MAX_COMPARED_ROWS: usize = 60;
/// The maximum length of a text; longer texts are cut.
const MAX_TEXT_CHARS: usize = 2_000;
/// Texts that mean a missing value, in addition to those of every table.
const MISSING: [&str; 5] = ["nan", "none", "null", "#n/a", "k.a."];

/// The kind of value in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Number,
    /// A date or a time.
    Moment,
    Text,
}

impl Kind {
    /// Returns the kind of a trimmed text, or `None` if it is no value.
    pub fn from_text(text: &str) -> Option<Self> {
        let low = text.to_lowercase();
        match kinds::kind_of(text) {
            _ if MISSING.contains(&low.as_str()) => None,
            CellKind::Blank | CellKind::Stand => None,
            CellKind::Number => Some(Self::Number),
            CellKind::Period if text.chars().any(char::is_alphabetic) => Some(Self::Text),
            CellKind::Period => Some(Self::Number),
            CellKind::Date => Some(Self::Moment),
            CellKind::Mixed | CellKind::Words => Some(amount_of_words(&low)),
        }
    }
}

/// Returns the kind of a text: texts such as "$29.1 million" are numbers.
fn amount_of_words(low: &str) -> Kind {
    let scaled = [
        "million", "billion", "thousand", "mio", "mrd", "bn", "m", "k",
    ];
    let bare = scaled.iter().find_map(|scale| low.strip_suffix(scale));
    match bare.map(kinds::trim) {
        Some(bare) if kinds::is_number(bare) => Kind::Number,
        _ => Kind::Text,
    }
}

/// A table with the names of its columns and rows of equal width.
#[derive(Clone, Debug)]
pub struct TextTable {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// The kinds of the cells in the first rows.
    pub kinds: Vec<Vec<Option<Kind>>>,
}

impl TextTable {
    pub fn new<T: AsRef<str>>(rows: impl Iterator<Item = impl IntoIterator<Item = T>>) -> Self {
        let trimmed = |text: T| {
            kinds::trim(text.as_ref())
                .chars()
                .take(MAX_TEXT_CHARS)
                .collect()
        };
        let read = rows
            .take(MAX_ROWS + 1)
            .map(|row| row.into_iter().map(trimmed).collect());
        Self::from_texts(read.collect())
    }

    /// Makes a table of trimmed texts; the first row is the header.
    pub fn from_texts(mut rows: Vec<Vec<String>>) -> Self {
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        rows.iter_mut()
            .for_each(|row| row.resize(width, String::new()));
        let head = if rows.is_empty() {
            Vec::new()
        } else {
            rows.remove(0)
        };
        let looked_at = (MAX_CELLS / width.max(1)).clamp(8, MAX_LOOKED_AT_ROWS);
        let kind_of = |row: &Vec<String>| row.iter().map(|text| Kind::from_text(text)).collect();
        let kinds = rows.iter().take(looked_at).map(kind_of).collect();
        Self { head, rows, kinds }
    }

    pub fn width(&self) -> usize {
        self.head.len()
    }

    /// Returns the cells of a column in the rows whose kinds are known.
    pub fn column(&self, column: usize) -> impl Iterator<Item = (&str, Option<Kind>)> {
        let rows = self.rows.iter().zip(&self.kinds);
        rows.map(move |(row, kinds)| (row[column].as_str(), kinds[column]))
    }

    /// Returns the most frequent kind of a column, and its share.
    pub fn main_kind(&self, column: usize) -> Option<(Kind, f64)> {
        most_frequent(self.column(column).filter_map(|(_, kind)| kind))
    }

    /// Returns the numbers of a column.
    pub fn numbers(&self, column: usize) -> impl Iterator<Item = f64> {
        let numbers = self
            .column(column)
            .filter(|(_, kind)| *kind == Some(Kind::Number));
        numbers.filter_map(|(text, _)| number(text))
    }

    /// Returns the shares of the spread of numbers that their column and their row explain. It uses logarithms, because
    /// otherwise large numbers would hide all else.
    pub fn effects(&self, columns: std::ops::Range<usize>) -> (f64, f64) {
        let mut values = Vec::new();
        for (line, (row, kinds)) in self
            .rows
            .iter()
            .zip(&self.kinds)
            .take(MAX_COMPARED_ROWS)
            .enumerate()
        {
            for column in columns
                .clone()
                .filter(|&column| kinds[column] == Some(Kind::Number))
            {
                values.extend(number(&row[column]).map(|value| (column, line, value.asinh())));
            }
        }
        let count = values.len() as f64;
        let mean = values.iter().map(|(.., value)| value).sum::<f64>() / count.max(1.0);
        let total: f64 = values
            .iter()
            .map(|(.., value)| (value - mean).powi(2))
            .sum();
        if count < 4.0 || total < 1e-9 {
            return (0.0, 0.0);
        }
        let explained = |group_of: fn(&(usize, usize, f64)) -> usize| {
            // The order is fixed, because sums of floating-point numbers depend on it.
            let mut groups: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
            for value in &values {
                let group = groups.entry(group_of(value)).or_default();
                *group = (group.0 + 1.0, group.1 + value.2);
            }
            let between: f64 = groups
                .values()
                .map(|(n, sum)| n * (sum / n - mean).powi(2))
                .sum();
            let chance = (groups.len() as f64 - 1.0) / (count - 1.0).max(1.0);
            ((between / total - chance) / (1.0 - chance).max(1e-9)).clamp(0.0, 1.0)
        };
        (explained(|value| value.0), explained(|value| value.1))
    }

    /// Returns the name of a column for a reason.
    pub fn name(&self, column: usize) -> String {
        let name = self.head[column]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        if name.is_empty() {
            format!("column {}", column_name(column))
        } else {
            quoted(&name)
        }
    }
}

/// Returns the most frequent value and its share. The first value wins ties.
pub fn most_frequent<T: Copy + PartialEq>(values: impl Iterator<Item = T>) -> Option<(T, f64)> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(other, _)| *other == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count)?;
    Some((most.0, most.1 as f64 / all as f64))
}

/// Returns the share of items that are true; 0 if there are none.
pub fn share(items: impl Iterator<Item = bool>) -> f64 {
    let (count, so) = items.fold((0, 0), |(count, so), is_so| {
        (count + 1, so + usize::from(is_so))
    });
    so as f64 / f64::max(1.0, f64::from(count))
}

/// Returns the first number in a text.
fn number(text: &str) -> Option<f64> {
    let bare: String = text
        .replace('−', "-")
        .chars()
        .filter(|c| !",'’ \u{a0}".contains(*c))
        .collect();
    let start = bare.find(|c: char| c.is_ascii_digit())?;
    let start = start - usize::from(bare[..start].ends_with('.'));
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let end = bare[start..]
        .find(|c: char| !digits(c))
        .map_or(bare.len(), |length| start + length);
    let value: f64 = bare[start..end].trim_end_matches('.').parse().ok()?;
    let is_negative = bare[..start].ends_with(['-', '(']);
    Some(if is_negative { -value } else { value })
}

/// Returns a text in quotes, shortened if it is long.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(32) {
        Some((end, _)) => format!("“{}…”", &text[..end]),
        None => format!("“{text}”"),
    }
}
