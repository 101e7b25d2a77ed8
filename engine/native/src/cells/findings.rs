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
    /// Ranges whose number stands in their first cell only, because an amount of several records is not several amounts.
    pub lone_numbers: usize,
    pub first_lone_number: Option<MergedRange>,
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
    pub hidden_rows: Rows,
    /// First and last of each stretch of columns that spreadsheet programs do not show.
    pub hidden_columns: Vec<(u32, u32)>,
    /// Rows all of whose cells are struck through.
    pub struck_rows: Rows,
    /// Rows all of whose cells are filled red.
    pub red_rows: Rows,
    /// Positive numbers whose format shows them with a minus or in parentheses: row and column.
    pub sign_of_format: Vec<(u32, u32)>,
    pub separated: Separated,
}

/// How the records of a file of separated text are made; rows count from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Separated {
    /// Stretches of rows with as many fields: first row, last row, fields.
    runs: Vec<(u32, u32, u32)>,
    /// Rows with quotes that close nothing, or nowhere.
    pub quotes: Vec<u32>,
    /// Whether these quotes were read as letters; else they were read by the rules of separated text.
    pub quotes_are_letters: bool,
    /// Whether quotes within cells are written with backslashes.
    pub has_backslashes: bool,
    /// Rows of which cells were joined, and how many cells they had before.
    pub joined: Vec<(u32, u32)>,
    /// Whether the text ends within a row: it has fewer fields than most, or its last value is shorter than all others.
    pub is_cut: bool,
    /// Whether single quotes stand around cells.
    pub has_single_quotes: bool,
    /// The first row that has another delimiter, as all below it, and that.
    pub other_part: Option<(u32, u8)>,
}

impl Separated {
    /// Notes the number of fields of the next row.
    pub fn note(&mut self, row: usize, fields: usize) {
        let (row, fields) = (row as u32, fields as u32);
        match self.runs.last_mut() {
            Some((_, last, same)) if *last + 1 == row && *same == fields => *last = row,
            _ => self.runs.push((row, row, fields)),
        }
    }

    /// How many fields a row has; 0 where it is blank.
    pub fn fields_of(&self, row: usize) -> usize {
        let row = row as u32;
        let at = self.runs.partition_point(|(_, last, _)| *last < row);
        self.runs
            .get(at)
            .filter(|(first, ..)| *first <= row)
            .map_or(0, |(.., fields)| *fields as usize)
    }

    /// The number of fields, several, that most rows have.
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

    /// Whether the last row has fewer fields than that.
    pub fn ends_short(&self) -> bool {
        self.runs
            .last()
            .is_some_and(|(.., fields)| (*fields as usize) < self.usual())
    }

    /// Whether rows have different numbers of fields.
    pub fn differ(&self) -> bool {
        self.runs.windows(2).any(|pair| pair[0].2 != pair[1].2)
    }

    /// Whether rows with several fields have different numbers of them.
    pub fn is_uneven(&self) -> bool {
        let usual = self.usual() as u32;
        self.runs
            .iter()
            .any(|(.., fields)| *fields > 1 && *fields != usual)
    }

    /// The rows from one to before another with another number of fields than `expected`, and that number, joined ones as they were.
    /// `width`: of a row, up to its last value; fields behind the last value are no surplus.
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

/// Rows in order, as first and last of each stretch. Hidden ones, filtered ones too, are read as the others are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(Vec<(u32, u32)>);

impl Rows {
    /// Notes one; it counts from 0.
    pub fn note(&mut self, row: usize) {
        let row = row as u32;
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => self.0.push((row, row)),
        }
    }

    /// First and last of each stretch, among the rows that have a value.
    pub fn stretches(&self, has_value: impl Fn(usize) -> bool) -> Vec<(u32, u32)> {
        let mut found = Self::default();
        let rows = self.0.iter().flat_map(|&(first, last)| first..=last);
        rows.map(|row| row as usize)
            .filter(|&row| has_value(row))
            .for_each(|row| found.note(row));
        found.0
    }
}
