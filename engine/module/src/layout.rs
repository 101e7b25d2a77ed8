//! The names of the kinds of rows, and their features, for Python.

use pyo3::prelude::*;

use super::source::Scan;
use ade_engine_native::layout::{self, RowKind, traits};

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
    Ok(py.detach(|| layout::features_of(sheet)))
}

/// What each feature says, by its number.
#[pyfunction]
pub fn layout_feature_names() -> Vec<String> {
    (0..traits::FEATURES).map(traits::words_of).collect()
}
