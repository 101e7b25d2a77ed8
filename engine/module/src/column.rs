//! Columns of the native half as Python objects, and their conversion back for native functions.

use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyCapsule, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::cells::make_moment;
use ade_engine_native::cells::SheetCell;
use ade_engine_native::cells::parts::share_tasks;
use ade_engine_native::columns::arrow::ArrowArrayStream;
use ade_engine_native::columns::column::{ColumnBuilder, SharedColumn};
use ade_engine_native::columns::frame::{Frame, Series};
use ade_engine_native::columns::types::Type;
use ade_engine_native::columns::view::ColumnValue;

/// A column in memory, which polars takes over without a copy.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct ArrowColumn {
    /// The name from the maker of the column.
    #[pyo3(get)]
    name: String,
    column: SharedColumn,
}

pub(super) fn arrow(name: &str, column: impl Into<SharedColumn>) -> ArrowColumn {
    ArrowColumn {
        name: name.to_owned(),
        column: column.into(),
    }
}

impl ArrowColumn {
    fn with(&self, column: SharedColumn) -> Self {
        arrow(&self.name, column)
    }

    /// Returns `Some` if another column has as many rows.
    fn fits(&self, other: &Self) -> Option<()> {
        (self.column.rows == other.column.rows).then_some(())
    }

    /// Returns `Some` if another column is a mask for this one: booleans, one per row.
    fn is_masked_by(&self, mask: &Self) -> Option<()> {
        (mask.column.kind == Type::Boolean).then(|| self.fits(mask))?
    }

    /// Returns the rows of this column and of others of its type at some places, or `None` if the types differ.
    fn gather(
        &self,
        others: &[&Self],
        places: impl Iterator<Item = (usize, usize)>,
    ) -> Option<Self> {
        let mut columns = vec![&self.column];
        columns.extend(others.iter().map(|other| &other.column));
        let is_alike = |other: &&Self| other.dtype() == self.dtype();
        let are_alike = others.iter().all(is_alike);
        are_alike.then(|| self.with(SharedColumn::gather(&columns, places)))
    }
}

#[pymethods]
impl ArrowColumn {
    /// Returns polars' name for the column's type.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.column.kind.name()
    }

    fn __len__(&self) -> usize {
        self.column.rows
    }

    fn null_count(&self) -> usize {
        self.column.null_count()
    }

    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let objects: PyResult<Vec<_>> = self
            .column
            .values()
            .map(|value| value_object(py, value))
            .collect();
        PyList::new(py, objects?)
    }

    /// Returns `rows` rows from `first` on, or as many as there are.
    fn slice(&self, first: usize, rows: usize) -> Self {
        self.with(self.column.slice(first, rows))
    }

    /// Returns one row, `times` times.
    fn repeat(&self, row: usize, times: usize) -> PyResult<Self> {
        self.take(vec![row; times])
    }

    /// Returns the rows at some places, in the order of the places.
    fn take(&self, places: Vec<usize>) -> PyResult<Self> {
        if places.iter().any(|place| *place >= self.column.rows) {
            return Err(PyIndexError::new_err("the column has no such row"));
        }
        Ok(self.with(self.column.take(&places)))
    }

    /// Returns the rows of columns at which this column of booleans is true, or `None` if it is no mask of them.
    fn filter(&self, py: Python<'_>, columns: Vec<PyRef<'_, Self>>) -> Option<Vec<Self>> {
        columns
            .iter()
            .try_for_each(|column| column.is_masked_by(self))?;
        let taken: Vec<SharedColumn> = columns.iter().map(|column| column.column.clone()).collect();
        let taken = py.detach(|| {
            let rows = trues(&self.column).filter(|(_, is_true)| *is_true);
            let rows: Vec<usize> = rows.map(|(row, _)| row).collect();
            let cells = rows.len() * taken.len();
            share_tasks(taken, cells, |column| column.take(&rows))
        });
        let named = columns.iter().zip(taken);
        Some(named.map(|(column, taken)| column.with(taken)).collect())
    }

    /// Returns this column's rows where a mask is true, and another column's elsewhere, or `None` if lengths or types differ.
    fn zip_with(&self, mask: &Self, other: &Self) -> Option<Self> {
        let places = trues(&mask.column).map(|(row, is_true)| (usize::from(!is_true), row));
        self.is_masked_by(mask)?;
        self.fits(other)?;
        self.gather(&[other], places)
    }

    /// Returns whether one of two columns of booleans is true in each row, or `None` if lengths or types differ.
    fn either(&self, other: &Self) -> Option<Self> {
        self.is_masked_by(other)?;
        other.is_masked_by(self)?;
        let mut made = ColumnBuilder::new(Type::Boolean);
        for values in self.column.values().zip(other.column.values()) {
            made.push(match values {
                (ColumnValue::Boolean(own), ColumnValue::Boolean(other)) => {
                    ColumnValue::Boolean(own || other)
                }
                (ColumnValue::Boolean(true), ColumnValue::Null)
                | (ColumnValue::Null, ColumnValue::Boolean(true)) => ColumnValue::Boolean(true),
                (
                    ColumnValue::Boolean(_) | ColumnValue::Null,
                    ColumnValue::Boolean(_) | ColumnValue::Null,
                ) => ColumnValue::Null,
                _ => return None,
            });
        }
        Some(self.with(made.column().into()))
    }

    /// Returns this column with others below it, or `None` if the types differ.
    fn append(&self, others: Vec<Bound<'_, Self>>) -> Option<Self> {
        let others: Vec<&Self> = others.iter().map(|other| other.get()).collect();
        let lengths = std::iter::once(self.column.rows)
            .chain(others.iter().map(|other| other.column.rows))
            .enumerate();
        let places = lengths.flat_map(|(column, rows)| (0..rows).map(move |row| (column, row)));
        self.gather(&others, places.collect::<Vec<_>>().into_iter())
    }

    /// Returns whether two columns have the same values.
    fn equals(&self, other: &Self) -> bool {
        self.column.rows == other.column.rows
            && self.dtype() == other.dtype()
            && self.column.values().eq(other.column.values())
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // The specification allows an exporter to ignore the requested schema.
        drop(requested_schema);
        let (schema, array) = self.column.export(&self.name);
        let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
        let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
        PyTuple::new(py, [schema, array])
    }
}

/// Returns the rows of a column of booleans, and whether each is true.
fn trues(mask: &SharedColumn) -> impl Iterator<Item = (usize, bool)> {
    let values = mask.values().enumerate();
    values.map(|(row, value)| (row, matches!(value, ColumnValue::Boolean(true))))
}

/// Returns the column of a list, with the type that polars calls `dtype`, or `None` if a value has another type.
#[pyfunction]
pub fn column_of(values: &Bound<'_, PyList>, dtype: &str) -> Option<ArrowColumn> {
    let kind = Type::named(dtype)?;
    let mut made = ColumnBuilder::new(kind);
    for value in values.iter() {
        if value.is_none() {
            made.push(ColumnValue::Null);
        } else if kind == Type::LargeText {
            made.push(ColumnValue::Text(
                value.cast::<PyString>().ok()?.to_str().ok()?,
            ));
        } else if let Ok(flag) = value.cast::<PyBool>() {
            (kind == Type::Boolean).then(|| made.push(ColumnValue::Boolean(flag.is_true())))?;
        } else if kind == Type::Float64 {
            let is_number = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
            made.push(ColumnValue::Float(
                is_number.then(|| value.extract().ok())??,
            ));
        } else {
            made.push(integer(&value, kind)?);
        }
    }
    Some(arrow("", made.column()))
}

fn integer(value: &Bound<'_, PyAny>, kind: Type) -> Option<ColumnValue<'static>> {
    let value = value.cast::<PyInt>().ok()?;
    let number = match kind {
        Type::Unsigned(8) => return value.extract().ok().map(ColumnValue::Unsigned),
        Type::Signed(8) => value.extract().ok(),
        Type::Signed(4) => value.extract::<i32>().ok().map(i64::from),
        Type::Unsigned(1) => value.extract::<u8>().ok().map(i64::from),
        Type::Unsigned(4) => value.extract::<u32>().ok().map(i64::from),
        _ => None,
    };
    number.map(ColumnValue::Integer)
}

/// Returns `rows` consecutive numbers from `first` on.
#[pyfunction]
pub fn column_of_numbers(first: u32, rows: u32) -> ArrowColumn {
    let mut made = ColumnBuilder::new(Type::Unsigned(4));
    for number in first..first + rows {
        made.push(ColumnValue::Integer(number.into()));
    }
    arrow("", made.column())
}

fn value_object<'py>(py: Python<'py>, value: ColumnValue<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        ColumnValue::Null => py.None().into_bound(py),
        ColumnValue::Boolean(flag) => PyBool::new(py, flag).to_owned().into_any(),
        ColumnValue::Integer(number) => PyInt::new(py, number).into_any(),
        ColumnValue::Unsigned(number) => PyInt::new(py, number).into_any(),
        ColumnValue::Float(number) => PyFloat::new(py, number).into_any(),
        ColumnValue::Text(text) => PyString::new(py, text).into_any(),
        ColumnValue::Date(days) => make_moment(py, SheetCell::date(days))?,
        ColumnValue::DateTime(time) => make_moment(py, SheetCell::date_time(time))?,
        ColumnValue::Time(time) => make_moment(py, SheetCell::time(time))?,
        ColumnValue::Duration(time) => make_moment(py, SheetCell::duration(time))?,
    })
}

/// Returns the column that a stand-in for a series holds, or `None` if the series is polars' own.
fn held(series: &Bound<'_, PyAny>) -> PyResult<Option<SharedColumn>> {
    let held = series.getattr_opt(intern!(series.py(), "_column"))?;
    let column = held
        .as_ref()
        .and_then(|held| held.cast::<ArrowColumn>().ok());
    Ok(column.map(|column| column.get().column.clone()))
}

/// Returns the values of a series.
pub(super) fn series_of(series: &Bound<'_, PyAny>) -> PyResult<Series> {
    if let Some(column) = held(series)? {
        return Ok(column.into());
    }
    // SAFETY: the stream comes from polars.
    unsafe { Series::import(stream_of(series)?) }.map_err(PyTypeError::new_err)
}

/// Returns the values of several series.
pub(super) fn all_series(series: &[Bound<'_, PyAny>]) -> PyResult<Vec<Series>> {
    series.iter().map(series_of).collect()
}

/// Returns the columns of a frame.
pub(super) fn frame_of(frame: &Bound<'_, PyAny>) -> PyResult<Result<Frame, String>> {
    let columns = frame.getattr_opt(intern!(frame.py(), "_columns"))?;
    if let Some(columns) = columns
        .as_ref()
        .and_then(|columns| columns.cast::<PyDict>().ok())
    {
        let own = columns.iter().map(|(name, series)| {
            let column = held(&series)?;
            column
                .map(|column| Ok((name.extract()?, column)))
                .transpose()
        });
        let own: PyResult<Option<Vec<(String, SharedColumn)>>> = own.collect();
        if let Some(own) = own? {
            return Ok(Ok(Frame::new(own)));
        }
    }
    // SAFETY: the stream comes from polars.
    Ok(unsafe { Frame::import(stream_of(frame)?) })
}

/// Returns the stream that `__arrow_c_stream__` of a polars series or frame exports.
fn stream_of(object: &Bound<'_, PyAny>) -> PyResult<ArrowArrayStream> {
    let capsule = object
        .call_method0("__arrow_c_stream__")?
        .cast_into::<PyCapsule>()?;
    let pointer = capsule
        .pointer_checked(Some(c"arrow_array_stream"))?
        .cast::<ArrowArrayStream>();
    // SAFETY: a capsule of this name holds such a structure, and taking it out marks it as taken.
    Ok(unsafe { ArrowArrayStream::take(pointer.as_ptr()) })
}
