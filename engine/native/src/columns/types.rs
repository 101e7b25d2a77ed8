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
    fn of(letter: u8) -> Option<Self> {
        Some(match letter {
            b's' => Self::Second,
            b'm' => Self::Millisecond,
            b'u' => Self::Microsecond,
            b'n' => Self::Nanosecond,
            _ => return None,
        })
    }

    /// A count of this unit in microseconds, rounded down as Python's own conversion does.
    pub fn to_microseconds(self, value: i64) -> i64 {
        match self {
            Self::Second => value.saturating_mul(1_000_000),
            Self::Millisecond => value.saturating_mul(1000),
            Self::Microsecond => value,
            Self::Nanosecond => value.div_euclid(1000),
        }
    }
}

/// The types of columns that can be read.
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

impl Type {
    pub(super) fn of(format: &str) -> Option<Self> {
        Some(match format.as_bytes() {
            b"n" => Self::Null,
            b"b" => Self::Boolean,
            b"c" => Self::Signed(1),
            b"s" => Self::Signed(2),
            b"i" => Self::Signed(4),
            b"l" => Self::Signed(8),
            b"C" => Self::Unsigned(1),
            b"S" => Self::Unsigned(2),
            b"I" => Self::Unsigned(4),
            b"L" => Self::Unsigned(8),
            b"f" => Self::Float32,
            b"g" => Self::Float64,
            b"u" => Self::Text,
            b"U" => Self::LargeText,
            b"vu" => Self::TextView,
            b"tdD" => Self::Date,
            [b't', b's', unit, b':'] => Self::Timestamp(Unit::of(*unit)?),
            [b't', b't', unit @ (b's' | b'm')] => Self::Time32(Unit::of(*unit)?),
            [b't', b't', unit] => Self::Time64(Unit::of(*unit)?),
            [b't', b'D', unit] => Self::Duration(Unit::of(*unit)?),
            _ => return None,
        })
    }
}
