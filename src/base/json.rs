//! JSON objects.

use serde_json::Value;

/// Returns an object with the keys of another one, too.
pub fn merged(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
