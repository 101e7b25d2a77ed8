//! What a scan found out about a sheet beside its cells, so that nothing of the file goes missing without a word.

use super::merged::MergedRange;

/// Formulas that were saved without a value: their cells are read as empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FormulasWithoutValue {
    pub count: usize,
    /// Row and column of the first one, counted from 0.
    pub first: Option<(usize, usize)>,
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
