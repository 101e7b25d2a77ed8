//! Columns that stay in memory here: slices and copies share the memory. [`ColumnBuilder`] builds columns value by value.

use std::sync::Arc;

use super::arrow::{ArrowArray, ArrowSchema};
use super::export::{Buffer, OwnedColumn, Validity, export_schema};
use super::types::Type;
use super::view::{ColumnValue, ColumnView};

/// A range of the rows of a column in memory.
#[derive(Clone)]
pub struct SharedColumn {
    pub kind: Type,
    array: Arc<ArrowArray>,
    offset: usize,
    pub rows: usize,
}

impl SharedColumn {
    /// Takes all rows of an imported column.
    pub(super) fn new(kind: Type, array: ArrowArray) -> Self {
        let rows = array.length.max(0) as usize;
        let (array, offset) = (Arc::new(array), 0);
        Self {
            kind,
            array,
            offset,
            rows,
        }
    }

    /// Returns a view of the values, in place.
    pub fn view(&self) -> ColumnView<'_> {
        // SAFETY: the array was made or imported as its format asks.
        unsafe { ColumnView::from_array(&self.array, self.kind, self.offset, self.rows) }
    }

    /// Returns all values, in order.
    pub fn values(&self) -> impl Iterator<Item = ColumnValue<'_>> {
        let view = self.view();
        (0..self.rows).map(move |row| view.value(row))
    }

    /// Counts the rows without a value.
    pub fn null_count(&self) -> usize {
        match self.array.null_count {
            0 if self.kind != Type::Null => 0,
            _ => {
                let view = self.view();
                (0..self.rows).filter(|&row| view.is_null(row)).count()
            }
        }
    }

    /// Returns `rows` rows from `first` on, or fewer at the end of the column.
    pub fn slice(&self, first: usize, rows: usize) -> Self {
        let first = first.min(self.rows);
        Self {
            offset: self.offset + first,
            rows: rows.min(self.rows - first),
            ..self.clone()
        }
    }

    /// Returns the rows at some positions, in the order of the positions.
    pub fn take(&self, rows: &[usize]) -> Self {
        let values = match self.kind {
            Type::TextView => Buffer::Views(self.taken(rows)),
            Type::Signed(8)
            | Type::Unsigned(8)
            | Type::Float64
            | Type::Timestamp(_)
            | Type::Time64(_)
            | Type::Duration(_) => Buffer::Words(self.taken(rows)),
            Type::Signed(4) | Type::Unsigned(4) | Type::Date => Buffer::Halves(self.taken(rows)),
            _ => return Self::gather(&[self], rows.iter().map(|&row| (0, row))),
        };
        let (view, mut validity) = (self.view(), Validity::new(rows.len()));
        rows.iter()
            .for_each(|&row| validity.push(!view.is_null(row)));
        let mut buffers = vec![values];
        // The texts that views refer to stay where they are.
        let texts = 2..self.array.buffer_count.max(2) as usize;
        buffers.extend(texts.map(|index| Buffer::Shared(Arc::clone(&self.array), index)));
        validity.column(self.kind.format(), buffers).into()
    }

    /// Returns the words of the layout at some positions. `T` has the width of the type's words.
    fn taken<T: Copy>(&self, rows: &[usize]) -> Vec<T> {
        if rows.is_empty() {
            return Vec::new();
        }
        let start = self.array.offset as usize + self.offset;
        // SAFETY: the second buffer of these types holds a word for each row.
        let words = unsafe {
            let first = (*self.array.buffers.add(1)).cast::<T>().add(start);
            std::slice::from_raw_parts(first, self.rows)
        };
        rows.iter().map(|&row| words[row]).collect()
    }

    /// Returns rows of several columns of one type; a place is the number of a column, and of a row in it.
    pub fn gather(columns: &[&Self], places: impl Iterator<Item = (usize, usize)>) -> Self {
        let views: Vec<ColumnView<'_>> = columns.iter().map(|column| column.view()).collect();
        let kind = columns.first().map_or(Type::Null, |column| column.kind);
        let mut made = ColumnBuilder::new(kind);
        for (column, row) in places {
            made.push(views[column].value(row));
        }
        made.column().into()
    }

    /// Returns the column as C structures, which share its memory.
    pub fn export(&self, name: &str) -> (ArrowSchema, ArrowArray) {
        let array = ArrowArray {
            length: self.rows as i64,
            null_count: self.null_count() as i64,
            offset: self.array.offset + self.offset as i64,
            buffers: self.array.buffers,
            buffer_count: self.array.buffer_count,
            ..ArrowArray::empty()
        };
        let array = array.owning(Box::new(Arc::clone(&self.array)));
        (export_schema(name, self.kind.format()), array)
    }
}

impl From<OwnedColumn> for SharedColumn {
    fn from(column: OwnedColumn) -> Self {
        let kind = Type::from_format(column.format).unwrap_or(Type::Null);
        Self::new(kind, column.export())
    }
}

/// A column that grows value by value.
pub struct ColumnBuilder {
    kind: Type,
    validity: Validity,
    values: ColumnBuffers,
}

enum ColumnBuffers {
    Nothing,
    Bits(Validity),
    Bytes(Vec<u8>),
    Halves(Vec<i32>),
    Words(Vec<u64>),
    Texts(Vec<u64>, Vec<u8>),
}

impl ColumnBuilder {
    /// Returns an empty column of a type that columns made here can have.
    pub fn new(kind: Type) -> Self {
        let (kind, values) = match kind {
            Type::Null => (kind, ColumnBuffers::Nothing),
            Type::Boolean => (kind, ColumnBuffers::Bits(Validity::new(0))),
            Type::Signed(1) | Type::Unsigned(1) => (kind, ColumnBuffers::Bytes(Vec::new())),
            Type::Signed(4) | Type::Unsigned(4) | Type::Date => {
                (kind, ColumnBuffers::Halves(Vec::new()))
            }
            Type::Text | Type::LargeText | Type::TextView => {
                (Type::LargeText, ColumnBuffers::Texts(vec![0], Vec::new()))
            }
            _ => (kind, ColumnBuffers::Words(Vec::new())),
        };
        Self {
            kind,
            validity: Validity::new(0),
            values,
        }
    }

    /// Returns an empty column of text, with room for `rows` short texts.
    pub fn of_texts(rows: usize) -> Self {
        let mut texts = Self::new(Type::LargeText);
        if let ColumnBuffers::Texts(offsets, bytes) = &mut texts.values {
            offsets.reserve(rows);
            bytes.reserve(rows * 8);
        }
        texts
    }

    /// Returns a column of values that are all of one kind.
    pub fn build<T: Copy>(
        kind: Type,
        values: &[Option<T>],
        of: fn(T) -> ColumnValue<'static>,
    ) -> OwnedColumn {
        let mut made = Self::new(kind);
        for value in values {
            made.push(value.map_or(ColumnValue::Null, of));
        }
        made.column()
    }

    /// Adds a value of the column's type, or null.
    #[inline]
    pub fn push(&mut self, value: ColumnValue<'_>) {
        self.validity.push(!value.is_null());
        match &mut self.values {
            ColumnBuffers::Nothing => {}
            ColumnBuffers::Bits(bits) => bits.push(matches!(value, ColumnValue::Boolean(true))),
            ColumnBuffers::Bytes(bytes) => bytes.push(word(value) as u8),
            ColumnBuffers::Halves(halves) => halves.push(word(value) as i32),
            ColumnBuffers::Words(words) => words.push(word(value)),
            ColumnBuffers::Texts(offsets, bytes) => {
                if let ColumnValue::Text(text) = value {
                    bytes.extend_from_slice(text.as_bytes());
                }
                offsets.push(bytes.len() as u64);
            }
        }
    }

    /// Adds a text to a column of texts, or null.
    #[inline]
    pub fn push_text(&mut self, text: Option<&str>) {
        self.push(text.map_or(ColumnValue::Null, ColumnValue::Text));
    }

    /// Adds the rows of another column of texts at the end.
    pub fn append_texts(&mut self, other: &Self) {
        if let (ColumnBuffers::Texts(offsets, bytes), ColumnBuffers::Texts(more, further)) =
            (&mut self.values, &other.values)
        {
            let start = bytes.len() as u64;
            bytes.extend_from_slice(further);
            offsets.extend(more[1..].iter().map(|offset| start + offset));
            self.validity.append(&other.validity);
        }
    }

    /// Returns the column that was built.
    pub fn column(self) -> OwnedColumn {
        let buffers = match self.values {
            ColumnBuffers::Nothing => Vec::new(),
            ColumnBuffers::Bits(bits) => vec![Buffer::Bytes(bits.into_bits())],
            ColumnBuffers::Bytes(bytes) => vec![Buffer::Bytes(bytes)],
            ColumnBuffers::Halves(halves) => vec![Buffer::Halves(halves)],
            ColumnBuffers::Words(words) => vec![Buffer::Words(words)],
            ColumnBuffers::Texts(offsets, bytes) => {
                vec![Buffer::Words(offsets), Buffer::Bytes(bytes)]
            }
        };
        self.validity.column(self.kind.format(), buffers)
    }
}

/// Returns a column of text with values in few rows; none if there is no value at all.
pub fn sparse_texts(rows: usize, mut values: Vec<(usize, String)>) -> Option<OwnedColumn> {
    if values.is_empty() {
        return None;
    }
    values.sort_by_key(|(row, _)| *row);
    let mut texts = ColumnBuilder::of_texts(rows);
    let mut values = values.iter().peekable();
    for row in 0..rows {
        let mut text = None;
        while let Some((_, value)) = values.next_if(|(own, _)| *own == row) {
            text.get_or_insert(value.as_str());
        }
        texts.push_text(text);
    }
    Some(texts.column())
}

/// Returns a value as its layout holds it: times count nanoseconds there.
fn word(value: ColumnValue<'_>) -> u64 {
    match value {
        ColumnValue::Null | ColumnValue::Boolean(_) | ColumnValue::Text(_) => 0,
        ColumnValue::Integer(number)
        | ColumnValue::Date(number)
        | ColumnValue::DateTime(number)
        | ColumnValue::Duration(number) => number as u64,
        ColumnValue::Time(microseconds) => (microseconds * 1000) as u64,
        ColumnValue::Unsigned(number) => number,
        ColumnValue::Float(number) => number.to_bits(),
    }
}
