//! The names of the kinds of rows, and the features of rows, for Python.

use pyo3::prelude::*;

use super::source::Scan;
use ade_engine_native::layout::{self, RowKind, traits};

/// Returns the names of the kinds of rows, by number.
#[pyfunction]
pub fn row_kinds() -> [&'static str; 12] {
    RowKind::NAMES
}

/// Returns the features of the examined rows: each row's number, the blank rows above it, and the numbers of its features.
#[pyfunction]
pub fn layout_features(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
) -> PyResult<Vec<(usize, usize, Vec<u16>)>> {
    let sheet = scan.get().sheet();
    Ok(py.detach(|| layout::features_of(sheet)))
}

/// Returns the words for each feature, by number.
#[pyfunction]
pub fn layout_feature_names() -> Vec<String> {
    (0..traits::FEATURES).map(traits::words_of).collect()
}
