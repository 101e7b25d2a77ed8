//! The ways to reshape a table, and the proposals of rules.

use super::marks::ValueSeparator;

/// A way to reshape a table. Columns count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReshapeStep {
    /// Turns rows into columns.
    Transpose,
    /// Joins each `every` lines into one record.
    Records { every: usize },
    /// Fills empty cells of the first columns with the value above.
    FillDown { last: usize },
    /// Makes a row for each of the values in a cell.
    Split { column: usize, mark: ValueSeparator },
    /// Turns columns of one kind into rows.
    Stack { start: usize, end: usize },
    /// Turns groups of columns into rows.
    Groups { start: usize, end: usize },
    /// Turns section lines into a column.
    Sections,
}

impl ReshapeStep {
    /// Returns the name of the step in proposals, as benchmarks of reshaping call it, and the names and values of its numbers.
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

    /// Returns a description of the step, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Transpose => "turning the table",
            Self::Records { .. } => "joining other lines into records",
            Self::FillDown { .. } => "filling down",
            Self::Split { .. } => "splitting cells",
            Self::Stack { .. } => "stacking columns",
            Self::Groups { .. } => "stacking groups of columns",
            Self::Sections => "making a column of section heads",
        }
    }
}

/// Steps that would make a table one record per row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposal {
    /// The steps; empty if each row is one record already.
    pub steps: Vec<ReshapeStep>,
    /// The confidence, from 0 to 1. The confidences of all proposals for a table add up to at most 1.
    pub confidence: f64,
    /// True if the steps may be applied without asking anybody.
    pub apply: bool,
    pub reasons: Vec<String>,
    /// The reasons to ask first, whatever the confidence.
    pub doubts: Vec<String>,
}

impl Proposal {
    /// Returns the proposal of a rule.
    pub fn new(
        step: ReshapeStep,
        confidence: f64,
        reasons: Vec<String>,
        doubt: Option<&str>,
    ) -> Self {
        Self {
            steps: vec![step],
            confidence,
            apply: false,
            reasons,
            doubts: doubt.map(str::to_owned).into_iter().collect(),
        }
    }
}
