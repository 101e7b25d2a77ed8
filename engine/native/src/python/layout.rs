//! The layout of a sheet, for Python.

use pyo3::prelude::*;

use super::source::Scan;
use crate::layout;

/// The features of the rows that are looked at: each row's number, blank rows above it, and numbers of features.
#[pyfunction]
pub fn layout_features(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
) -> PyResult<Vec<(usize, usize, Vec<u16>)>> {
    let sheet = scan.get().sheet()?;
    Ok(py.detach(|| layout::features_of(&sheet)))
}

/// What each feature says, by its number.
#[pyfunction]
pub fn layout_feature_names() -> Vec<String> {
    (0..layout::features::FEATURES)
        .map(layout::features::words_of)
        .collect()
}

/// The rows that were looked at: number from 0, state, likelihood of each state.
#[pyfunction]
pub fn layout_of(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
) -> PyResult<Vec<(usize, u8, Vec<f64>, Vec<u16>)>> {
    let sheet = scan.get().sheet()?;
    let found = py.detach(|| layout::recognise(&sheet));
    Ok(found
        .rows
        .into_iter()
        .map(|row| {
            (
                row.number,
                row.state as u8,
                row.likelihoods.to_vec(),
                row.features,
            )
        })
        .collect())
}
