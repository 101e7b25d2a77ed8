//! JSON of Python objects, identical to the output of Python's `json`. It writes the lines of events, which are megabytes for a
//! run with many tables.

use ade_engine_native::cells::text_form::push_python_float;
use pyo3::exceptions::{PyRecursionError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde::Serialize;

/// The maximum depth of values; deeper values contain themselves, or nobody reads them.
const MAX_DEPTH: usize = 950;

/// The bytes that are written unchanged in any context.
static BARE: [bool; 256] = {
    let mut bare = [false; 256];
    let mut byte = b' ';
    while byte < 0x7f {
        bare[byte as usize] = byte != b'"' && byte != b'\\';
        byte += 1;
    }
    bare
};

/// Returns a value as one line of JSON. Values that JSON has no kind for are written as `plain` returns them. With
/// `is_lenient`, infinite numbers and NaN become texts; with `is_ascii`, every letter outside ASCII becomes an escape; with
/// `is_compact`, there are no blanks between values.
///
/// # Errors
/// `TypeError` for a key that is neither text nor a plain value, `ValueError` for a number that JSON does not have,
/// `RecursionError` for values that contain themselves, and any exception of `plain`.
#[pyfunction]
#[pyo3(signature = (value, plain, is_lenient = false, is_ascii = true, is_compact = false))]
pub fn json_text(
    value: &Bound<'_, PyAny>,
    plain: &Bound<'_, PyAny>,
    is_lenient: bool,
    is_ascii: bool,
    is_compact: bool,
) -> PyResult<String> {
    let mut line = JsonLine {
        out: String::new(),
        plain,
        is_lenient,
        is_ascii,
        is_quick: true,
        is_odd: false,
        comma: if is_compact { "," } else { ", " },
        colon: if is_compact { ":" } else { ": " },
    };
    let quick = line.push(value, 0);
    if line.is_odd {
        line.is_quick = false;
        line.out.clear();
        line.push(value, 0)?;
    } else {
        quick?;
    }
    Ok(line.out)
}

/// JSON of an object, as a mapping that is parsed at the first access.
#[pyclass(frozen, mapping, module = "ade_engine._native")]
pub struct Json {
    text: String,
    parsed: PyOnceLock<Py<PyDict>>,
}

impl Json {
    /// Returns the JSON of a value.
    pub fn from_value(value: &impl Serialize) -> PyResult<Self> {
        let text = serde_json::to_string(value);
        let text = text.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self::new(text))
    }

    /// Takes the text of an object. Letters outside ASCII become escapes, as in all texts of events.
    pub fn new(mut text: String) -> Self {
        if !text.is_ascii() {
            let mut plain = String::with_capacity(text.len());
            for letter in text.chars() {
                match letter.is_ascii() {
                    true => plain.push(letter),
                    false => push_escape(letter, &mut plain),
                }
            }
            text = plain;
        }
        let parsed = PyOnceLock::new();
        Self { text, parsed }
    }

    fn parsed<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        let parsed = self.parsed.get_or_try_init(py, || {
            let parsed = py.import("json")?.call_method1("loads", (&self.text,))?;
            Ok::<_, PyErr>(parsed.cast_into::<PyDict>()?.unbind())
        })?;
        Ok(parsed.bind(py))
    }
}

#[pymethods]
impl Json {
    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.parsed(key.py())?.as_any().get_item(key)
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.parsed(key.py())?.contains(key)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.parsed(py)?.as_any().try_iter()?.into_any())
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.parsed(py)?.len())
    }

    /// Without this method, Python would parse the text to find out its length.
    fn __bool__(&self) -> bool {
        true
    }

    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.parsed(py)?.call_method0("keys")
    }

    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.parsed(py)?.call_method0("values")
    }

    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.parsed(py)?.call_method0("items")
    }

    #[pyo3(signature = (key, default = None))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.parsed(key.py())?.call_method1("get", (key, default))
    }
}

struct JsonLine<'a, 'py> {
    out: String,
    plain: &'a Bound<'py, PyAny>,
    is_lenient: bool,
    is_ascii: bool,
    /// True while no Python code is called, which could change the value during writing.
    is_quick: bool,
    /// True if the quick way met a value that it cannot write.
    is_odd: bool,
    comma: &'static str,
    colon: &'static str,
}

impl JsonLine<'_, '_> {
    fn push(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if depth > MAX_DEPTH {
            let message = "maximum recursion depth exceeded while encoding a JSON object";
            return Err(PyRecursionError::new_err(message));
        }
        if let Ok(text) = value.cast::<PyString>() {
            return self.push_text(text);
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            self.out.push('{');
            if self.is_quick && dict.is_exact_instance_of::<PyDict>() {
                self.push_entries(dict.iter().map(Ok), depth)?;
            } else if self.is_quick {
                return self.begin_anew();
            } else {
                let entries: Vec<_> = dict.call_method0("items")?.try_iter()?.collect();
                let entries = entries.into_iter().map(|entry| entry?.extract());
                self.push_entries(entries, depth)?;
            }
            self.out.push('}');
        } else if value.is_none() {
            self.out.push_str("null");
        } else if let Ok(flag) = value.cast::<PyBool>() {
            self.out
                .push_str(if flag.is_true() { "true" } else { "false" });
        } else if let Ok(number) = value.cast::<PyInt>() {
            self.push_integer(number)?;
        } else if let Ok(number) = value.cast::<PyFloat>() {
            match number.value() {
                finite if finite.is_finite() => push_python_float(finite, &mut self.out),
                _ if self.is_lenient => self.push_text(&number.str()?)?,
                _ => {
                    let message = "Out of range float values are not JSON compliant";
                    return Err(PyValueError::new_err(message));
                }
            }
        } else if let Ok(list) = value.cast::<PyList>() {
            self.push_list(list.iter(), depth)?;
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            self.push_list(tuple.iter(), depth)?;
        } else if let Ok(json) = value.cast::<Json>() {
            self.out.push_str(&json.get().text);
        } else if self.is_quick {
            return self.begin_anew();
        } else {
            self.push(&self.plain.call1((value,))?, depth + 1)?;
        }
        Ok(())
    }

    fn begin_anew(&mut self) -> PyResult<()> {
        self.is_odd = true;
        Err(PyTypeError::new_err("no plain value"))
    }

    fn push_entries<'py>(
        &mut self,
        entries: impl Iterator<Item = PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)>>,
        depth: usize,
    ) -> PyResult<()> {
        for (number, entry) in entries.enumerate() {
            let (key, value) = entry?;
            self.out.push_str(if number > 0 { self.comma } else { "" });
            self.push_key(&key)?;
            self.out.push_str(self.colon);
            self.push(&value, depth + 1)?;
        }
        Ok(())
    }

    fn push_list<'py>(
        &mut self,
        values: impl Iterator<Item = Bound<'py, PyAny>>,
        depth: usize,
    ) -> PyResult<()> {
        self.out.push('[');
        for (number, value) in values.enumerate() {
            self.out.push_str(if number > 0 { self.comma } else { "" });
            self.push(&value, depth + 1)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn push_key(&mut self, key: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(text) = key.cast::<PyString>() {
            return self.push_text(text);
        }
        let is_plain =
            key.is_none() || key.is_instance_of::<PyInt>() || key.is_instance_of::<PyFloat>();
        if !is_plain {
            let kind = key.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "keys must be str, int, float, bool or None, not {kind}"
            )));
        }
        let start = self.out.len();
        if let Ok(number) = key.cast::<PyFloat>()
            && !number.value().is_finite()
            && self.is_lenient
        {
            let name = match number.value() {
                value if value.is_nan() => "NaN",
                value if value > 0.0 => "Infinity",
                _ => "-Infinity",
            };
            self.out.push_str(name);
        } else {
            self.push(key, 0)?;
        }
        let written = self.out.split_off(start);
        self.out.push('"');
        self.out.push_str(written.trim_matches('"'));
        self.out.push('"');
        Ok(())
    }

    fn push_integer(&mut self, number: &Bound<'_, PyInt>) -> PyResult<()> {
        match number.extract::<i64>() {
            Ok(small) => self.out.push_str(itoa::Buffer::new().format(small)),
            Err(_) => {
                // This also writes the digits of a class that is derived from `int`.
                let class = number.py().get_type::<PyInt>();
                let digits = class.call_method1("__repr__", (number,))?;
                self.out.push_str(digits.cast::<PyString>()?.to_str()?);
            }
        }
        Ok(())
    }

    fn push_text(&mut self, text: &Bound<'_, PyString>) -> PyResult<()> {
        let is_ascii = self.is_ascii;
        self.out.push('"');
        let utf8 = text.to_str();
        if let Ok(text) = utf8
            && text.bytes().all(|byte| BARE[usize::from(byte)])
        {
            self.out.push_str(text);
        } else if let Ok(text) = utf8 {
            let mut start = 0;
            // Unchanged letters are copied in one piece.
            for (at, letter) in text
                .char_indices()
                .filter(|(_, letter)| !is_plain(*letter, is_ascii))
            {
                self.out.push_str(&text[start..at]);
                start = at + letter.len_utf8();
                push_escape(letter, &mut self.out);
            }
            self.out.push_str(&text[start..]);
        } else {
            // This is half of a surrogate pair, which Python allows and UTF-8 does not.
            let bytes = text.call_method1("encode", ("utf-16-le", "surrogatepass"))?;
            let units = bytes.cast::<PyBytes>()?.as_bytes().chunks_exact(2);
            for letter in
                char::decode_utf16(units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])))
            {
                match letter {
                    Ok(letter) if is_plain(letter, is_ascii) => self.out.push(letter),
                    Ok(letter) => push_escape(letter, &mut self.out),
                    Err(half) => push_unit(half.unpaired_surrogate(), &mut self.out),
                }
            }
        }
        self.out.push('"');
        Ok(())
    }
}

fn push_escape(letter: char, out: &mut String) {
    match letter {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        _ => {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                push_unit(*unit, out);
            }
        }
    }
}

fn push_unit(unit: u16, out: &mut String) {
    out.push_str(&format!("\\u{unit:04x}"));
}

/// Returns whether a letter is written unchanged.
fn is_plain(letter: char, is_ascii: bool) -> bool {
    letter >= ' ' && letter != '"' && letter != '\\' && (letter <= '~' || !is_ascii)
}
