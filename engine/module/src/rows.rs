//! Facts about rows for `ade_engine.fields` and the detectors of rows: which cells are filled, and how a rule scores each row.

use foldhash::HashSet;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

use super::column::{ArrowColumn, all_series, arrow, series_of};
use super::source::Scan;
use ade_engine_native::cells::parts::{flags, in_parts};
use ade_engine_native::columns::column::ColumnBuilder;
use ade_engine_native::columns::frame::Series;
use ade_engine_native::columns::types::Type;
use ade_engine_native::columns::view::{ColumnValue, ROW_BITS, SeriesView};
use ade_engine_native::fields;
use ade_engine_native::fields::looks::rows::{KnownWords, RowDetector};

/// A detector of rows that needs no Python: by `words`, simplified, by `filled` cells, or by the `layout` of the sheet.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct RowRule {
    pub(super) rule: RowDetector,
}

#[pymethods]
impl RowRule {
    /// `least` is the minimum number of cells. With `once`, equal cells count once.
    #[new]
    #[pyo3(signature = (by, *, words=None, least=0, score, once=false))]
    fn new(
        by: &str,
        words: Option<HashSet<String>>,
        least: usize,
        score: f64,
        once: bool,
    ) -> PyResult<Self> {
        let rule = match (by, words) {
            ("words", Some(words)) => {
                RowDetector::Header(Box::new(KnownWords::new(words, least, score, once)))
            }
            ("filled", None) => RowDetector::Data { least, score },
            ("layout", None) => RowDetector::Layout { score },
            (other, _) => {
                return Err(PyValueError::new_err(format!("there is no rule {other:?}")));
            }
        };
        Ok(Self { rule })
    }
}

/// Returns the scores of a row by each rule, by the names of kinds.
#[pyfunction]
pub fn score_row(
    scan: &Bound<'_, Scan>,
    rules: Vec<Bound<'_, RowRule>>,
    row: usize,
) -> Vec<Vec<(&'static str, f64)>> {
    let sheet = scan.get().sheet();
    let looks_of_row = || scan.get().grid().looks().row(row);
    let mut cells = Vec::new();
    sheet.read_row(row, &mut cells);
    let scores = rules.iter().map(|rule| {
        let mut scores = Vec::new();
        let rule = &rule.get().rule;
        let looks = matches!(rule, RowDetector::Layout { .. }).then(looks_of_row);
        rule.score(sheet, &cells, looks.flatten(), |kind, score| {
            scores.push((kind.name(), score));
        });
        scores
    });
    scores.collect()
}

/// Returns the number of cells of each series that reports do not count as blank.
#[pyfunction]
pub fn filled_cells(py: Python<'_>, columns: Vec<Bound<'_, PyAny>>) -> PyResult<Vec<usize>> {
    let columns = all_series(&columns)?;
    Ok(py.detach(|| {
        let count = |column: &Series| fields::count_filled(&column.view());
        columns.iter().map(count).collect()
    }))
}

/// Returns, for each row, whether any of the series has a value there, and how many have one.
#[pyfunction]
pub fn count_issues(
    py: Python<'_>,
    columns: Vec<Bound<'_, PyAny>>,
) -> PyResult<(ArrowColumn, ArrowColumn)> {
    let columns = all_series(&columns)?;
    let (some, count) = py.detach(|| {
        let views: Vec<_> = columns.iter().map(Series::view).collect();
        let rows = views.first().map_or(0, SeriesView::rows);
        let count = |row: usize| {
            views
                .iter()
                .filter(|view| !view.value(row).is_null())
                .count()
        };
        let counts = in_parts(rows, |part| {
            part.map(|row| count(row) as i32).collect::<Vec<_>>()
        });
        let counts = counts.concat();
        let some: Vec<bool> = counts.iter().map(|count| *count > 0).collect();
        (fields::flags(&some), fields::whole_numbers(counts))
    });
    Ok((arrow("", some), arrow("", count)))
}

/// Returns, for each row, whether at least `least` of the columns have a value there.
fn filled(columns: &[Series], rows: usize, least: usize) -> Vec<bool> {
    let views: Vec<_> = columns.iter().map(Series::view).collect();
    flags(rows, |row| {
        let filled = views
            .iter()
            .filter(|view| fields::is_filled(view.value(row)));
        filled.take(least).count() == least
    })
}

/// Returns, for each row, whether at least `least` of the series have a value there.
#[pyfunction]
pub fn filled_rows(
    py: Python<'_>,
    columns: Vec<Bound<'_, PyAny>>,
    rows: usize,
    least: usize,
) -> PyResult<ArrowColumn> {
    let columns = all_series(&columns)?;
    let column = py.detach(|| fields::flags(&filled(&columns, rows, least)));
    Ok(arrow("filled", column))
}

/// Returns the first row in which any of the series has a value, and the row behind the last one. If there are rows without a
/// value between them, also returns for each row whether it has one.
#[pyfunction]
pub fn filled_stretch(
    py: Python<'_>,
    columns: Vec<Bound<'_, PyAny>>,
    rows: usize,
) -> PyResult<(usize, usize, Option<ArrowColumn>)> {
    let columns = all_series(&columns)?;
    let (first, stop, flags) = py.detach(|| {
        let filled = filled(&columns, rows, 1);
        let first = filled.iter().position(|flag| *flag).unwrap_or(0);
        let stop = filled
            .iter()
            .rposition(|flag| *flag)
            .map_or(0, |last| last + 1);
        let has_gaps = !filled[first..stop].iter().all(|flag| *flag);
        (first, stop, has_gaps.then(|| fields::flags(&filled)))
    });
    Ok((first, stop, flags.map(|column| arrow("filled", column))))
}

/// Returns the numbers of cells with their column. The bits above the row are the index of the column among the origins; this
/// function adds `origin` there.
#[pyfunction]
pub fn cell_numbers(rows: &Bound<'_, PyAny>, origin: u64) -> PyResult<ArrowColumn> {
    let mut numbers = ColumnBuilder::new(Type::Unsigned(8));
    for value in series_of(rows)?.view().values() {
        let number = value.whole();
        let moved = number.map(|number| number as u64 + (origin << ROW_BITS));
        numbers.push(moved.map_or(ColumnValue::Null, ColumnValue::Unsigned));
    }
    Ok(arrow("", numbers.column()))
}

/// Returns the stretches of equal numbers other than 0: first place, the place behind the last, and the number.
#[pyfunction]
pub fn runs(numbers: &Bound<'_, PyByteArray>) -> Vec<(usize, usize, u8)> {
    let numbers = numbers.to_vec();
    let mut start = 0;
    let runs = numbers.chunk_by(u8::eq).map(|run| {
        start += run.len();
        (start - run.len(), start, run[0])
    });
    runs.filter(|(.., number)| *number != 0).collect()
}

/// Compares two series of numbers. Returns the number of values that are in `before` but not in `after`, and the first and last
/// of each stretch without a gap. Returns `None` if a series has anything but whole numbers and nulls.
#[pyfunction]
pub fn gone(
    py: Python<'_>,
    before: &Bound<'_, PyAny>,
    after: &Bound<'_, PyAny>,
) -> PyResult<Option<(usize, Vec<[usize; 2]>)>> {
    let (before, after) = (series_of(before)?, series_of(after)?);
    Ok(py.detach(|| {
        let (before, after) = (numbers(&before)?, numbers(&after)?);
        let mut others = after.into_iter().peekable();
        let mut count = 0;
        let mut stretches: Vec<[usize; 2]> = Vec::new();
        for number in before {
            while others.next_if(|other| *other < number).is_some() {}
            if others.peek() == Some(&number) {
                continue;
            }
            count += 1;
            match stretches.last_mut() {
                Some([_, last]) if *last + 1 == number => *last = number,
                _ => stretches.push([number, number]),
            }
        }
        Some((count, stretches))
    }))
}

/// Returns the numbers of a series, sorted and without duplicates.
pub(super) fn numbers(series: &Series) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for value in series.view().values() {
        if !value.is_null() {
            numbers.push(value.whole()?);
        }
    }
    if !numbers.is_sorted() {
        numbers.sort_unstable();
    }
    numbers.dedup();
    Some(numbers)
}
