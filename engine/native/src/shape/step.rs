//! The ways to reshape a table, and what a rule says of one.

use super::marks::Mark;

/// A way to reshape a table. Columns count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Rows become columns.
    Transpose,
    /// Each so many lines are one record.
    Records { every: usize },
    /// The first columns take what stands above where they are empty.
    FillDown { last: usize },
    /// A row for each of the values in a cell.
    Split { column: usize, mark: Mark },
    /// Columns of one kind become rows.
    Stack { start: usize, end: usize },
    /// Groups of columns become rows.
    Groups { start: usize, end: usize },
    /// Section lines become a column.
    Sections,
}

impl Step {
    /// Its name in proposals, as benchmarks of reshaping call it, with the names of its numbers and their values.
    pub fn named(self) -> (&'static str, Vec<(&'static str, usize)>) {
        match self {
            Self::Transpose => ("transpose", Vec::new()),
            Self::Records { every } => ("pivot", vec![("pivot_row_frequency", every)]),
            Self::FillDown { last } => ("ffill", vec![("ffill_end_idx", last)]),
            Self::Split { column, .. } => ("explode", vec![("explode_column_idx", column)]),
            Self::Stack { start, end } => (
                "stack",
                vec![("stack_start_idx", start), ("stack_end_idx", end)],
            ),
            Self::Groups { start, end } => {
                let numbers = vec![
                    ("wide_to_long_start_idx", start),
                    ("wide_to_long_end_idx", end),
                ];
                ("wide_to_long", numbers)
            }
            Self::Sections => ("subtitle", Vec::new()),
        }
    }

    /// What is done, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Transpose => "turning it",
            Self::Records { .. } => "joining other lines",
            Self::FillDown { .. } => "filling down",
            Self::Split { .. } => "splitting cells",
            Self::Stack { .. } => "stacking columns",
            Self::Groups { .. } => "stacking groups of columns",
            Self::Sections => "making a column of section heads",
        }
    }
}

/// Steps that would make a table one record a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposal {
    /// None where each row is one record already.
    pub steps: Vec<Step>,
    /// From 0 to 1; all proposals for a table add up to 1 at most.
    pub confidence: f64,
    /// Whether it is so sure that nobody has to be asked.
    pub apply: bool,
    pub reasons: Vec<String>,
    /// Why it is not done without asking, however sure it is.
    pub doubts: Vec<String>,
}

impl Proposal {
    /// What a rule proposes.
    pub fn new(step: Step, confidence: f64, reasons: Vec<String>, doubt: Option<&str>) -> Self {
        Self {
            steps: vec![step],
            confidence,
            apply: false,
            reasons,
            doubts: doubt.map(str::to_owned).into_iter().collect(),
        }
    }
}
