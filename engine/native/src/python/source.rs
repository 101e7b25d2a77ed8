//! The Python classes for reading: a source, scans of its sheets, and columns for polars.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyIndexError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList, PyTuple};

use super::cells::{CellObjects, MomentTypes, row_list};
use super::error::to_python;
use crate::cells::builder::MAXIMUM_COLUMNS;
use crate::cells::{Cell, Continue, DeclaredExtent, ScanLimits, Sheet, SheetBuilder, Tag};
use crate::columns::series::Plan;
use crate::columns::{export, series};
use crate::error::SourceError as ReadError;
use crate::read::csv::CsvOptions;
use crate::read::source::Source as BackgroundSource;

/// Progress is reported at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

fn limits(max_empty_rows_run: Option<usize>, max_empty_cols_run: Option<usize>) -> ScanLimits {
    ScanLimits {
        empty_rows: max_empty_rows_run,
        empty_columns: max_empty_cols_run,
        ..ScanLimits::NONE
    }
}

/// An input file that is read in the background.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct Source {
    source: BackgroundSource,
}

#[pymethods]
impl Source {
    /// Starts reading at once.
    #[new]
    #[pyo3(signature = (path, csv_encoding, csv_delimiter, guess, max_empty_rows_run, max_empty_cols_run))]
    fn new(
        path: String,
        csv_encoding: String,
        csv_delimiter: String,
        guess: bool,
        max_empty_rows_run: Option<usize>,
        max_empty_cols_run: Option<usize>,
    ) -> Self {
        let options = CsvOptions {
            encoding: csv_encoding,
            delimiter: csv_delimiter,
        };
        let guess = guess.then(|| limits(max_empty_rows_run, max_empty_cols_run));
        Self {
            source: BackgroundSource::open(path, options, guess),
        }
    }

    /// Waits for the structure; returns (title, state) of each worksheet and the position of the active one.
    fn load<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>, Option<usize>)> {
        let book = py.detach(|| self.source.book()).map_err(to_python)?;
        let sheets = book
            .sheets()
            .iter()
            .map(|sheet| (sheet.title.as_str(), sheet.visibility.name()));
        Ok((PyList::new(py, sheets.collect::<Vec<_>>())?, book.active()))
    }

    /// Sets which sheets will be scanned, in order.
    fn prefetch(
        &self,
        sheets: Vec<usize>,
        max_empty_rows_run: Option<usize>,
        max_empty_cols_run: Option<usize>,
    ) {
        self.source
            .prefetch(&sheets, limits(max_empty_rows_run, max_empty_cols_run));
    }

    /// Scans a sheet; `on_progress` is called with the number of rows read, at most ten times a second.
    #[pyo3(signature = (sheet, max_empty_rows_run, max_empty_cols_run, on_progress=None))]
    fn scan(
        &self,
        py: Python<'_>,
        sheet: usize,
        max_empty_rows_run: Option<usize>,
        max_empty_cols_run: Option<usize>,
        on_progress: Option<Py<PyAny>>,
    ) -> PyResult<Scan> {
        enum Failure {
            Read(ReadError),
            Python(PyErr),
        }
        impl From<ReadError> for Failure {
            fn from(error: ReadError) -> Self {
                Self::Read(error)
            }
        }
        let limits = limits(max_empty_rows_run, max_empty_cols_run);
        let outcome = py.detach(|| {
            self.source.scan(sheet, limits, PROGRESS_INTERVAL, |rows| {
                Python::attach(|py| {
                    py.check_signals()?;
                    match &on_progress {
                        Some(callback) => callback.call1(py, (rows,)).map(drop),
                        None => Ok(()),
                    }
                })
                .map_err(Failure::Python)
            })
        });
        match outcome {
            Ok(sheet) => Ok(Scan::new(sheet, None)),
            Err(Failure::Read(error)) => Err(to_python(error)),
            Err(Failure::Python(error)) => Err(error),
        }
    }

    /// The titles of all sheets, chart sheets included.
    fn all_titles(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let book = py.detach(|| self.source.book()).map_err(to_python)?;
        Ok(book.all_titles().into_iter().map(str::to_owned).collect())
    }

    /// Reads a sheet's first rows, or all of them, without disturbing what is read in the background. Blank text counts
    /// as a value.
    fn peek(&self, py: Python<'_>, sheet: usize, rows: Option<usize>) -> PyResult<Scan> {
        let limits = ScanLimits {
            rows,
            keep_blank_text: true,
            ..ScanLimits::NONE
        };
        let (sheet, details) = py
            .detach(|| self.source.book()?.scan_in_detail(sheet, limits))
            .map_err(to_python)?;
        Ok(Scan::new(Arc::new(sheet), details))
    }

    /// Merged ranges of a sheet of an `.xls` file, as (first row, last row, first column, last column) from 1.
    fn merged_ranges(
        &self,
        py: Python<'_>,
        sheet: usize,
    ) -> PyResult<Vec<(usize, usize, usize, usize)>> {
        let book = py.detach(|| self.source.book()).map_err(to_python)?;
        let ranges = book.merged_ranges(sheet).iter();
        Ok(ranges
            .map(|range| (range[0] + 1, range[1] + 1, range[2] + 1, range[3] + 1))
            .collect())
    }
}

/// The cells of a sheet that was scanned.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct Scan {
    sheet: Mutex<Option<Arc<Sheet>>>,
    details: Option<Sheet>,
}

impl Scan {
    fn new(sheet: Arc<Sheet>, details: Option<Sheet>) -> Self {
        Self {
            sheet: Mutex::new(Some(sheet)),
            details,
        }
    }

    pub(super) fn sheet(&self) -> PyResult<Arc<Sheet>> {
        let sheet = self.sheet.lock().unwrap_or_else(PoisonError::into_inner);
        sheet
            .clone()
            .ok_or_else(|| PyRuntimeError::new_err("the scan of this sheet was freed"))
    }
}

#[pymethods]
impl Scan {
    /// (rows emitted, stopped early, truncated rows, width)
    fn facts(&self) -> PyResult<(usize, bool, usize, usize)> {
        let facts = self.sheet()?.facts();
        Ok((
            facts.rows_emitted,
            facts.stopped_early,
            facts.truncated_rows,
            facts.width,
        ))
    }

    /// The extent that the file says the sheet has: (first column, first row, last column, last row), from 1.
    fn declared(&self) -> PyResult<Option<(usize, usize, usize, usize)>> {
        let declared = self.sheet()?.declared();
        Ok(declared.map(|extent| {
            (
                extent.first_column,
                extent.first_row,
                extent.last_column,
                extent.last_row,
            )
        }))
    }

    fn rows<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        stop: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let sheet = self.sheet()?;
        let stop = stop.min(sheet.facts().rows_emitted);
        let mut objects = CellObjects::new();
        let mut cells = Vec::new();
        let mut rows = Vec::with_capacity(stop.saturating_sub(start));
        for row in start..stop {
            sheet.read_row(row, &mut cells);
            rows.push(row_list(py, &sheet, &mut objects, &cells)?);
        }
        PyList::new(py, rows)
    }

    /// For each of some rows the details of its cells: see `read::xlsx::cell_type::detail`; -1 where the file has no cell. Only
    /// known for a peek at a workbook of the `.xlsx` family.
    fn details(&self, start: usize, stop: usize) -> Vec<Vec<i64>> {
        let Some(details) = &self.details else {
            return Vec::new();
        };
        let mut cells = Vec::new();
        (start..stop)
            .map(|row| {
                details.read_row(row, &mut cells);
                let detail = |cell: &Cell| match cell.tag {
                    Tag::Empty => -1,
                    _ => cell.as_integer(),
                };
                cells.iter().map(detail).collect()
            })
            .collect()
    }

    fn row<'py>(&self, py: Python<'py>, row: usize) -> PyResult<Bound<'py, PyList>> {
        let sheet = self.sheet()?;
        if row >= sheet.facts().rows_emitted {
            return Err(PyIndexError::new_err("the sheet has no such row"));
        }
        let mut cells = Vec::new();
        sheet.read_row(row, &mut cells);
        row_list(py, &sheet, &mut CellObjects::new(), &cells)
    }

    fn is_empty_row(&self, row: usize) -> PyResult<bool> {
        Ok(self.sheet()?.row_width(row) == 0)
    }

    /// The widest of some rows.
    fn widest(&self, start: usize, stop: usize) -> PyResult<usize> {
        let sheet = self.sheet()?;
        let stop = stop.min(sheet.facts().rows_emitted);
        Ok((start..stop)
            .map(|row| sheet.row_width(row))
            .max()
            .unwrap_or(0))
    }

    fn values<'py>(
        &self,
        py: Python<'py>,
        column: usize,
        start: usize,
        stop: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let sheet = self.sheet()?;
        let mut cells = Vec::with_capacity(stop.saturating_sub(start));
        sheet.visit_column(column, start, stop, |cell| cells.push(cell));
        row_list(py, &sheet, &mut CellObjects::new(), &cells)
    }

    /// A column for polars: an Arrow column; `True` if there is no value at all; nothing if Python has to make the
    /// series of a list.
    fn column(
        &self,
        py: Python<'_>,
        name: String,
        column: usize,
        start: usize,
        stop: usize,
    ) -> PyResult<(bool, Option<ArrowColumn>)> {
        let sheet = self.sheet()?;
        let (is_null, built) = py.detach(|| {
            let is_null = sheet.column_kinds(column, start, stop).first == Tag::Empty;
            (
                is_null,
                if is_null {
                    None
                } else {
                    series::build(&sheet, column, start, stop)
                },
            )
        });
        Ok((
            is_null,
            built.map(|column| ArrowColumn {
                name,
                column: Mutex::new(Some(column)),
            }),
        ))
    }

    /// Whether a column becomes text although not all of its cells are.
    fn is_mixed(&self, column: usize, start: usize, stop: usize) -> PyResult<bool> {
        let kinds = self.sheet()?.column_kinds(column, start, stop);
        Ok(matches!(Plan::of(kinds), Plan::Text | Plan::PythonText)
            && !kinds.only(&[Tag::Text, Tag::EmptyText]))
    }

    fn cell_counts(
        &self,
        py: Python<'_>,
        start: usize,
        stop: usize,
        width: usize,
    ) -> PyResult<(Vec<usize>, usize)> {
        let sheet = self.sheet()?;
        Ok(py.detach(|| sheet.count_cells(start, stop, width)))
    }

    /// Bytes that the cells and the sheet's own text take.
    fn heap_bytes(&self) -> PyResult<usize> {
        Ok(self.sheet()?.heap_bytes())
    }

    fn free(&self, py: Python<'_>) {
        let sheet = self
            .sheet
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        py.detach(|| drop(sheet));
    }
}

/// A scan of rows of Python values, as if they had been read from a file. Values of other types than a file can have
/// count as their text.
///
/// # Errors
/// What iterating over the rows raises; `SourceError` where there are more of them than can be held.
#[pyfunction]
#[pyo3(signature = (title, rows, max_empty_rows_run, max_empty_cols_run))]
pub fn scan_of_rows(
    title: &str,
    rows: &Bound<'_, PyAny>,
    max_empty_rows_run: Option<usize>,
    max_empty_cols_run: Option<usize>,
) -> PyResult<Scan> {
    let limits = limits(max_empty_rows_run, max_empty_cols_run);
    let mut builder = SheetBuilder::new(title, limits, Arc::default());
    let mut types = MomentTypes::of(rows.py())?;
    let mut last_row = 0;
    for (number, row) in rows.try_iter()?.enumerate() {
        last_row = number + 1;
        for (column, value) in row?.try_iter()?.enumerate().take(MAXIMUM_COLUMNS) {
            let cell = types.cell(&value?, &mut builder)?;
            builder.push(column, cell);
        }
        if builder.end_row(number).map_err(to_python)? == Continue::No {
            break;
        }
    }
    let extent = DeclaredExtent::of_rows(last_row);
    Ok(Scan::new(Arc::new(builder.finish(Some(extent))), None))
}

/// A column that polars can take over, once.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct ArrowColumn {
    name: String,
    column: Mutex<Option<export::Column>>,
}

impl ArrowColumn {
    pub(super) fn new(name: String, column: Mutex<Option<export::Column>>) -> Self {
        Self { name, column }
    }
}

#[pymethods]
impl ArrowColumn {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // The specification allows an exporter to ignore the requested schema.
        drop(requested_schema);
        let column = self
            .column
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let column =
            column.ok_or_else(|| PyRuntimeError::new_err("this column was taken already"))?;
        let (schema, array) = column.export(&self.name);
        let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
        let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
        PyTuple::new(py, [schema, array])
    }
}
