//! Helpers for JSON objects.

use serde_json::Value;

/// Returns an object extended by the keys of another object.
pub fn merged(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
