//! Values between Rust and a database, of the five kinds that both databases have: nothing, whole numbers, floating point numbers,
//! text and bytes. A yes or no is a whole number, 1 or 0, in the columns of both.

use super::error::{Error, Result};

/// A value, borrowed from whoever has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::store) enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// What can be passed to a statement.
pub(in crate::store) trait ToValue {
    fn value(&self) -> Value<'_>;
}

/// What a column can be read as.
pub(in crate::store) trait FromValue: Sized {
    /// `None`: the value is of another kind, or too great.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

macro_rules! integers {
    ($($integer:ty)*) => { $(
        impl ToValue for $integer {
            fn value(&self) -> Value<'_> {
                Value::Integer(i64::from(*self))
            }
        }
        impl FromValue for $integer {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Integer(number) => number.try_into().ok(),
                    _ => None,
                }
            }
        }
    )* };
}

integers!(i64 i32 u32 u8);

impl ToValue for bool {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl ToValue for f64 {
    fn value(&self) -> Value<'_> {
        Value::Real(*self)
    }
}

impl FromValue for f64 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Real(number) => Some(number),
            // A column of such numbers may hold whole ones.
            Value::Integer(number) => Some(number as f64),
            _ => None,
        }
    }
}

impl ToValue for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl ToValue for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes.to_owned()),
            _ => None,
        }
    }
}

/// A value that belongs to nobody else.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) enum OwnedValue {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl ToValue for OwnedValue {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Real(number) => Value::Real(*number),
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(number) => Self::Integer(number),
            Value::Real(number) => Self::Real(number),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_owned()),
        }
    }
}

impl FromValue for OwnedValue {
    fn from_value(value: Value<'_>) -> Option<Self> {
        Some(value.into())
    }
}

impl ToValue for Value<'_> {
    fn value(&self) -> Value<'_> {
        *self
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// Reads a column's value as what is asked for.
pub(super) fn read<T: FromValue>(value: Value<'_>, column: &dyn std::fmt::Display) -> Result<T> {
    T::from_value(value).ok_or_else(|| Error::unreadable(column, format!("{value:?}")))
}

/// The values of a statement, in the order of its parameters. Who receives them knows no types of theirs, and is compiled once.
pub(in crate::store) trait Params {
    fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()>;
}

/// See [`Params`].
pub(super) type ValuesReceiver<'a> = dyn FnMut(&[&dyn ToValue]) -> Result<()> + 'a;

impl Params for &[&dyn ToValue] {
    fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()> {
        to(self)
    }
}

/// No values: not of any type, so that `[]` needs no annotation.
impl Params for [&(dyn ToValue + Send + Sync); 0] {
    fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()> {
        to(&[])
    }
}

macro_rules! arrays {
    ($($length:literal)*) => { $(
        impl<T: ToValue> Params for [T; $length] {
            fn pass(&self, to: &mut ValuesReceiver<'_>) -> Result<()> {
                to(&self.each_ref().map(|value| value as &dyn ToValue))
            }
        }
    )* };
}

arrays!(1 2 3 4);

/// Values of several types, as [`Params`].
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::store::driver::ToValue),*] as &[&dyn $crate::store::driver::ToValue]
    };
}

pub(in crate::store) use params;
