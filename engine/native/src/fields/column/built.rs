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
