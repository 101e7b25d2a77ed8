//! Columns that the readers build, in the layouts of Arrow.

use crate::columns::export::{Buffer, Column, Validity};

/// A column of text that grows row by row.
pub struct Texts {
    validity: Validity,
    offsets: Vec<u64>,
    bytes: Vec<u8>,
}

impl Texts {
    pub fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self {
            validity: Validity::new(0),
            offsets,
            bytes: Vec::with_capacity(rows * 8),
        }
    }

    #[inline]
    pub fn push(&mut self, text: Option<&str>) {
        self.validity.push(text.is_some());
        if let Some(text) = text {
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self.offsets.push(self.bytes.len() as u64);
    }

    /// Adds the rows of another column behind the own ones.
    pub fn append(&mut self, other: &Self) {
        let start = self.bytes.len() as u64;
        self.bytes.extend_from_slice(&other.bytes);
        self.offsets
            .extend(other.offsets[1..].iter().map(|offset| start + offset));
        self.validity.append(&other.validity);
    }

    /// Large text: offsets of 64 bits.
    pub fn column(self) -> Column {
        self.validity.column(
            "U",
            vec![Buffer::Words(self.offsets), Buffer::Bytes(self.bytes)],
        )
    }
}

/// A column of text that has values in few rows; none where it has no value at all.
pub fn sparse_texts(rows: usize, mut values: Vec<(usize, String)>) -> Option<Column> {
    if values.is_empty() {
        return None;
    }
    values.sort_by_key(|(row, _)| *row);
    let mut texts = Texts::new(rows);
    let mut values = values.iter().peekable();
    for row in 0..rows {
        let mut text = None;
        while let Some((_, value)) = values.next_if(|(own, _)| *own == row) {
            text.get_or_insert(value.as_str());
        }
        texts.push(text);
    }
    Some(texts.column())
}

/// A column of 64-bit values in a layout that has one such word a row.
fn words(format: &'static str, values: &[Option<u64>]) -> Column {
    let mut validity = Validity::new(0);
    for value in values {
        validity.push(value.is_some());
    }
    let words = values.iter().map(|value| value.unwrap_or(0)).collect();
    validity.column(format, vec![Buffer::Words(words)])
}

pub fn floats(values: &[Option<f64>]) -> Column {
    let mut validity = Validity::new(0);
    let mut bits = Vec::with_capacity(values.len());
    for value in values {
        validity.push(value.is_some());
        bits.push(value.unwrap_or(0.0).to_bits());
    }
    validity.column("g", vec![Buffer::Words(bits)])
}

/// Days since 1970.
pub fn dates(values: &[Option<i64>]) -> Column {
    let mut validity = Validity::new(0);
    let mut days = Vec::with_capacity(values.len());
    for value in values {
        validity.push(value.is_some());
        days.push(value.unwrap_or(0) as i32);
    }
    validity.column("tdD", vec![Buffer::Halves(days)])
}

/// Microseconds since 1970.
pub fn date_times(values: &[Option<i64>]) -> Column {
    words(
        "tsu:",
        &values
            .iter()
            .map(|value| value.map(|value| value as u64))
            .collect::<Vec<_>>(),
    )
}

/// Microseconds since midnight.
pub fn times(values: &[Option<i64>]) -> Column {
    words(
        "ttn",
        &values
            .iter()
            .map(|value| value.map(|value| (value * 1000) as u64))
            .collect::<Vec<_>>(),
    )
}

/// Microseconds.
pub fn durations(values: &[Option<i64>]) -> Column {
    words(
        "tDu",
        &values
            .iter()
            .map(|value| value.map(|value| value as u64))
            .collect::<Vec<_>>(),
    )
}

pub fn booleans(values: &[Option<bool>]) -> Column {
    let (mut validity, mut bits) = (Validity::new(0), Validity::new(0));
    for value in values {
        validity.push(value.is_some());
        bits.push(*value == Some(true));
    }
    validity.column("b", vec![Buffer::Bytes(bits.into_bits())])
}
