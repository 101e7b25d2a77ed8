//! The facts that a scan finds about a sheet beside its cells, so that nothing in the file is lost silently.

use std::collections::BTreeMap;

use super::merged::MergedRange;

/// Formulas that were saved without a value; their cells are read as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormulasWithoutValue {
    pub count: usize,
    /// The row and column of the first such formula, counted from 0.
    pub first: Option<(usize, usize)>,
    /// By column, the first and last row of each run of these formulas.
    stretches: BTreeMap<u32, Vec<(u32, u32)>>,
    stretch_count: usize,
}

impl FormulasWithoutValue {
    /// Notes a formula; its row and column count from 0.
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

    /// Returns the rows of these formulas in a column, all counted from 0.
    pub fn rows_of(&self, column: usize) -> impl Iterator<Item = u32> + '_ {
        let stretches = u32::try_from(column)
            .ok()
            .and_then(|column| self.stretches.get(&column));
        let stretches = stretches.into_iter().flatten();
        stretches.flat_map(|(first, last)| *first..=*last)
    }

    /// Returns the bytes that they take.
    pub fn bytes(&self) -> usize {
        self.stretch_count * size_of::<(u32, u32)>()
    }
}

/// Counts of the merged ranges that were filled, and of those that were not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MergedFillCounts {
    /// The number of ranges whose cells got the value of the first cell.
    pub ranges: usize,
    pub first: Option<MergedRange>,
    /// Those of these ranges that give a number to several rows, so that a sum counts it several times.
    pub numbers: usize,
    pub first_number: Option<MergedRange>,
    /// The number of ranges whose number stays in the first cell only, because an amount of several records is not several
    /// amounts.
    pub lone_numbers: usize,
    pub first_lone_number: Option<MergedRange>,
    /// The number of ranges that stay as they are, because they overlap others or are out of proportion to the sheet.
    pub left: usize,
}

/// The facts that a scan found about a sheet beside its cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanFindings {
    pub formulas_without_value: FormulasWithoutValue,
    /// The merged ranges, in order of rows and columns.
    pub merged: Vec<MergedRange>,
    /// Whether the scan ended before it reached the merged ranges.
    pub merged_unknown: bool,
    pub filled: MergedFillCounts,
    pub hidden_rows: RowRuns,
    /// The first and last column of each run of columns that spreadsheet programs do not show.
    pub hidden_columns: Vec<(u32, u32)>,
    /// Rows whose cells are all struck through.
    pub struck_rows: RowRuns,
    /// Rows whose cells are all filled red.
    pub red_rows: RowRuns,
    /// Row and column of positive numbers whose format shows a minus or parentheses.
    pub sign_of_format: Vec<(u32, u32)>,
    pub separated: SeparatedTextFacts,
}

/// The facts about the records of a file of separated text; rows count from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeparatedTextFacts {
    /// Runs of rows with equally many fields: first row, last row, fields.
    runs: Vec<(u32, u32, u32)>,
    /// Rows with quotes that close nothing, or that are never closed.
    pub quotes: Vec<u32>,
    /// Whether these quotes were read as letters; otherwise they were read by the rules of separated text.
    pub quotes_are_letters: bool,
    /// Whether quotes within cells are written with backslashes.
    pub has_backslashes: bool,
    /// Rows whose cells were joined, and the number of cells that they had before.
    pub joined: Vec<(u32, u32)>,
    /// Whether the text ends within a row: the last row has fewer fields than most, or its last value is shorter than all
    /// others.
    pub is_cut: bool,
    /// Whether cells are in single quotes.
    pub has_single_quotes: bool,
    /// The first row of a part with another delimiter, which reaches to the end, and that delimiter.
    pub other_part: Option<(u32, u8)>,
}

impl SeparatedTextFacts {
    /// Notes the number of fields of the next row.
    pub fn note(&mut self, row: usize, fields: usize) {
        let (row, fields) = (row as u32, fields as u32);
        match self.runs.last_mut() {
            Some((_, last, same)) if *last + 1 == row && *same == fields => *last = row,
            _ => self.runs.push((row, row, fields)),
        }
    }

    /// Returns the number of fields in a row; 0 if the row is blank.
    pub fn fields_of(&self, row: usize) -> usize {
        let row = row as u32;
        let at = self.runs.partition_point(|(_, last, _)| *last < row);
        self.runs
            .get(at)
            .filter(|(first, ..)| *first <= row)
            .map_or(0, |(.., fields)| *fields as usize)
    }

    /// Returns the number of fields that most rows with several fields have.
    pub fn usual(&self) -> usize {
        let mut counts = BTreeMap::new();
        for (first, last, fields) in self.runs.iter().filter(|(.., fields)| *fields > 1) {
            *counts.entry(*fields).or_insert(0) += last - first + 1;
        }
        counts
            .into_iter()
            .max_by_key(|(_, rows)| *rows)
            .map_or(0, |(fields, _)| fields as usize)
    }

    /// Returns whether the last row has fewer fields than usual.
    pub fn ends_short(&self) -> bool {
        self.runs
            .last()
            .is_some_and(|(.., fields)| (*fields as usize) < self.usual())
    }

    /// Returns whether rows have different numbers of fields.
    pub fn differ(&self) -> bool {
        self.runs.windows(2).any(|pair| pair[0].2 != pair[1].2)
    }

    /// Returns whether rows with several fields have different numbers of fields.
    pub fn is_uneven(&self) -> bool {
        let usual = self.usual() as u32;
        self.runs
            .iter()
            .any(|(.., fields)| *fields > 1 && *fields != usual)
    }

    /// Returns the rows from `start` to before `stop` whose number of fields is not `expected`, with that number; joined rows
    /// count as they were. `width` returns the width of a row up to its last value: fields behind the last value are no
    /// surplus.
    pub fn uneven(
        &self,
        start: usize,
        stop: usize,
        expected: usize,
        width: impl Fn(usize) -> usize,
    ) -> Vec<(u32, u32)> {
        let mut found: Vec<(u32, u32)> = self.joined.clone();
        for (first, last, fields) in &self.runs {
            if *fields as usize != expected && *fields > 0 {
                let rows = (*first..=*last)
                    .filter(|row| (*fields as usize) < expected || width(*row as usize) > expected);
                found.extend(rows.map(|row| (row, *fields)));
            }
        }
        found.retain(|(row, _)| (start..stop).contains(&(*row as usize)));
        found.sort_unstable();
        found
    }
}

/// Rows in order, as the first and last row of each run. Hidden and filtered rows are read like all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowRuns(Vec<(u32, u32)>);

impl RowRuns {
    /// Notes a row, which counts from 0.
    pub fn note(&mut self, row: usize) {
        let row = row as u32;
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => self.0.push((row, row)),
        }
    }

    /// Returns the first and last row of each run, among the rows that have a value.
    pub fn stretches(&self, has_value: impl Fn(usize) -> bool) -> Vec<(u32, u32)> {
        let mut found = Self::default();
        let rows = self.0.iter().flat_map(|&(first, last)| first..=last);
        rows.map(|row| row as usize)
            .filter(|&row| has_value(row))
            .for_each(|row| found.note(row));
        found.0
    }
}
