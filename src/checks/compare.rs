//! What differs between two workbooks that were made of the same input.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use utoipa::ToSchema;

use crate::cells::{Cells, CellsError, Choice, Reading, WholeSheet, WindowLimits};

/// How many changed cells and columns are listed.
const MOST_LISTED: usize = 100;
/// How many characters of a cell are shown.
const MOST_LETTERS: usize = 200;
/// A sheet that takes more memory is not compared.
const SHEET_BYTES: usize = 256 << 20;

/// What differs between the workbook of a former run and that of a trial.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrialChanges)]
pub struct Changes {
    /// How many cells have another value, in rows and columns that are in both.
    pub changed_cells: u64,
    /// The first hundred of them.
    pub cells: Vec<ChangedCell>,
    /// Rows that were not there.
    pub added_rows: u64,
    /// Rows that are not there any more.
    pub removed_rows: u64,
    /// The headings of columns that were not there, each once for all sheets.
    pub added_columns: Vec<String>,
    /// Those of columns that are not there any more.
    pub removed_columns: Vec<String>,
}

/// A cell with another value.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedCell {
    /// The sheet of the output.
    pub sheet: String,
    /// Its row now, from 1.
    pub row: u64,
    /// Its column now, from 1.
    pub column: u64,
    /// What was in it, as it is shown; at most 200 characters.
    pub before: String,
    /// What is in it now.
    pub after: String,
}

/// Compares the sheets of two workbooks by their names, but for those that are left out. Past `until`, rows are paired as they stand.
///
/// # Errors
/// One of them cannot be read, or is too large.
pub fn changes(
    before: &Path,
    after: &Path,
    left_out: impl Fn(&str) -> bool,
    until: Instant,
) -> Result<Changes, CellsError> {
    let cells = Cells::new(WindowLimits {
        sheet_bytes: SHEET_BYTES,
        ..WindowLimits::default()
    });
    let reading = Reading::whole();
    let names = |path| -> Result<Vec<String>, CellsError> {
        let names = cells.sheets(path, &reading)?.into_iter();
        let names = names.map(|sheet| sheet.name);
        Ok(names.filter(|name| !left_out(name)).collect())
    };
    let open = |path, name: &str| cells.whole(path, &reading, Choice::Named(name));
    let (old, new) = (names(before)?, names(after)?);
    let mut found = Changes::default();
    for name in old.iter().filter(|name| !new.contains(name)) {
        found.removed_rows += open(before, name)?.size().0;
    }
    for name in &new {
        let now = open(after, name)?;
        if old.contains(name) {
            found.add(name, &open(before, name)?, &now, until);
        } else {
            found.added_rows += now.size().0;
        }
    }
    Ok(found)
}

impl Changes {
    fn add(&mut self, sheet: &str, before: &WholeSheet, after: &WholeSheet, until: Instant) {
        let columns = self.paired_columns(before, after);
        let old = hashes(before, columns.iter().map(|both| both.0));
        let new = hashes(after, columns.iter().map(|both| both.1));
        let operations = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(until));
        for operation in operations {
            let (_, was, is) = operation.as_tag_tuple();
            if matches!(operation, DiffOp::Equal { .. }) {
                continue;
            }
            let both = was.len().min(is.len());
            self.removed_rows += (was.len() - both) as u64;
            self.added_rows += (is.len() - both) as u64;
            for (was, is) in was.zip(is) {
                for &(old, new) in &columns {
                    let before = text(before, was as u64 + 1, old);
                    let after = text(after, is as u64 + 1, new);
                    self.add_cell(sheet, (is as u64 + 1, new), before, after);
                }
            }
        }
    }

    fn add_cell(&mut self, sheet: &str, place: (u64, u64), before: String, after: String) {
        if before == after {
            return;
        }
        self.changed_cells += 1;
        if self.cells.len() < MOST_LISTED {
            self.cells.push(ChangedCell {
                sheet: sheet.to_owned(),
                row: place.0,
                column: place.1,
                before: shown(&before),
                after: shown(&after),
            });
        }
    }

    /// The columns that are in both: those with the same heading, or, where the first row has no heading for each, at the same place.
    fn paired_columns(&mut self, before: &WholeSheet, after: &WholeSheet) -> Vec<(u64, u64)> {
        let (Some(old), Some(new)) = (headings(before), headings(after)) else {
            let columns = before.size().1.max(after.size().1);
            return (1..=columns).map(|column| (column, column)).collect();
        };
        let lacking = |of: &[String], other: &[String]| -> Vec<String> {
            let known: HashSet<&String> = other.iter().collect();
            let lacking = of.iter().filter(|name| !known.contains(name));
            lacking.map(|name| shown(name)).collect()
        };
        for (listed, found) in [
            (&mut self.added_columns, lacking(&new, &old)),
            (&mut self.removed_columns, lacking(&old, &new)),
        ] {
            for name in found {
                if listed.len() < MOST_LISTED && !listed.contains(&name) {
                    listed.push(name);
                }
            }
        }
        let places: HashMap<&String, u64> = old.iter().zip(1..).collect();
        let pair = |(name, now)| places.get(name).map(|&was| (was, now));
        new.iter().zip(1..).filter_map(pair).collect()
    }
}

fn text(sheet: &WholeSheet, row: u64, column: u64) -> String {
    sheet.cell(row, column, usize::MAX).text
}

fn shown(text: &str) -> String {
    text.chars().take(MOST_LETTERS).collect()
}

/// The texts of the first row, if each column has one of its own.
fn headings(sheet: &WholeSheet) -> Option<Vec<String>> {
    let all: Vec<String> = (1..=sheet.size().1)
        .map(|column| text(sheet, 1, column))
        .collect();
    let mut seen = HashSet::new();
    let is_own = |name: &String| !name.is_empty() && seen.insert(name.clone());
    all.iter().all(is_own).then_some(all)
}

/// Each row as one number, by what is in these columns.
fn hashes(sheet: &WholeSheet, columns: impl Iterator<Item = u64> + Clone) -> Vec<u64> {
    let row = |row| {
        let mut hasher = DefaultHasher::new();
        for column in columns.clone() {
            text(sheet, row, column).hash(&mut hasher);
        }
        hasher.finish()
    };
    (1..=sheet.size().0).map(row).collect()
}
