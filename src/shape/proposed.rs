//! Proposes steps that would give a table one record per row, as JSON and in words.

use ade_engine_native::shape::{self, ReshapeStep};
use serde::Serialize;
use serde_json::{Map, Value};

use super::code;
use crate::base::places::letters;

/// The minimum confidence of a proposal that is worth a question.
pub const WORTH_ASKING: f64 = shape::PROPOSE;

/// A proposal of steps that would give a table one record per row.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// The steps, in their order, in the notation of reshaping benchmarks; the single step `none` if each row already is one
    /// record.
    pub pipeline: Vec<Value>,
    /// The confidence, from 0 to 1.
    pub confidence: f64,
    /// Whether it is so certain, and of such a kind, that nobody has to be asked.
    pub apply: bool,
    /// The evidence for the proposal.
    pub reasons: Vec<String>,
    /// The reasons to ask somebody despite the confidence.
    pub doubts: Vec<String>,
    /// The lines of polars that would apply it to a frame `df` with the table's header.
    pub code: Vec<String>,
    /// The steps in words.
    #[serde(skip)]
    pub words: Vec<String>,
}

impl Proposal {
    /// Returns whether the proposal changes anything.
    pub fn acts(&self) -> bool {
        !self.words.is_empty()
    }

    /// Returns whether the proposal is worth a question.
    pub fn is_worth_asking(&self) -> bool {
        self.acts() && self.confidence >= WORTH_ASKING
    }
}

/// Returns the proposals for a table, the likeliest first. Its first row is the header.
pub fn propose(rows: &[Vec<String>]) -> Vec<Proposal> {
    let heads = HeaderNames {
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
        .map(|proposed| proposal(proposed, &heads))
        .collect()
}

/// The names of the columns of a table, and of the turned table.
struct HeaderNames<'a> {
    row: Vec<&'a str>,
    column: Vec<&'a str>,
}

impl HeaderNames<'_> {
    /// Returns the names of columns at the point where these steps count them; the names of columns made from lines are
    /// unknown.
    fn names_for(&self, steps: &[ReshapeStep]) -> &[&str] {
        match steps {
            [ReshapeStep::Transpose, _, ..] => &self.column,
            [ReshapeStep::Records { .. }, _, ..] => &[],
            _ => &self.row,
        }
    }
}

fn proposal(proposed: shape::Proposal, heads: &HeaderNames<'_>) -> Proposal {
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
    let head = heads.names_for(steps);
    Proposal {
        pipeline,
        confidence: (proposed.confidence * 10_000.0).round() / 10_000.0,
        apply: proposed.apply,
        code: code::polars_lines(steps, &heads.row, head),
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

/// Describes a step in words, with columns named by their headers.
fn in_words(step: ReshapeStep, head: &[&str]) -> String {
    let name = |column: usize| match head.get(column).map(|name| name.trim()) {
        Some(name) if !name.is_empty() => format!("“{name}”"),
        _ => format!("column {}", letters(column as u64 + 1)),
    };
    match step {
        ReshapeStep::Transpose => "turn it: its rows are columns".to_owned(),
        ReshapeStep::Records { every } => format!("make one row of each {every} lines"),
        ReshapeStep::FillDown { last: 0 } => format!("fill {} down", name(0)),
        ReshapeStep::FillDown { last } => {
            format!("fill the columns from {} to {} down", name(0), name(last))
        }
        ReshapeStep::Split { column, .. } => {
            format!("make a row of each of the values in {}", name(column))
        }
        ReshapeStep::Stack { start, end } => {
            format!(
                "make rows of the columns from {} to {}",
                name(start),
                name(end)
            )
        }
        ReshapeStep::Groups { start, end } => format!(
            "make rows of the groups of columns from {} to {}",
            name(start),
            name(end)
        ),
        ReshapeStep::Sections => "make a column of the section heads".to_owned(),
    }
}
