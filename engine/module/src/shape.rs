//! Proposals to make a table have one record a row, for Python.

use pyo3::prelude::*;

use ade_engine_native::shape::{self, ReshapeStep};

/// A step: its operator, the columns that it names (or the number of lines of a record), and the separator of values that it
/// splits.
type ShapeStepTuple = (&'static str, Vec<usize>, Option<&'static str>);

/// A shape: its steps, confidence, whether it applies without a question, reasons and doubts.
type ShapeTuple = (Vec<ShapeStepTuple>, f64, bool, Vec<String>, Vec<String>);

/// Returns ways to make a table have one record a row, the likeliest first. The first row is the header.
#[pyfunction]
pub fn propose_shapes(py: Python<'_>, rows: Vec<Vec<String>>) -> Vec<ShapeTuple> {
    let found = py.detach(|| shape::propose(rows.iter().map(|row| row.iter())));
    let steps = |steps: &[ReshapeStep]| steps.iter().map(|&step| told(step)).collect();
    found
        .into_iter()
        .map(|proposal| {
            (
                steps(&proposal.steps),
                proposal.confidence,
                proposal.apply,
                proposal.reasons,
                proposal.doubts,
            )
        })
        .collect()
}

fn told(step: ReshapeStep) -> ShapeStepTuple {
    let mark = match step {
        ReshapeStep::Split { mark, .. } => Some(mark.sign()),
        _ => None,
    };
    let (name, numbers) = step.named();
    let places = numbers.into_iter().map(|(_, value)| value);
    (name, places.collect(), mark)
}
