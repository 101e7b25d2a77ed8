//! The layout of a sheet, for Python.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyDict};

use super::sheet::kinds_of;
use super::source::Scan;
use ade_engine_native::layout::judged::{judge, reasons_of};
use ade_engine_native::layout::{self, RowKind, RowLooks, State, traits};

/// The layout of one sheet.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct SheetLayout {
    layout: RowLooks,
}

impl SheetLayout {
    pub(super) fn layout(&self) -> &RowLooks {
        &self.layout
    }
}

#[pymethods]
impl SheetLayout {
    /// Finds the layout of a scanned sheet.
    #[new]
    fn new(py: Python<'_>, scan: &Bound<'_, Scan>) -> PyResult<Self> {
        let sheet = scan.get().sheet();
        let layout = py.detach(|| layout::recognise(&sheet));
        Ok(Self { layout })
    }

    /// For each row of the sheet the place of its layout among `rows`, or -1 for a blank row.
    fn by_row(&self) -> Vec<i64> {
        let place = |at: Option<u32>| at.map_or(-1, i64::from);
        self.layout.by_row().iter().copied().map(place).collect()
    }

    /// The rows that were looked at: number of the state, likelihood of each state.
    fn rows(&self) -> Vec<(u8, Vec<f64>)> {
        let rows = self.layout.rows.iter();
        rows.map(|row| (row.state as u8, row.likelihoods.to_vec()))
            .collect()
    }

    /// What spoke for the state of a row that was looked at, rather than for the state that comes second: words, the strongest first.
    fn reasons(&self, at: usize, most: usize) -> Vec<String> {
        let row = self.layout.rows.get(at);
        row.map_or(Vec::new(), |row| reasons_of(row, most))
    }

    /// What rows were taken for: those at the borders of titles, headers, data, totals and notes, doubtful ones, and headers against
    /// their looks, `most` of them. `repeated`: what a word made of a row.
    fn judged<'py>(
        &self,
        py: Python<'py>,
        kinds: &Bound<'py, PyByteArray>,
        repeated: HashMap<usize, String>,
        most: usize,
    ) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let judged = judge(&self.layout, &kinds_of(kinds), &repeated, most);
        let facts = judged.into_iter().map(|judged| {
            let likelihoods = PyDict::new(py);
            for state in State::ALL {
                let likelihood = judged.looks.likelihoods[state as usize];
                // Four decimals, rounded as Python does it.
                let rounded: f64 = format!("{likelihood:.4}").parse().unwrap_or(likelihood);
                likelihoods.set_item(state.name(), rounded)?;
            }
            let facts = PyDict::new(py);
            facts.set_item("row", judged.row + 1)?;
            facts.set_item("kind", judged.kind)?;
            facts.set_item("likelihoods", likelihoods)?;
            facts.set_item("reasons", judged.reasons)?;
            facts.set_item("message", judged.message)?;
            Ok(facts)
        });
        facts.collect()
    }
}

/// Returns what the kinds of rows are called, by their numbers.
#[pyfunction]
pub fn row_kinds() -> [&'static str; 12] {
    RowKind::NAMES
}

/// The features of the rows that are looked at: each row's number, blank rows above it, and numbers of features.
#[pyfunction]
pub fn layout_features(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
) -> PyResult<Vec<(usize, usize, Vec<u16>)>> {
    let sheet = scan.get().sheet();
    Ok(py.detach(|| layout::features_of(&sheet)))
}

/// What each feature says, by its number.
#[pyfunction]
pub fn layout_feature_names() -> Vec<String> {
    (0..traits::FEATURES).map(traits::words_of).collect()
}
