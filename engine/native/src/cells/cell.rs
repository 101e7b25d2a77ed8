//! One cell: the kind of its value, and 64 bits that are the value or refer to it.

use super::text::TextReference;

/// The kind of a cell's value, which decides how its 64 bits are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Tag {
    /// No value.
    Empty = 0,
    /// Text of no length; it counts as empty, yet Python sees `""`.
    EmptyText = 1,
    /// A [`TextReference`].
    Text = 2,
    /// An `i64`.
    Integer = 3,
    /// An `f64`.
    Float = 4,
    /// 0 or 1.
    Boolean = 5,
    /// Microseconds since 1970, in no time zone.
    DateTime = 6,
    /// Days since 1970.
    Date = 7,
    /// Microseconds since midnight.
    Time = 8,
    /// Microseconds.
    Duration = 9,
    /// A whole number of more than 64 bits, as a reference to its decimal digits.
    BigInteger = 10,
}

impl Tag {
    /// How many kinds there are.
    pub const COUNT: usize = 11;

    const ALL: [Self; Self::COUNT] = [
        Self::Empty,
        Self::EmptyText,
        Self::Text,
        Self::Integer,
        Self::Float,
        Self::Boolean,
        Self::DateTime,
        Self::Date,
        Self::Time,
        Self::Duration,
        Self::BigInteger,
    ];

    /// Whether a scan counts such a cell as empty.
    pub fn counts_as_empty(self) -> bool {
        matches!(self, Self::Empty | Self::EmptyText)
    }

    pub(super) fn from_byte(byte: u8) -> Self {
        Self::ALL.get(byte as usize).copied().unwrap_or(Self::Empty)
    }
}

/// A cell: a tag and its 64 bits. Small enough to be passed around by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub tag: Tag,
    pub bits: u64,
}

impl Cell {
    pub const EMPTY: Self = Self {
        tag: Tag::Empty,
        bits: 0,
    };
    pub const EMPTY_TEXT: Self = Self {
        tag: Tag::EmptyText,
        bits: 0,
    };

    /// A whole number.
    pub fn integer(value: i64) -> Self {
        Self {
            tag: Tag::Integer,
            bits: value as u64,
        }
    }

    /// A number that is written with a point or an exponent.
    pub fn float(value: f64) -> Self {
        Self {
            tag: Tag::Float,
            bits: value.to_bits(),
        }
    }

    /// True or false.
    pub fn boolean(value: bool) -> Self {
        Self {
            tag: Tag::Boolean,
            bits: u64::from(value),
        }
    }

    /// A text that an arena holds.
    pub fn text(reference: TextReference) -> Self {
        Self {
            tag: Tag::Text,
            bits: reference.bits(),
        }
    }

    /// A date with a time, in microseconds since 1970.
    pub fn date_time(microseconds: i64) -> Self {
        Self {
            tag: Tag::DateTime,
            bits: microseconds as u64,
        }
    }

    /// A date, in days since 1970.
    pub fn date(days: i64) -> Self {
        Self {
            tag: Tag::Date,
            bits: days as u64,
        }
    }

    /// A time of day, in microseconds.
    pub fn time(microseconds: i64) -> Self {
        Self {
            tag: Tag::Time,
            bits: microseconds as u64,
        }
    }

    /// An elapsed time, in microseconds.
    pub fn duration(microseconds: i64) -> Self {
        Self {
            tag: Tag::Duration,
            bits: microseconds as u64,
        }
    }

    /// The bits as a float; meant for cells of [`Tag::Float`].
    pub fn as_float(self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// The bits as a whole number; meant for cells of numbers, dates and times.
    pub fn as_integer(self) -> i64 {
        self.bits as i64
    }

    /// The bits as a reference; meant for cells of [`Tag::Text`] and [`Tag::BigInteger`].
    pub fn as_text(self) -> TextReference {
        TextReference::from_bits(self.bits)
    }
}
