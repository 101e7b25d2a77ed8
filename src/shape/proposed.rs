//! What would make a table one record a row, as JSON and in words.

use ade_engine_native::shape::{self, Step};
use serde::Serialize;
use serde_json::{Map, Value};

use super::code;
use crate::base::places::letters;

/// What is at least so sure is worth a question.
pub const WORTH_ASKING: f64 = shape::PROPOSE;

/// Steps that would make a table one record a row.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// The steps, in their order, as benchmarks of reshaping write them; the one step `none` where each row is one record.
    pub pipeline: Vec<Value>,
    /// From 0 to 1.
    pub confidence: f64,
    /// Whether it is so sure, and of a kind so certain, that nobody has to be asked.
    pub apply: bool,
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// Why somebody has to be asked, however sure it is.
    pub doubts: Vec<String>,
    /// The lines of polars that would do it to a frame `df` with the table's header.
    pub code: Vec<String>,
    /// The steps in words.
    #[serde(skip)]
    pub words: Vec<String>,
}

impl Proposal {
    /// Whether it changes anything.
    pub fn acts(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether it is worth a question.
    pub fn is_worth_asking(&self) -> bool {
        self.acts() && self.confidence >= WORTH_ASKING
    }
}

/// The proposals for a table, the likeliest first. Its first row is the header.
pub fn of(rows: &[Vec<String>]) -> Vec<Proposal> {
    let heads = Heads {
        row: rows
            .first()
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect(),
        column: rows
            .iter()
            .filter_map(|row| row.first())
            .map(String::as_str)
            .collect(),
    };
    let proposals = shape::propose(rows.iter().map(|row| row.iter()));
    proposals
        .into_iter()
        .map(|one| proposal(one, &heads))
        .collect()
}

/// What the columns of a table are called, and those of the turned one.
struct Heads<'a> {
    row: Vec<&'a str>,
    column: Vec<&'a str>,
}

impl Heads<'_> {
    /// What columns are called where these steps count them; nothing is known of those that are made of lines.
    fn of(&self, steps: &[Step]) -> &[&str] {
        match steps {
            [Step::Transpose, _, ..] => &self.column,
            [Step::Records { .. }, _, ..] => &[],
            _ => &self.row,
        }
    }
}

fn proposal(proposed: shape::Proposal, heads: &Heads<'_>) -> Proposal {
    let steps = proposed.steps.as_slice();
    let pipeline = match steps {
        [] => vec![named("none", Vec::new())],
        steps => steps
            .iter()
            .map(|step| {
                let (name, numbers) = step.named();
                named(name, numbers)
            })
            .collect(),
    };
    let head = heads.of(steps);
    Proposal {
        pipeline,
        confidence: (proposed.confidence * 10_000.0).round() / 10_000.0,
        apply: proposed.apply,
        code: code::of(steps, &heads.row, head),
        words: steps.iter().map(|step| in_words(*step, head)).collect(),
        reasons: proposed.reasons,
        doubts: proposed.doubts,
    }
}

fn named(operator: &str, parameters: Vec<(&str, usize)>) -> Value {
    let mut step = Map::new();
    step.insert("operator".to_owned(), operator.into());
    for (name, value) in parameters {
        step.insert(name.to_owned(), value.into());
    }
    Value::Object(step)
}

/// A step in words. Columns are called by their headers.
fn in_words(step: Step, head: &[&str]) -> String {
    let name = |column: usize| match head.get(column).map(|name| name.trim()) {
        Some(name) if !name.is_empty() => format!("“{name}”"),
        _ => format!("column {}", letters(column as u64 + 1)),
    };
    match step {
        Step::Transpose => "turn it: its rows are columns".to_owned(),
        Step::Records { every } => format!("make one row of each {every} lines"),
        Step::FillDown { last: 0 } => format!("fill {} down", name(0)),
        Step::FillDown { last } => {
            format!("fill the columns from {} to {} down", name(0), name(last))
        }
        Step::Split { column, .. } => {
            format!("make a row of each of the values in {}", name(column))
        }
        Step::Stack { start, end } => {
            format!(
                "make rows of the columns from {} to {}",
                name(start),
                name(end)
            )
        }
        Step::Groups { start, end } => format!(
            "make rows of the groups of columns from {} to {}",
            name(start),
            name(end)
        ),
        Step::Sections => "make a column of the section heads".to_owned(),
    }
}
