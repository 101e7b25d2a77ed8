//! Values of the engine's payload by JSON pointer.

use serde_json::Value;

/// The value at a JSON pointer through objects whose keys need no escape. `Value::pointer` makes texts of each key, and a
/// payload of many tables is asked for tens of thousands.
fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    let mut keys = pointer.split('/').skip(1);
    keys.try_fold(value, |value, key| value.get(key))
}

/// The list at a JSON pointer; empty where there is none.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The text at a JSON pointer.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    at(value, pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// The whole number at a JSON pointer.
pub(super) fn number(value: &Value, pointer: &str) -> Option<u64> {
    at(value, pointer).and_then(Value::as_u64)
}
