//! What could be done with a table: a step, what speaks for it, and why in words.

use super::marks::Mark;
use super::series::Pair;

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

/// What a table could be, or be made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    None,
    Transpose,
    Records,
    FillDown,
    Split,
    Stack,
    Groups,
    Sections,
}

impl Operator {
    pub const COUNT: usize = 8;

    /// Its name in proposals, as benchmarks of reshaping call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Transpose => "transpose",
            Self::Records => "pivot",
            Self::FillDown => "ffill",
            Self::Split => "explode",
            Self::Stack => "stack",
            Self::Groups => "wide_to_long",
            Self::Sections => "subtitle",
        }
    }

    /// What is done, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Transpose => "turning it",
            Self::Records => "joining other lines",
            Self::FillDown => "filling down",
            Self::Split => "splitting cells",
            Self::Stack => "stacking columns",
            Self::Groups => "stacking groups of columns",
            Self::Sections => "making a column of section heads",
        }
    }

    pub const ALL: [Self; Self::COUNT] = [
        Self::None,
        Self::Transpose,
        Self::Records,
        Self::FillDown,
        Self::Split,
        Self::Stack,
        Self::Groups,
        Self::Sections,
    ];
}

impl Step {
    pub fn operator(self) -> Operator {
        match self {
            Self::Transpose => Operator::Transpose,
            Self::Records { .. } => Operator::Records,
            Self::FillDown { .. } => Operator::FillDown,
            Self::Split { .. } => Operator::Split,
            Self::Stack { .. } => Operator::Stack,
            Self::Groups { .. } => Operator::Groups,
            Self::Sections => Operator::Sections,
        }
    }

    /// The names of its numbers, and their values.
    pub fn parameters(self) -> Vec<(&'static str, usize)> {
        match self {
            Self::Transpose | Self::Sections => Vec::new(),
            Self::Records { every } => vec![("pivot_row_frequency", every)],
            Self::FillDown { last } => vec![("ffill_end_idx", last)],
            Self::Split { column, .. } => vec![("explode_column_idx", column)],
            Self::Stack { start, end } => {
                vec![("stack_start_idx", start), ("stack_end_idx", end)]
            }
            Self::Groups { start, end } => {
                vec![
                    ("wide_to_long_start_idx", start),
                    ("wide_to_long_end_idx", end),
                ]
            }
        }
    }

    /// The step in the sender's columns; nothing where it counts a column that a step before it has made.
    pub fn located(self, source: &[Option<usize>]) -> Option<Self> {
        let place = |column: usize| source.get(column).copied().flatten();
        Some(match self {
            Self::Transpose | Self::Sections | Self::Records { .. } => self,
            Self::FillDown { last } => Self::FillDown { last: place(last)? },
            Self::Split { column, mark } => Self::Split {
                column: place(column)?,
                mark,
            },
            Self::Stack { start, end } => Self::Stack {
                start: place(start)?,
                end: place(end)?,
            },
            Self::Groups { start, end } => Self::Groups {
                start: place(start)?,
                end: place(end)?,
            },
        })
    }
}

/// What speaks for a candidate: named figures, most from 0 to 1.
#[derive(Default)]
pub struct Evidence(Vec<(&'static str, f64)>);

impl Evidence {
    /// Begins with what is always 1, and stands for what an operator is worth without anything else.
    pub fn new() -> Self {
        let mut evidence = Vec::with_capacity(56);
        evidence.push(("bias", 1.0));
        Self(evidence)
    }

    pub fn add(&mut self, name: &'static str, value: f64) {
        self.0.push((name, value));
    }

    pub fn flag(&mut self, name: &'static str, is_so: bool) {
        self.add(name, f64::from(u8::from(is_so)));
    }

    pub fn all(&self) -> &[(&'static str, f64)] {
        &self.0
    }

    /// The figure of a name; 0 where there is none.
    pub fn get(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map_or(0.0, |(_, value)| *value)
    }
}

/// What a step needs beyond its numbers.
pub enum Detail {
    None,
    /// The measure and the key of each column of groups.
    Pairs(Vec<Pair>),
}

/// A step that could be taken, or none.
pub struct Candidate {
    pub step: Option<Step>,
    pub evidence: Evidence,
    pub reasons: Vec<String>,
    pub detail: Detail,
}

impl Candidate {
    pub fn new(step: Step, evidence: Evidence, reasons: Vec<String>) -> Self {
        Self {
            step: Some(step),
            evidence,
            reasons,
            detail: Detail::None,
        }
    }

    pub fn operator(&self) -> Operator {
        self.step.map_or(Operator::None, Step::operator)
    }
}
