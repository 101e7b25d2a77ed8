//! TOML for Python versions whose standard library cannot read it.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use toml::{Table, Value};

/// Parses a text of TOML.
///
/// # Errors
/// `ValueError`, which names the line, if the text is not TOML.
#[pyfunction]
pub fn parse_toml<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyDict>> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let before = &text.as_bytes()[..at];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = before
            .iter()
            .rev()
            .take_while(|&&byte| byte != b'\n')
            .count()
            + 1;
        PyValueError::new_err(format!(
            "{} (line {line}, column {column})",
            error.message()
        ))
    })?;
    table_dict(py, table)
}

fn table_dict(py: Python<'_>, table: Table) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    for (key, value) in table {
        dict.set_item(key, value_object(py, value)?)?;
    }
    Ok(dict)
}

fn value_object(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    Ok(match value {
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Integer(number) => number.into_pyobject(py)?.into_any(),
        Value::Float(number) => number.into_pyobject(py)?.into_any(),
        Value::Boolean(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        // No setting is a date; a date in the file becomes text as it was written.
        Value::Datetime(moment) => moment.to_string().into_pyobject(py)?.into_any(),
        Value::Array(values) => {
            let values: PyResult<Vec<_>> = values
                .into_iter()
                .map(|value| value_object(py, value))
                .collect();
            PyList::new(py, values?)?.into_any()
        }
        Value::Table(table) => table_dict(py, table)?.into_any(),
    })
}
