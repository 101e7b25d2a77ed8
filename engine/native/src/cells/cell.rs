//! One cell: the kind of its value, and 64 bits that are the value or refer to it.

use super::text::{TextArena, TextReference};

/// The kind of a cell's value, which decides how its 64 bits are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CellTag {
    Empty,
    /// Text of no length; it counts as empty, yet Python sees `""`.
    EmptyText,
    /// A text, as a [`TextReference`].
    Text,
    /// A whole number, as an `i64`.
    Integer,
    /// A number, as an `f64`.
    Float,
    /// A boolean, as 0 or 1.
    Boolean,
    /// Microseconds since 1970, in no time zone.
    DateTime,
    /// A date, in days since 1970.
    Date,
    /// A time of day, in microseconds since midnight.
    Time,
    /// An elapsed time, in microseconds.
    Duration,
    /// A whole number of more than 64 bits, as a reference to its decimal digits.
    BigInteger,
}

impl CellTag {
    const ALL: [Self; 11] = [
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

    /// Returns whether a scan counts the cell as empty.
    pub fn counts_as_empty(self) -> bool {
        matches!(self, Self::Empty | Self::EmptyText)
    }

    /// Returns whether the value is a number that 64 bits hold.
    #[inline]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Float)
    }
}

/// A cell: a tag and its 64 bits. Small enough to be passed around by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetCell {
    pub tag: CellTag,
    pub bits: u64,
}

impl SheetCell {
    pub const EMPTY: Self = Self {
        tag: CellTag::Empty,
        bits: 0,
    };
    pub const EMPTY_TEXT: Self = Self {
        tag: CellTag::EmptyText,
        bits: 0,
    };

    /// Returns a cell as a sheet stores it.
    #[inline]
    pub(super) fn stored(tag: u8, bits: u64) -> Self {
        let tag = CellTag::ALL.get(usize::from(tag)).copied();
        let tag = tag.unwrap_or(CellTag::Empty);
        Self { tag, bits }
    }

    /// Returns a cell with a whole number.
    pub fn integer(value: i64) -> Self {
        Self {
            tag: CellTag::Integer,
            bits: value as u64,
        }
    }

    /// Returns a cell with a number that is written with a point or an exponent.
    pub fn float(value: f64) -> Self {
        Self {
            tag: CellTag::Float,
            bits: value.to_bits(),
        }
    }

    /// Returns a cell with true or false.
    pub fn boolean(value: bool) -> Self {
        Self {
            tag: CellTag::Boolean,
            bits: u64::from(value),
        }
    }

    /// Returns a cell with a text that an arena holds.
    pub fn text(reference: TextReference) -> Self {
        Self {
            tag: CellTag::Text,
            bits: reference.bits(),
        }
    }

    /// Stores a text that all sheets share in an arena, and returns its cell.
    #[inline]
    pub fn shared_text(text: &str, arena: &mut TextArena) -> Self {
        match text.is_empty() {
            true => Self::EMPTY_TEXT,
            false => Self::text(arena.push(text).into_shared()),
        }
    }

    /// Returns a cell with a date and time, in microseconds since 1970.
    pub fn date_time(microseconds: i64) -> Self {
        Self {
            tag: CellTag::DateTime,
            bits: microseconds as u64,
        }
    }

    /// Returns a cell with a date, in days since 1970.
    pub fn date(days: i64) -> Self {
        Self {
            tag: CellTag::Date,
            bits: days as u64,
        }
    }

    /// Returns a cell with a time of day, in microseconds.
    pub fn time(microseconds: i64) -> Self {
        Self {
            tag: CellTag::Time,
            bits: microseconds as u64,
        }
    }

    /// Returns a cell with an elapsed time, in microseconds.
    pub fn duration(microseconds: i64) -> Self {
        Self {
            tag: CellTag::Duration,
            bits: microseconds as u64,
        }
    }

    /// Returns the bits as a float; meant for cells of [`CellTag::Float`].
    pub fn as_float(self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// Returns the bits as a whole number; meant for cells of numbers, dates and times.
    pub fn as_integer(self) -> i64 {
        self.bits as i64
    }

    /// Returns the bits as a reference; meant for cells of [`CellTag::Text`] and [`CellTag::BigInteger`].
    pub fn as_text(self) -> TextReference {
        TextReference::from_bits(self.bits)
    }
}
