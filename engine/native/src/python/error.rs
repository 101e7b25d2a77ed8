//! Converts reading failures to Python's exceptions.

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyUnicodeDecodeError, PyValueError};
use pyo3::prelude::*;

use crate::error::SourceError as ReadError;

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
        } => {
            let hint = format!(
                "{reason}; the setting csv_encoding may name another encoding, or \"auto\""
            );
            PyUnicodeDecodeError::new_err((
                encoding,
                Vec::<u8>::new(),
                position,
                position + 1,
                hint,
            ))
        }
        ReadError::BadOption { .. } | ReadError::BadTitle { .. } => PyValueError::new_err(message),
        _ => SourceError::new_err(message),
    }
}
