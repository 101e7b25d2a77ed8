//! Values of what any engine may have sent: a value that has not its shape is not there.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The value of a key; nothing of it where it is not there, or has another shape.
pub(super) fn part<T: DeserializeOwned + Default>(holder: &Value, key: &str) -> T {
    let found = holder.get(key).and_then(|value| T::deserialize(value).ok());
    found.unwrap_or_default()
}

/// The entries of a list that have their shape.
pub(super) fn each<T: DeserializeOwned>(holder: &Value, key: &str) -> Vec<T> {
    let list = holder.get(key).and_then(Value::as_array);
    let entries = list.into_iter().flatten();
    entries.filter_map(|one| T::deserialize(one).ok()).collect()
}

/// A value, or nothing of it where null is sent.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Nothing, whatever is sent: the value is made when it is shown.
pub(super) fn never<'de, D: Deserializer<'de>, T: Default>(deserializer: D) -> Result<T, D::Error> {
    IgnoredAny::deserialize(deserializer)?;
    Ok(T::default())
}
