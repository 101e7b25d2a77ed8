//! Tables whose rows should be columns.

use std::collections::HashMap;
use std::hash::Hash;

use super::candidate::{Candidate, Evidence, Step};
use super::header::{Class, Header};
use super::profile::effects;
use super::reading::Kind;
use super::table::EMPTY;
use super::view::{View, mean};
use super::words;

/// Taller tables are not turned.
const TALLEST: usize = 400;

pub fn candidates(view: &View<'_>) -> Vec<Candidate> {
    if view.width() < 2 || view.height() < 1 || view.height() > TALLEST {
        return Vec::new();
    }
    let mut evidence = Evidence::new();
    let looks = Looks::of(view);
    looks.weigh(&mut evidence);
    weigh_labels(view, &mut evidence);
    weigh_headers(view, &mut evidence);
    weigh_size(view, &mut evidence);
    let reasons = looks.reasons(view);
    vec![Candidate::new(Step::Transpose, evidence, reasons)]
}

/// Whether cells are alike along rows or along columns.
struct Looks {
    /// The share of the most frequent kind along rows and columns.
    rows: f64,
    columns: f64,
    /// How many rows are not of the most frequent kind of rows.
    mixed: f64,
    row_effect: f64,
    column_effect: f64,
    /// How much more outlines agree along rows.
    outlines: f64,
}

impl Looks {
    fn of(view: &View<'_>) -> Self {
        let profile = &view.profile;
        let (height, count) = (profile.rows.len(), profile.count());
        let kind = |row: usize, column: usize| {
            let kind = profile.reading(row, column).kind;
            (kind != Kind::Missing).then_some(kind as u64)
        };
        let along = |row: usize| (1..count).filter_map(move |column| kind(row, column));
        let rows: Vec<Option<(u64, f64)>> = (0..height).map(|row| main(along(row))).collect();
        let kinds: Vec<u64> = rows.iter().flatten().map(|(kind, _)| *kind).collect();
        let several = |row: usize| along(row).nth(1).is_some();
        let by_row = (0..height).filter(|row| several(*row));
        let by_row: Vec<f64> = by_row
            .filter_map(|row| rows[row])
            .map(|main| main.1)
            .collect();
        let down = |column: usize| (0..height).filter_map(move |row| kind(row, column));
        let columns: Vec<f64> = (1..count)
            .filter(|column| down(*column).nth(1).is_some())
            .filter_map(|column| main(down(column)).map(|main| main.1))
            .collect();
        let inner: Vec<usize> = (1..count).collect();
        let (column_effect, row_effect) = effects(profile, 60, &inner);
        Self {
            rows: if by_row.is_empty() {
                0.5
            } else {
                mean(&by_row)
            },
            columns: if columns.is_empty() {
                0.5
            } else {
                mean(&columns)
            },
            mixed: main(kinds.iter().copied()).map_or(0.0, |(_, share)| 1.0 - share),
            row_effect,
            column_effect,
            outlines: outline_gain(view),
        }
    }

    fn weigh(&self, evidence: &mut Evidence) {
        evidence.add("purity_gain", self.rows - self.columns);
        evidence.add("purity_rows", self.rows);
        evidence.add("purity_columns", self.columns);
        evidence.flag("rows_differ", self.mixed > 0.0);
        evidence.add("effect_gain", self.row_effect - self.column_effect);
        evidence.add("row_effect", self.row_effect);
        evidence.add("shape_gain", self.outlines);
    }

    fn reasons(&self, view: &View<'_>) -> Vec<String> {
        let mut reasons = Vec::new();
        let per_cent = |share: f64| format!("{:.0} %", 100.0 * share);
        if self.rows > self.columns + 0.1 {
            let (rows, columns) = (per_cent(self.rows), per_cent(self.columns));
            reasons.push(format!(
                "cells of a row are of one kind ({rows}), those of a column are not ({columns})"
            ));
        } else if self.row_effect > self.column_effect + 0.2 {
            reasons.push("numbers are of one size along rows, not along columns".to_owned());
        } else {
            reasons.push("cells are alike along rows rather than along columns".to_owned());
        }
        if label_texts(view) > 0.8 {
            reasons.push("the first column holds what look like names of columns".to_owned());
        }
        reasons
    }
}

/// The most frequent value (the first of several), and its share.
fn main<T: Copy + Eq + Hash>(values: impl Iterator<Item = T> + Clone) -> Option<(T, f64)> {
    let mut counts: HashMap<T, usize> = HashMap::new();
    let mut total = 0;
    for value in values.clone() {
        *counts.entry(value).or_default() += 1;
        total += 1;
    }
    let most = counts.values().copied().max()?;
    let first = values.into_iter().find(|value| counts[value] == most)?;
    Some((first, most as f64 / total as f64))
}

fn outline_gain(view: &View<'_>) -> f64 {
    let profile = &view.profile;
    let height = profile.rows.len().min(40);
    let outline = |row: usize, column: usize| {
        let cell = view.table.row(profile.rows[row])[profile.index[column]];
        (cell != EMPTY).then(|| view.pool.outline(cell))
    };
    let purity = |lines: Vec<Vec<u64>>| {
        let lines = lines.into_iter().filter(|line| line.len() > 1);
        let shares: Vec<f64> = lines
            .filter_map(|line| main(line.iter().copied()).map(|(_, share)| share))
            .collect();
        if shares.is_empty() {
            0.5
        } else {
            mean(&shares)
        }
    };
    let count = profile.count();
    let rows = (0..height).map(|row| {
        (1..count)
            .filter_map(|column| outline(row, column))
            .collect()
    });
    let columns =
        (1..count).map(|column| (0..height).filter_map(|row| outline(row, column)).collect());
    purity(rows.collect()) - purity(columns.collect())
}

/// The share of first cells that are text.
fn label_texts(view: &View<'_>) -> f64 {
    let is_text = |row: &&[u32]| view.pool.reading(row[0]).kind.is_text();
    view.table.rows().filter(is_text).count() as f64 / view.height() as f64
}

/// What the first column says.
fn weigh_labels(view: &View<'_>, evidence: &mut Evidence) {
    let height = view.height() as f64;
    let labels: Vec<&Header> = view
        .table
        .rows()
        .take(120)
        .map(|row| view.pool.header(row[0]))
        .collect();
    let share = |is_so: &dyn Fn(&Header) -> bool| {
        labels.iter().filter(|label| is_so(label)).count() as f64 / labels.len() as f64
    };
    let mut different: Vec<u32> = view.table.rows().map(|row| row[0]).collect();
    different.sort_unstable();
    different.dedup();
    let measures = view.measures();
    evidence.add("even_gain", measures.even);
    evidence.add("rows_are_measures", measures.named);
    evidence.add("labels_text", label_texts(view));
    evidence.add("labels_unique", different.len() as f64 / height);
    evidence.add("labels_fields", share(&|label| label.is_field));
    evidence.add("labels_units", measures.units);
}

/// What the headers say.
fn weigh_headers(view: &View<'_>, evidence: &mut Evidence) {
    let heads = &view.heads[1..view.width().min(201)];
    let share = |is_so: &dyn Fn(&Header) -> bool| {
        heads.iter().filter(|head| is_so(head)).count() as f64 / heads.len().max(1) as f64
    };
    evidence.add("headers_fields", share(&Header::names_field));
    evidence.add("headers_values", share(&Header::is_value));
    evidence.add(
        "headers_integers",
        share(&|head| head.class == Some(Class::Integer)),
    );
    evidence.add(
        "headers_time",
        share(&|head| head.class.is_some_and(Class::is_time)),
    );
    evidence.add(
        "headers_entities",
        share(&|head| !head.is_value() && !head.is_field),
    );
    evidence.flag("corner", words::is_corner(&view.heads[0].low));
}

fn weigh_size(view: &View<'_>, evidence: &mut Evidence) {
    let (width, height) = (view.width(), view.height());
    let ratio = (width - 1).max(1) as f64 / height as f64;
    let numeric: Vec<f64> = view.profile.columns[1..]
        .iter()
        .map(|column| column.numeric)
        .collect();
    evidence.add("wide", (ratio.log2() / 4.0).clamp(-1.0, 1.0));
    evidence.flag("rows_few", height < 8);
    evidence.flag("rows_many", height > 40);
    evidence.add("numeric", mean(&numeric));
}
