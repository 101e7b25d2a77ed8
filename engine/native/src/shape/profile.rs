//! What the columns of a table hold, and how alike each two of them are.

use super::reading::{Kind, Reading, likeness};
use super::table::{EMPTY, Pool, Table, spread};

/// Cells that are looked at, rows spread evenly.
const CELLS: usize = 24_000;
/// Columns that are compared with each other.
pub const WIDE: usize = 60;
/// Steps by which sizes of numbers are compared: two for each power of ten.
const SIZES: usize = 40;
const OUTLINES: usize = 48;

/// A column, as it is compared with others.
#[derive(Clone, Default)]
pub struct Column {
    /// Cells with a value.
    pub filled: f64,
    /// The share of each kind among them.
    pub kinds: [f64; Kind::COUNT],
    pub numeric: f64,
    /// The share of its numbers that have a fraction.
    pub decimals: f64,
    /// The share of its values that are different.
    pub distinct: f64,
    /// The share of rows in which it has a value.
    pub share: f64,
    sizes: Vec<f64>,
    outlines: Vec<f64>,
    words: [u64; 4],
}

impl Column {
    /// The share of its most frequent kind.
    pub fn purity(&self) -> f64 {
        self.kinds.iter().copied().fold(0.0, f64::max)
    }

    /// Its most frequent kind, by number; nothing where it is empty.
    pub fn main_kind(&self) -> Option<usize> {
        let mut best = None;
        for (kind, &share) in self.kinds.iter().enumerate() {
            if share > best.map_or(0.0, |kind: usize| self.kinds[kind]) {
                best = Some(kind);
            }
        }
        best
    }

    fn words_count(&self) -> u32 {
        self.words.iter().map(|part| part.count_ones()).sum()
    }
}

/// The columns that are compared (all, or [`WIDE`] of them).
pub struct Profile {
    /// Their places in the table.
    pub index: Vec<usize>,
    /// The rows that are looked at.
    pub rows: Vec<usize>,
    pub columns: Vec<Column>,
    readings: Vec<Reading>,
    /// How alike two columns are, from 0 to 1.
    same: Vec<f64>,
    vocabulary: Vec<f64>,
}

impl Profile {
    pub fn of(pool: &Pool, table: &Table) -> Self {
        let index = chosen(table.width());
        let count = index.len();
        let rows = spread(table.height(), (CELLS / count.max(1)).clamp(25, 150));
        let mut readings = Vec::with_capacity(rows.len() * count);
        for &row in &rows {
            let cells = table.row(row);
            readings.extend(index.iter().map(|&column| pool.reading(cells[column])));
        }
        let column = |at: usize| {
            let cells = rows.iter().enumerate().map(|(line, &row)| {
                let cell = table.row(row)[index[at]];
                (cell, readings[line * count + at])
            });
            column_of(pool, cells, rows.len())
        };
        let columns: Vec<Column> = (0..count).map(column).collect();
        let (same, vocabulary) = compare(&columns);
        Self {
            index,
            rows,
            columns,
            readings,
            same,
            vocabulary,
        }
    }

    pub fn count(&self) -> usize {
        self.index.len()
    }

    pub fn reading(&self, line: usize, column: usize) -> Reading {
        self.readings[line * self.count() + column]
    }

    /// The readings of a row, by its place among those that are looked at.
    pub fn line(&self, line: usize) -> &[Reading] {
        &self.readings[line * self.count()..(line + 1) * self.count()]
    }

    pub fn same(&self, one: usize, other: usize) -> f64 {
        self.same[one * self.count() + other]
    }

    /// The share of texts that two columns have in common.
    pub fn vocabulary(&self, one: usize, other: usize) -> f64 {
        self.vocabulary[one * self.count() + other]
    }

    /// How alike columns are on average, over all pairs.
    pub fn sameness(&self, columns: &[usize]) -> (f64, usize) {
        let mut sum = 0.0;
        for (at, &one) in columns.iter().enumerate() {
            sum += columns[at + 1..]
                .iter()
                .map(|&other| self.same(one, other))
                .sum::<f64>();
        }
        (sum, columns.len() * columns.len().saturating_sub(1) / 2)
    }
}

/// The first and last columns, and others at even distances.
fn chosen(width: usize) -> Vec<usize> {
    if width <= WIDE {
        return (0..width).collect();
    }
    let between = spread(width - 24, WIDE - 24).into_iter().map(|at| 16 + at);
    let mut index: Vec<usize> = (0..16).chain(between).chain(width - 8..width).collect();
    index.dedup();
    index
}

fn column_of(pool: &Pool, cells: impl Iterator<Item = (u32, Reading)>, rows: usize) -> Column {
    let mut column = Column {
        sizes: vec![0.0; SIZES],
        outlines: vec![0.0; OUTLINES],
        ..Column::default()
    };
    let mut seen = Vec::with_capacity(rows);
    let (mut numbers, mut fractions) = (0.0, 0.0);
    for (cell, reading) in cells {
        if reading.kind == Kind::Missing || cell == EMPTY {
            continue;
        }
        column.filled += 1.0;
        column.kinds[reading.kind as usize] += 1.0;
        seen.push(pool.low(cell));
        if let Some(value) = reading.number {
            numbers += 1.0;
            fractions += f64::from(value != value.trunc());
            note_size(&mut column.sizes, value);
        } else {
            column.outlines[(pool.outline(cell) % OUTLINES as u64) as usize] += 1.0;
        }
    }
    seen.sort_unstable();
    seen.dedup();
    for low in &seen {
        let bit = (low >> 8) % 256;
        column.words[(bit / 64) as usize] |= 1 << (bit % 64);
    }
    let filled = column.filled.max(1.0);
    column.distinct = seen.len() as f64 / filled;
    column.kinds.iter_mut().for_each(|kind| *kind /= filled);
    column.numeric = column.kinds[..3].iter().sum();
    column.decimals = fractions / f64::max(1.0, numbers);
    column.share = column.filled / rows.max(1) as f64;
    to_shares(&mut column.sizes);
    to_shares(&mut column.outlines);
    column
}

/// Counts the size of a number, and a little its neighbours.
fn note_size(sizes: &mut [f64], value: f64) {
    let power = if value.abs() > 1e-6 {
        value.abs().log10()
    } else {
        -2.0
    };
    let at = (2.0 * (power + 5.0)).clamp(0.0, (SIZES - 1) as f64) as usize;
    sizes[at] += 0.6;
    sizes[at.saturating_sub(1)] += 0.2;
    sizes[(at + 1).min(SIZES - 1)] += 0.2;
}

fn to_shares(counts: &mut [f64]) {
    let sum = counts.iter().sum::<f64>().max(1.0);
    counts.iter_mut().for_each(|count| *count /= sum);
}

fn overlap(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a.min(*b)).sum()
}

/// How alike each two columns are, and the share of texts that they have in common.
fn compare(columns: &[Column]) -> (Vec<f64>, Vec<f64>) {
    let count = columns.len();
    let (mut same, mut vocabulary) = (vec![1.0; count * count], vec![1.0; count * count]);
    let soft: Vec<[f64; Kind::COUNT]> =
        columns.iter().map(|column| soften(&column.kinds)).collect();
    for one in 0..count {
        for other in one + 1..count {
            let common = common_words(&columns[one], &columns[other]);
            let is_blank = columns[one].filled == 0.0 || columns[other].filled == 0.0;
            let alike = if is_blank {
                0.6
            } else {
                let kinds = cosine(&soft[one], &soft[other]);
                likeness_of(&columns[one], &columns[other], kinds, common)
            };
            for at in [one * count + other, other * count + one] {
                same[at] = alike;
                vocabulary[at] = common;
            }
        }
        let is_empty = columns[one].filled == 0.0;
        vocabulary[one * count + one] = f64::from(!is_empty);
    }
    (same, vocabulary)
}

fn soften(kinds: &[f64; Kind::COUNT]) -> [f64; Kind::COUNT] {
    let mut soft = [0.0; Kind::COUNT];
    for (one, &share) in kinds.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        for (other, sum) in soft.iter_mut().enumerate() {
            *sum += share * likeness(one, other);
        }
    }
    soft
}

fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let length = |a: &[f64]| product(a, a).sqrt() + 1e-9;
    product(one, other) / length(one) / length(other)
}

fn common_words(one: &Column, other: &Column) -> f64 {
    let both = one.words.iter().zip(&other.words);
    let common: u32 = both.map(|(a, b)| (a & b).count_ones()).sum();
    let smaller = one.words_count().min(other.words_count());
    f64::from(common) / f64::from(smaller.max(1))
}

fn likeness_of(one: &Column, other: &Column, kinds: f64, common: f64) -> f64 {
    let alike = 0.5 * kinds + 0.5 * overlap(&one.kinds, &other.kinds);
    let both_numbers = (one.numeric * other.numeric).sqrt();
    let mut near = 0.0;
    if both_numbers > 0.0 {
        near = 0.25 + 0.75 * (1.3 * overlap(&one.sizes, &other.sizes)).min(1.0);
        near *= 1.0 - 0.4 * (one.decimals - other.decimals).abs();
    }
    let mut text = 0.0;
    if both_numbers < 1.0 {
        let outlines = overlap(&one.outlines, &other.outlines);
        text = 0.35 + 0.65 * outlines.max(1.2 * common).min(1.0);
    }
    alike * (both_numbers * near + (1.0 - both_numbers) * text)
}

/// The shares of the spread of numbers that their column and their row explain. The logarithm of a number counts, or sizes would
/// drown everything else.
pub fn effects(profile: &Profile, rows: usize, columns: &[usize]) -> (f64, f64) {
    let rows = rows.min(profile.rows.len());
    if columns.len() < 2 || rows < 2 {
        return (0.0, 0.0);
    }
    let (mut by_column, mut by_row) = (vec![(0.0, 0.0); columns.len()], vec![(0.0, 0.0); rows]);
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (row, own) in by_row.iter_mut().enumerate() {
        for (group, &column) in by_column.iter_mut().zip(columns) {
            let Some(value) = profile.reading(row, column).number else {
                continue;
            };
            let value = value.asinh();
            count += 1.0;
            sum += value;
            squares += value * value;
            for group in [group, &mut *own] {
                group.0 += 1.0;
                group.1 += value;
            }
        }
    }
    if count < 4.0 {
        return (0.0, 0.0);
    }
    let mean: f64 = sum / count;
    let total = squares - count * mean * mean;
    if total < 1e-9 {
        return (0.0, 0.0);
    }
    let explained = |groups: &[(f64, f64)]| {
        let filled = groups.iter().filter(|group| group.0 > 0.0);
        let levels = filled.clone().count() as f64;
        let between: f64 = filled.map(|(n, sum)| n * (sum / n - mean).powi(2)).sum();
        let chance = (levels - 1.0) / (count - 1.0).max(1.0);
        ((between / total - chance) / (1.0 - chance).max(1e-9)).clamp(0.0, 1.0)
    };
    (explained(&by_column), explained(&by_row))
}
