//! Converts failures to Python's exceptions.

use std::io;

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyOSError, PyUnicodeDecodeError, PyValueError};
use pyo3::prelude::*;

use ade_engine_native::error::SourceError as ReadError;

create_exception!(
    ade_engine._native,
    SourceError,
    PyException,
    "The input file cannot be read; the message says what is wrong with it."
);

/// Returns the Python exception for a reading failure.
pub fn to_python(error: ReadError) -> PyErr {
    let message = error.to_string();
    match error {
        ReadError::Undecodable {
            encoding,
            position,
            reason,
            hint,
        } => {
            let reason =
                format!("{reason}; set csv_encoding to the encoding of the file, or to \"auto\"");
            let raised = PyUnicodeDecodeError::new_err((
                encoding,
                Vec::<u8>::new(),
                position,
                position + 1,
                reason,
            ));
            with_hint(raised, hint)
        }
        ReadError::BadOption { .. } => PyValueError::new_err(message),
        _ => SourceError::new_err(message),
    }
}

/// Returns a function that makes the Python exception for a file that cannot be written. The exception has the error number.
pub fn write_error(path: &str) -> impl FnOnce(io::Error) -> PyErr {
    move |error| match error.raw_os_error() {
        Some(code) => PyOSError::new_err((code, error.to_string(), path.to_owned())),
        None => PyOSError::new_err(format!("cannot write {path}: {error}")),
    }
}

/// Adds the remedy for an error as its attribute `ade_hint`, which the engine reports.
fn with_hint(raised: PyErr, hint: Option<&str>) -> PyErr {
    let Some(hint) = hint else { return raised };
    Python::attach(|py| match raised.value(py).setattr("ade_hint", hint) {
        Ok(()) => raised,
        Err(error) => error,
    })
}
