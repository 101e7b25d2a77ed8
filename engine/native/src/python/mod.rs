//! The Python module `ade_engine._native`.
//!
//! Thin: arguments are converted, the interpreter is let go while Rust works, results become Python objects. What the
//! classes promise is written down where configurations can meet it, in `ade_engine/io`.

mod cells;
mod output;
mod source;
mod style;
mod toml;

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

/// The native half of the engine.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("SourceError", module.py().get_type::<SourceError>())?;
    module.add_class::<source::Source>()?;
    module.add_class::<source::Scan>()?;
    module.add_class::<source::ArrowColumn>()?;
    module.add_function(wrap_pyfunction!(source::scan_of_rows, module)?)?;
    module.add_class::<output::Frame>()?;
    module.add_class::<output::Writer>()?;
    module.add_function(wrap_pyfunction!(output::render_rows, module)?)?;
    module.add_function(wrap_pyfunction!(style::style_key, module)?)?;
    module.add_function(wrap_pyfunction!(toml::parse_toml, module)?)
}

/// A reading failure as the exception that Python is to see.
fn to_python(error: ReadError) -> PyErr {
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
