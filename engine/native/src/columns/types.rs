//! The types of columns that can be read, by their Arrow format strings.

/// The unit of a timestamp, time or duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

impl Unit {
    /// Returns a count of this unit in microseconds, rounded down like Python's own conversion.
    pub fn to_microseconds(self, value: i64) -> i64 {
        match self {
            Self::Second => value.saturating_mul(1_000_000),
            Self::Millisecond => value.saturating_mul(1000),
            Self::Microsecond => value,
            Self::Nanosecond => value.div_euclid(1000),
        }
    }
}

/// The type of a column that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Null,
    Boolean,
    Signed(u8),
    Unsigned(u8),
    Float32,
    Float64,
    Text,
    LargeText,
    TextView,
    Date,
    Timestamp(Unit),
    Time32(Unit),
    Time64(Unit),
    Duration(Unit),
}

/// The types with their Arrow format strings and the names that polars has for them. Of equal names, the first one belongs to
/// columns that are made here.
const TYPES: [(Type, &str, &str); 28] = {
    use Unit::{Microsecond, Millisecond, Nanosecond, Second};
    [
        (Type::Null, "n", "Null"),
        (Type::Boolean, "b", "Boolean"),
        (Type::Signed(1), "c", "Int8"),
        (Type::Signed(2), "s", "Int16"),
        (Type::Signed(4), "i", "Int32"),
        (Type::Signed(8), "l", "Int64"),
        (Type::Unsigned(1), "C", "UInt8"),
        (Type::Unsigned(2), "S", "UInt16"),
        (Type::Unsigned(4), "I", "UInt32"),
        (Type::Unsigned(8), "L", "UInt64"),
        (Type::Float32, "f", "Float32"),
        (Type::Float64, "g", "Float64"),
        (Type::LargeText, "U", "String"),
        (Type::TextView, "vu", "String"),
        (Type::Text, "u", "String"),
        (Type::Date, "tdD", "Date"),
        (Type::Timestamp(Microsecond), "tsu:", "Datetime"),
        (Type::Timestamp(Second), "tss:", "Datetime"),
        (Type::Timestamp(Millisecond), "tsm:", "Datetime"),
        (Type::Timestamp(Nanosecond), "tsn:", "Datetime"),
        (Type::Time64(Nanosecond), "ttn", "Time"),
        (Type::Time64(Microsecond), "ttu", "Time"),
        (Type::Time32(Second), "tts", "Time"),
        (Type::Time32(Millisecond), "ttm", "Time"),
        (Type::Duration(Microsecond), "tDu", "Duration"),
        (Type::Duration(Second), "tDs", "Duration"),
        (Type::Duration(Millisecond), "tDm", "Duration"),
        (Type::Duration(Nanosecond), "tDn", "Duration"),
    ]
};

impl Type {
    /// Returns the type of an Arrow format string; none if columns of this type cannot be read.
    pub fn from_format(format: &str) -> Option<Self> {
        let found = TYPES.iter().find(|(_, own, _)| *own == format);
        found.map(|(kind, ..)| *kind)
    }

    /// Returns the type with the name that polars uses.
    pub fn named(name: &str) -> Option<Self> {
        let found = TYPES.iter().find(|(.., own)| *own == name);
        found.map(|(kind, ..)| *kind)
    }

    /// Returns its Arrow format string.
    pub fn format(self) -> &'static str {
        self.entry().1
    }

    /// Returns the name that polars uses.
    pub fn name(self) -> &'static str {
        self.entry().2
    }

    fn entry(self) -> &'static (Self, &'static str, &'static str) {
        let found = TYPES.iter().find(|(kind, ..)| *kind == self);
        found.unwrap_or(&TYPES[0])
    }
}
