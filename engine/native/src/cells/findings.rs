//! What a scan found out about a sheet beside its cells, so that nothing of the file goes missing without a word.

use std::collections::BTreeMap;

use super::merged::MergedRange;

/// Formulas that were saved without a value: their cells are read as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormulasWithoutValue {
    pub count: usize,
    /// Row and column of the first one, counted from 0.
    pub first: Option<(usize, usize)>,
    /// By column, first and last row of each stretch of them.
    stretches: BTreeMap<u32, Vec<(u32, u32)>>,
    stretch_count: usize,
}

impl FormulasWithoutValue {
    /// Notes one; its row and column count from 0.
    pub fn note(&mut self, row: usize, column: usize) {
        self.count += 1;
        self.first.get_or_insert((row, column));
        let row = row as u32;
        let stretches = self.stretches.entry(column as u32).or_default();
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => {
                self.stretch_count += 1;
                stretches.push((row, row));
            }
        }
    }

    /// The rows of those in a column, all counted from 0.
    pub fn rows_of(&self, column: usize) -> impl Iterator<Item = u32> + '_ {
        let stretches = u32::try_from(column)
            .ok()
            .and_then(|column| self.stretches.get(&column));
        let stretches = stretches.into_iter().flatten();
        stretches.flat_map(|(first, last)| *first..=*last)
    }

    /// The memory that they take.
    pub fn bytes(&self) -> usize {
        self.stretch_count * size_of::<(u32, u32)>()
    }
}

/// What became of merged ranges where their cells were to be filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Ranges whose cells got the value of the first one.
    pub ranges: usize,
    pub first: Option<MergedRange>,
    /// Those among them that give a number to several rows, so that a sum counts it several times.
    pub numbers: usize,
    pub first_number: Option<MergedRange>,
    /// Ranges that were left as they are, because they overlap others or are out of proportion to the sheet.
    pub left: usize,
}

/// What a scan found out about a sheet beside its cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    pub formulas_without_value: FormulasWithoutValue,
    /// The merged ranges in order of rows and columns.
    pub merged: Vec<MergedRange>,
    /// Whether the scan ended before it came to the merged ranges.
    pub merged_unknown: bool,
    pub filled: Filled,
}
