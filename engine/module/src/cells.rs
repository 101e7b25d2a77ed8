//! Conversion of cells to Python objects and back.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString, PyType};

use ade_engine_native::cells::calendar::civil_from_days;
use ade_engine_native::cells::{CellTag, DAY_MICROSECONDS, Sheet, SheetBuilder, SheetCell};

static DATE_TIME: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static DATE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static TIME: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static DURATION: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The maximum number of cached date objects, which are expensive to make and repeat often.
const REMEMBERED: usize = 1 << 10;

/// Makes Python objects of the cells of one sheet.
pub struct CellObjects {
    remembered: Vec<Option<(SheetCell, Py<PyAny>)>>,
    room: usize,
}

impl CellObjects {
    /// Returns an empty cache, for `count` cells.
    pub fn for_cells(count: usize) -> Self {
        Self {
            remembered: Vec::new(),
            room: count.clamp(1, REMEMBERED).next_power_of_two(),
        }
    }

    /// Returns the Python object of a cell.
    ///
    /// # Errors
    /// The exception that Python raises while it makes the object.
    #[inline]
    pub fn object<'py>(
        &mut self,
        py: Python<'py>,
        sheet: &Sheet,
        cell: SheetCell,
    ) -> PyResult<Bound<'py, PyAny>> {
        Ok(match cell.tag {
            CellTag::Empty => py.None().into_bound(py),
            CellTag::EmptyText => PyString::new(py, "").into_any(),
            CellTag::Text => PyString::new(py, sheet.text(cell.as_text())).into_any(),
            CellTag::Integer => PyInt::new(py, cell.as_integer()).into_any(),
            CellTag::Float => PyFloat::new(py, cell.as_float()).into_any(),
            CellTag::Boolean => PyBool::new(py, cell.bits != 0).to_owned().into_any(),
            CellTag::BigInteger => py
                .get_type::<PyInt>()
                .call1((sheet.text(cell.as_text()),))?,
            CellTag::DateTime | CellTag::Date | CellTag::Time | CellTag::Duration => {
                self.moment(py, cell)?
            }
        })
    }

    fn moment<'py>(&mut self, py: Python<'py>, cell: SheetCell) -> PyResult<Bound<'py, PyAny>> {
        if self.remembered.is_empty() {
            self.remembered.resize_with(self.room, || None);
        }
        // Whole days and whole seconds differ in high bits only, so these are mixed in.
        let mixed = cell.bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48;
        let slot = (mixed as usize ^ cell.tag as usize) & (self.room - 1);
        if let Some((known, object)) = &self.remembered[slot]
            && *known == cell
        {
            return Ok(object.bind(py).clone());
        }
        let object = make_moment(py, cell)?;
        self.remembered[slot] = Some((cell, object.clone().unbind()));
        Ok(object)
    }
}

pub(super) fn make_moment(py: Python<'_>, cell: SheetCell) -> PyResult<Bound<'_, PyAny>> {
    let value = cell.as_integer();
    let clock = |microseconds: i64| {
        let seconds = microseconds / 1_000_000;
        (
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            microseconds % 1_000_000,
        )
    };
    match cell.tag {
        CellTag::DateTime => {
            let (year, month, day) = civil_from_days(value.div_euclid(DAY_MICROSECONDS));
            let (hour, minute, second, microsecond) = clock(value.rem_euclid(DAY_MICROSECONDS));
            DATE_TIME.import(py, "datetime", "datetime")?.call1((
                year,
                month,
                day,
                hour,
                minute,
                second,
                microsecond,
            ))
        }
        CellTag::Date => DATE
            .import(py, "datetime", "date")?
            .call1(civil_from_days(value)),
        CellTag::Time => TIME.import(py, "datetime", "time")?.call1(clock(value)),
        CellTag::Duration => {
            let in_day = value.rem_euclid(DAY_MICROSECONDS);
            let days = value.div_euclid(DAY_MICROSECONDS);
            DURATION.import(py, "datetime", "timedelta")?.call1((
                days,
                in_day / 1_000_000,
                in_day % 1_000_000,
            ))
        }
        _ => Err(PyRuntimeError::new_err("this cell holds no date or time")),
    }
}

/// Makes cells of Python objects.
pub struct MomentTypes<'py> {
    date_time: Bound<'py, PyType>,
    date: Bound<'py, PyType>,
    time: Bound<'py, PyType>,
    duration: Bound<'py, PyType>,
}

impl<'py> MomentTypes<'py> {
    /// Looks up the types of `datetime`.
    ///
    /// # Errors
    /// The exception that Python raises while it imports `datetime`.
    pub fn load(py: Python<'py>) -> PyResult<Self> {
        Ok(Self {
            date_time: DATE_TIME.import(py, "datetime", "datetime")?.clone(),
            date: DATE.import(py, "datetime", "date")?.clone(),
            time: TIME.import(py, "datetime", "time")?.clone(),
            duration: DURATION.import(py, "datetime", "timedelta")?.clone(),
        })
    }

    /// Returns the cell of an object. An object of a type that no file has becomes its text.
    ///
    /// # Errors
    /// The exception that Python raises while the object is read.
    pub fn cell(
        &mut self,
        value: &Bound<'py, PyAny>,
        builder: &mut SheetBuilder,
    ) -> PyResult<SheetCell> {
        if value.is_none() {
            return Ok(SheetCell::EMPTY);
        }
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(builder.text_cell(&text.to_string_lossy()));
        }
        if let Ok(flag) = value.cast::<PyBool>() {
            return Ok(SheetCell::boolean(flag.is_true()));
        }
        if value.is_instance_of::<PyInt>() {
            return Ok(match value.extract::<i64>() {
                Ok(number) => SheetCell::integer(number),
                Err(_) => builder.big_integer(&value.str()?.to_string_lossy()),
            });
        }
        if let Ok(number) = value.cast::<PyFloat>() {
            return Ok(SheetCell::float(number.value()));
        }
        let field = |name: &str| -> PyResult<i64> { value.getattr(name)?.extract() };
        let clock = || -> PyResult<i64> {
            let seconds = field("hour")? * 3600 + field("minute")? * 60 + field("second")?;
            Ok(seconds * 1_000_000 + field("microsecond")?)
        };
        // Days count from 1 in Python, and from 1970 here.
        let days = || -> PyResult<i64> {
            Ok(value.call_method0("toordinal")?.extract::<i64>()? - 719_163)
        };
        let has_zone = || -> PyResult<bool> { Ok(!value.getattr("tzinfo")?.is_none()) };
        if value.is_instance(&self.date_time)? && !has_zone()? {
            return Ok(SheetCell::date_time(days()? * DAY_MICROSECONDS + clock()?));
        }
        if value.is_instance(&self.date)? && !value.is_instance(&self.date_time)? {
            return Ok(SheetCell::date(days()?));
        }
        if value.is_instance(&self.time)? && !has_zone()? {
            return Ok(SheetCell::time(clock()?));
        }
        if value.is_instance(&self.duration)? {
            let seconds = field("days")? * 86_400 + field("seconds")?;
            return Ok(SheetCell::duration(
                seconds * 1_000_000 + field("microseconds")?,
            ));
        }
        Ok(builder.text_cell(&value.str()?.to_string_lossy()))
    }
}

/// Returns a row as a list of objects, up to its last value.
///
/// # Errors
/// The exception that Python raises while it makes an object.
pub fn row_list<'py>(
    py: Python<'py>,
    sheet: &Sheet,
    objects: &mut CellObjects,
    cells: &[SheetCell],
) -> PyResult<Bound<'py, PyList>> {
    let mut row = Vec::with_capacity(cells.len());
    for &cell in cells {
        row.push(objects.object(py, sheet, cell)?);
    }
    PyList::new(py, row)
}
