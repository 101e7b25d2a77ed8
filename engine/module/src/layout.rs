//! The layout of a sheet, for Python.

use pyo3::prelude::*;

use super::source::Scan;
use ade_engine_native::layout::{self, RowLooks, State, traits};

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

    /// The rows that were looked at: number from 0, number of the state, likelihood of each state.
    fn rows(&self) -> Vec<(usize, u8, Vec<f64>)> {
        let rows = self.layout.rows.iter();
        rows.map(|row| (row.number, row.state as u8, row.likelihoods.to_vec()))
            .collect()
    }

    /// What spoke for the state of a row that was looked at, rather than for the state that comes second: words, and how
    /// much each adds. At most `most`, the strongest first.
    fn reasons(&self, at: usize, most: usize) -> Vec<(String, f64)> {
        let Some(row) = self.layout.rows.get(at) else {
            return Vec::new();
        };
        let others = State::ALL.into_iter().filter(|&state| state != row.state);
        let second = others.max_by(|&a, &b| {
            let likely = |state: State| row.likelihoods[state as usize];
            likely(a).total_cmp(&likely(b))
        });
        let reasons = layout::reasons(&row.features, row.state, second.unwrap_or(row.state), most);
        let learned = reasons
            .into_iter()
            .map(|(feature, adds)| (traits::words_of(usize::from(feature)), adds));
        // A rule has the last word.
        let rule = row.rule.map(|words| (words.to_owned(), 0.0));
        rule.into_iter().chain(learned).take(most).collect()
    }
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
