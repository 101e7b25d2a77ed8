//! Headers that are values themselves, for `ade_engine.fields`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use ade_engine_native::fields::series::{self, HeaderSeries};

fn series_named(name: &str) -> PyResult<HeaderSeries> {
    HeaderSeries::parse(name)
        .ok_or_else(|| PyValueError::new_err(format!("there is no series {name:?}")))
}

/// Returns whether a header belongs to a series.
#[pyfunction]
pub fn is_of_series(series: &str, header: &str) -> PyResult<bool> {
    Ok(series_named(series)?.has(header))
}

/// Returns whether a header that is a date belongs to a series.
#[pyfunction]
pub fn is_day_of_series(series: &str, year: i64, month: i64, day: i64) -> PyResult<bool> {
    Ok(series_named(series)?.has_day(year, month, day))
}

/// Returns whether a header of a series has a year in it.
#[pyfunction]
pub fn header_has_year(series: &str, header: &str) -> PyResult<bool> {
    Ok(series_named(series)?.has_year(header))
}

/// Returns the years that are separate words of a text.
#[pyfunction]
pub fn years_in(text: &str) -> Vec<u32> {
    series::years_in(text)
}

/// Returns the series of each header that has one at first sight: months, quarters or years. Looks up names of months if `min`
/// possible headers of a series are beside one another.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "Python's lists are owned")]
pub fn series_among(headers: Vec<String>, min: usize) -> Vec<Option<&'static str>> {
    let found = series::series_among(&headers, min).into_iter();
    found.map(|series| series.map(HeaderSeries::name)).collect()
}

/// Returns the words for quarters and for weeks.
#[pyfunction]
pub fn words_of_periods() -> (Vec<&'static str>, Vec<&'static str>) {
    (series::quarter_words(), series::week_words())
}
