//! A table as all who make proposals see it: what is found out about it is found out once.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::header::Header;
use super::hollow::{Hollow, Unclean};
use super::profile::Profile;
use super::series::{Grid, grids};
use super::table::{Id, Pool, Table};
use super::words;

/// Columns beyond which headers are not searched for groups.
pub const MOST_COLUMNS: usize = 400;

pub struct View<'a> {
    pub pool: &'a Pool,
    pub table: &'a Table,
    pub heads: Vec<&'a Header>,
    pub profile: Profile,
    pub hollow: Hollow,
    pub unclean: Unclean,
    grids: OnceCell<Vec<Grid>>,
    measures: OnceCell<RowMeasures>,
}

/// Whether rows hold different measures.
#[derive(Clone, Copy, Default)]
pub struct RowMeasures {
    /// The share of first cells that name a measure.
    pub named: f64,
    /// The share of first cells with a unit.
    pub units: f64,
    /// How much more numbers agree along rows than along columns about having a fraction.
    pub even: f64,
}

impl<'a> View<'a> {
    pub fn of(pool: &'a Pool, table: &'a Table) -> Self {
        let hollow = Hollow::of(pool, table);
        Self {
            heads: table.head.iter().map(|&head| pool.header(head)).collect(),
            profile: Profile::of(pool, table),
            unclean: hollow.unclean(table.width()),
            hollow,
            pool,
            table,
            grids: OnceCell::new(),
            measures: OnceCell::new(),
        }
    }

    pub fn width(&self) -> usize {
        self.table.width()
    }

    pub fn height(&self) -> usize {
        self.table.height()
    }

    /// Runs of columns whose headers are measures times keys.
    pub fn grids(&self) -> &[Grid] {
        self.grids.get_or_init(|| {
            let is_searched = self.width() <= MOST_COLUMNS;
            if is_searched {
                grids(&self.heads)
            } else {
                Vec::new()
            }
        })
    }

    pub fn measures(&self) -> RowMeasures {
        *self.measures.get_or_init(|| self.row_measures())
    }

    fn row_measures(&self) -> RowMeasures {
        let firsts = self
            .table
            .rows()
            .take(150)
            .map(|row| self.pool.text(row[0]));
        let count = firsts.clone().count();
        if count == 0 {
            return RowMeasures::default();
        }
        let share = |found: usize| found as f64 / count as f64;
        RowMeasures {
            named: share(firsts.clone().filter(|text| names_measure(text)).count()),
            units: share(firsts.filter(|text| has_unit(text)).count()),
            even: self.evenness(),
        }
    }

    fn evenness(&self) -> f64 {
        let settled = |share: f64| share.max(1.0 - share);
        let mut along = Vec::new();
        for line in 0..self.profile.rows.len().min(80) {
            let numbers = self.profile.line(line)[1..]
                .iter()
                .filter_map(|reading| reading.number);
            let count = numbers.clone().count();
            if count > 1 {
                let fractions = numbers.filter(|value| *value != value.trunc()).count();
                along.push(settled(fractions as f64 / count as f64));
            }
        }
        let columns = &self.profile.columns[1..];
        let down = columns
            .iter()
            .map(|column| settled(column.decimals))
            .sum::<f64>();
        let down = if columns.is_empty() {
            1.0
        } else {
            down / columns.len() as f64
        };
        if along.is_empty() {
            0.0
        } else {
            mean(&along) - down
        }
    }

    /// What a column is called in a reason.
    pub fn name(&self, column: usize) -> String {
        let text = self.pool.text(self.table.head[column]);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            format!("column {}", letters(column))
        } else {
            quoted(&text)
        }
    }

    /// The share of rows that differ in these columns.
    pub fn unique(&self, columns: &[usize]) -> f64 {
        let rows = &self.profile.rows[..self.profile.rows.len().min(80)];
        if columns.is_empty() || rows.is_empty() {
            return 0.0;
        }
        let key = |&row: &usize| {
            let cells = self.table.row(row);
            columns
                .iter()
                .map(|&column| cells[column])
                .collect::<Vec<Id>>()
        };
        rows.iter().map(key).collect::<HashSet<_>>().len() as f64 / rows.len() as f64
    }
}

/// A text in quotes, shortened.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(32) {
        Some((end, _)) => format!("“{}…”", &text[..end]),
        None => format!("“{text}”"),
    }
}

fn names_measure(text: &str) -> bool {
    if text.contains(['%', '#', '°']) {
        return true;
    }
    let low = text.to_lowercase();
    words::words_of(&low).any(words::is_measure)
}

/// Whether a label ends with a unit in brackets, has a sign of one, or ends with a colon.
fn has_unit(text: &str) -> bool {
    if text.contains(['%', '°', '$']) || text.ends_with(':') {
        return true;
    }
    let Some(start) = text.find(['(', '[']) else {
        return false;
    };
    let inner = &text[start + 1..];
    let end = inner.find([')', ']']);
    end.is_some_and(|end| (1..=12).contains(&inner[..end].chars().count()))
}

pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        0.0
    } else {
        values.iter().sum::<f64>() / values.len() as f64
    }
}

/// How much the lengths of texts differ, from 0 to 1.
pub fn rough(lengths: &[f64]) -> f64 {
    let average = mean(lengths);
    let squares: Vec<f64> = lengths
        .iter()
        .map(|length| (length - average).powi(2))
        .collect();
    (mean(&squares).sqrt() / (average + 1.0)).min(1.0)
}

/// The logarithm of a count to the base of 2, as a part of `most`.
pub fn log_share(count: usize, most: f64) -> f64 {
    ((count.max(1) as f64).log2() / most).min(1.0)
}

/// The letters of a column, counted from 0, as steps in words name it.
fn letters(column: usize) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    match column / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letters(before - 1)),
    }
}
