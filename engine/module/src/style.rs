//! Fast comparison of openpyxl's style objects.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyString};

/// The maximum depth of style objects within style objects (a border has sides, and these have colours).
const MAX_STYLE_DEPTH: usize = 6;

/// Returns the content of a style object as bytes: objects with the same content have the same bytes. Returns `None` if it has
/// other objects than plain values and style objects.
///
/// # Errors
/// The exception that Python raises while the object is read.
#[pyfunction]
pub fn style_key<'py>(style: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let mut key = Vec::with_capacity(256);
    let is_plain = push_object(style, &mut key, 0)?;
    Ok(is_plain.then(|| PyBytes::new(style.py(), &key)))
}

fn push_object(object: &Bound<'_, PyAny>, key: &mut Vec<u8>, depth: usize) -> PyResult<bool> {
    if depth > MAX_STYLE_DEPTH {
        return Ok(false);
    }
    let Ok(attributes) = object.getattr(pyo3::intern!(object.py(), "__dict__")) else {
        return Ok(false);
    };
    let Ok(attributes) = attributes.cast_into_exact::<PyDict>() else {
        return Ok(false);
    };
    key.push(b'(');
    key.extend_from_slice(&(object.get_type_ptr() as usize).to_ne_bytes());
    for (name, value) in attributes {
        let Ok(name) = name.cast_into_exact::<PyString>() else {
            return Ok(false);
        };
        push_text(name.to_str()?, key);
        if value.is_none() {
            key.push(b'-');
        } else if let Ok(text) = value.cast_exact::<PyString>() {
            key.push(b's');
            push_text(text.to_str()?, key);
        } else if let Ok(flag) = value.cast_exact::<PyBool>() {
            key.push(if flag.is_true() { b't' } else { b'f' });
        } else if let Ok(number) = value.cast_exact::<PyInt>() {
            let Ok(number) = number.extract::<i64>() else {
                return Ok(false);
            };
            key.push(b'i');
            key.extend_from_slice(&number.to_ne_bytes());
        } else if let Ok(number) = value.cast_exact::<PyFloat>() {
            key.push(b'd');
            key.extend_from_slice(&number.value().to_bits().to_ne_bytes());
        } else if !push_object(&value, key, depth + 1)? {
            return Ok(false);
        }
    }
    key.push(b')');
    Ok(true)
}

fn push_text(text: &str, key: &mut Vec<u8>) {
    key.extend_from_slice(&text.len().to_ne_bytes());
    key.extend_from_slice(text.as_bytes());
}
