//! The settings of the engine, for Python.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyTuple};

use ade_engine_native::settings::{
    EngineSetting, SETTINGS, SettingValue, SourceValue, ValueKind, is_former,
};

/// A setting for Python: key, kind, default, default of edition 2026, meaning, whether it is newer, and whether it belongs to a
/// call.
type Setting<'py> = (
    &'static str,
    String,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    String,
    bool,
    bool,
);

/// Returns every setting, in the order in which they are shown.
#[pyfunction]
pub fn engine_settings(py: Python<'_>) -> PyResult<Vec<Setting<'_>>> {
    let setting = |setting: &'static EngineSetting| {
        Ok((
            setting.key,
            format!("{:?}", setting.kind),
            default_of(py, setting.kind, setting.default)?,
            default_of(py, setting.kind, setting.default_2026)?,
            setting.plain_meaning(),
            setting.is_newer,
            setting.is_of_call,
        ))
    };
    SETTINGS.iter().map(setting).collect()
}

/// Returns whether a key is a former setting, because edition 2026 always works that way.
#[pyfunction]
pub fn is_former_setting(key: &str) -> bool {
    is_former(key)
}

/// Reads the value of a source for a setting.
#[pyfunction]
pub fn read_setting<'py>(key: &str, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let text = value.extract::<String>();
    let given = match &text {
        Ok(text) => SourceValue::Text(text),
        Err(_) if value.is_none() => SourceValue::Nothing,
        Err(_) if value.is_instance_of::<PyBool>() => SourceValue::Flag(value.extract()?),
        Err(_) => value
            .extract()
            .map_or(SourceValue::Other, SourceValue::Number),
    };
    let kind = EngineSetting::find(key).map(|setting| setting.kind);
    let read = kind.map_or(Ok(None), |kind| kind.read(given));
    match read.map_err(|wanted| PyValueError::new_err(format!("should be {wanted}")))? {
        // Python's integers have no upper limit.
        Some(SettingValue::Whole(_)) if value.is_exact_instance_of::<PyInt>() => Ok(value.clone()),
        Some(read) => to_python(value.py(), read),
        None => Ok(value.clone()),
    }
}

fn default_of<'py>(py: Python<'py>, kind: ValueKind, text: &str) -> PyResult<Bound<'py, PyAny>> {
    match kind {
        ValueKind::Sheets | ValueKind::Senders | ValueKind::Headers | ValueKind::Values => {
            PyDict::new(py).into_bound_py_any(py)
        }
        ValueKind::Extensions | ValueKind::Words | ValueKind::Known => {
            let words: Vec<&str> = text.split_whitespace().collect();
            PyTuple::new(py, words)?.into_bound_py_any(py)
        }
        ValueKind::Level => text.parse::<u64>()?.into_bound_py_any(py),
        ValueKind::Folder => Ok(py.None().into_bound(py)),
        kind => match kind.read(SourceValue::Text(text)) {
            Ok(Some(value)) => to_python(py, value),
            _ => text.into_bound_py_any(py),
        },
    }
}

fn to_python(py: Python<'_>, value: SettingValue) -> PyResult<Bound<'_, PyAny>> {
    match value {
        SettingValue::Flag(flag) => flag.into_bound_py_any(py),
        SettingValue::Whole(number) => number.into_bound_py_any(py),
        SettingValue::Number(number) => number.into_bound_py_any(py),
        SettingValue::Text(text) => text.into_bound_py_any(py),
        SettingValue::Nothing => Ok(py.None().into_bound(py)),
    }
}
