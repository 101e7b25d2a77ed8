//! Views of the columns of a frame, read in place.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::arrow::ArrowArray;
use super::types::{Type, Unit};
use crate::cells::{CellTag, Sheet, SheetCell};

/// A column of a batch, read in place.
pub struct ColumnView<'a> {
    validity: Option<&'a [u8]>,
    offset: usize,
    values: ValueBuffer<'a>,
}

enum ValueBuffer<'a> {
    Null,
    Boolean(&'a [u8]),
    Signed8(&'a [i8]),
    Signed16(&'a [i16]),
    Signed32(&'a [i32]),
    Signed64(&'a [i64]),
    Unsigned8(&'a [u8]),
    Unsigned16(&'a [u16]),
    Unsigned32(&'a [u32]),
    Unsigned64(&'a [u64]),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    Text {
        offsets: &'a [i32],
        bytes: *const u8,
    },
    LargeText {
        offsets: &'a [i64],
        bytes: *const u8,
    },
    TextView {
        views: &'a [[u32; 4]],
        buffers: &'a [*const u8],
    },
    Date(&'a [i32]),
    Timestamp(&'a [i64], Unit),
    Time32(&'a [i32], Unit),
    Time64(&'a [i64], Unit),
    Duration(&'a [i64], Unit),
    /// The cells that the rows were made of, the number of the batch's first row among them, and the column with all other
    /// values.
    Typed(&'a TypedCells, usize, Box<ColumnView<'a>>),
}

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ColumnValue<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(&'a str),
    /// The days since 1970.
    Date(i64),
    /// The microseconds since 1970.
    DateTime(i64),
    /// The microseconds since midnight.
    Time(i64),
    /// An elapsed time in microseconds.
    Duration(i64),
}

impl ColumnValue<'_> {
    /// Returns whether there is no value.
    #[inline]
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the value as a float; none if it is no number.
    #[inline]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(number as f64),
            Self::Unsigned(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }

    /// Returns a whole number from 0 up; none for any other value.
    #[inline]
    pub fn whole(self) -> Option<usize> {
        match self {
            Self::Unsigned(number) => usize::try_from(number).ok(),
            Self::Integer(number) => usize::try_from(number).ok(),
            _ => None,
        }
    }
}

/// The number of lower bits in a cell's number that hold its row.
pub const ROW_BITS: u32 = 32;

/// The cells that the rows of a column were made of. Values are written with the types of their cells in the sheet; in the
/// column that polars makes of cells of several types, some values have lost theirs.
pub struct TypedCells {
    /// Columns of sheets, each counted from 0; all columns of a frame share them.
    pub origins: Arc<[(Arc<Sheet>, usize)]>,
    /// The position among the origins and, in the lower bits, the row from 1; 0 if a row has no cell.
    pub cells: Vec<u64>,
}

impl TypedCells {
    /// Returns the value of the cell of a row; none if the cell is text, so that the column's own value is written.
    pub fn value(&self, row: usize) -> Option<ColumnValue<'static>> {
        let number = self.cells[row];
        let row = usize::try_from(number & ((1 << ROW_BITS) - 1)).ok()?;
        let (sheet, column) = self.origins.get((number >> ROW_BITS) as usize)?;
        value_of(sheet.cell(row.checked_sub(1)?, *column))
    }
}

/// Returns the value of a cell that is neither empty nor text.
pub fn value_of(cell: SheetCell) -> Option<ColumnValue<'static>> {
    Some(match cell.tag {
        CellTag::Integer => ColumnValue::Integer(cell.as_integer()),
        CellTag::Float => ColumnValue::Float(cell.as_float()),
        CellTag::Boolean => ColumnValue::Boolean(cell.bits != 0),
        CellTag::DateTime => ColumnValue::DateTime(cell.as_integer()),
        CellTag::Date => ColumnValue::Date(cell.as_integer()),
        CellTag::Time => ColumnValue::Time(cell.as_integer()),
        CellTag::Duration => ColumnValue::Duration(cell.as_integer()),
        CellTag::Empty | CellTag::EmptyText | CellTag::Text | CellTag::BigInteger => return None,
    })
}

impl<'a> ColumnView<'a> {
    /// Returns a view of `rows` rows of an array, from `parent_offset` on.
    ///
    /// # Safety
    /// `array` must be laid out as `kind` requires and stay alive for `'a`.
    pub(super) unsafe fn from_array(
        array: &'a ArrowArray,
        kind: Type,
        parent_offset: usize,
        rows: usize,
    ) -> Self {
        let offset = array.offset.max(0) as usize + parent_offset;
        let end = offset + rows;
        // SAFETY: the format determines how many buffers there are.
        let buffer = |index: usize| unsafe { *array.buffers.add(index) };
        // SAFETY: a buffer of this type holds `end` values, or is null if there are none.
        unsafe fn slice<'a, T>(pointer: *const c_void, count: usize) -> &'a [T] {
            if pointer.is_null() || count == 0 {
                &[]
            } else {
                unsafe { std::slice::from_raw_parts(pointer.cast(), count) }
            }
        }
        let bitmap = |index: usize| -> &'a [u8] {
            // SAFETY: a bitmap has a bit for each value.
            unsafe { slice(buffer(index), end.div_ceil(8)) }
        };
        macro_rules! values {
            () => {
                // SAFETY: see `slice`.
                unsafe { slice(buffer(1), end) }
            };
        }
        let values = match kind {
            Type::Null => ValueBuffer::Null,
            Type::Boolean => ValueBuffer::Boolean(bitmap(1)),
            Type::Signed(1) => ValueBuffer::Signed8(values!()),
            Type::Signed(2) => ValueBuffer::Signed16(values!()),
            Type::Signed(4) => ValueBuffer::Signed32(values!()),
            Type::Signed(_) => ValueBuffer::Signed64(values!()),
            Type::Unsigned(1) => ValueBuffer::Unsigned8(values!()),
            Type::Unsigned(2) => ValueBuffer::Unsigned16(values!()),
            Type::Unsigned(4) => ValueBuffer::Unsigned32(values!()),
            Type::Unsigned(_) => ValueBuffer::Unsigned64(values!()),
            Type::Float32 => ValueBuffer::Float32(values!()),
            Type::Float64 => ValueBuffer::Float64(values!()),
            Type::Text => {
                // SAFETY: there is one more offset than values.
                ValueBuffer::Text {
                    offsets: unsafe { slice(buffer(1), end + 1) },
                    bytes: buffer(2).cast(),
                }
            }
            Type::LargeText => {
                // SAFETY: there is one more offset than values.
                ValueBuffer::LargeText {
                    offsets: unsafe { slice(buffer(1), end + 1) },
                    bytes: buffer(2).cast(),
                }
            }
            Type::TextView => {
                let count = (array.buffer_count - 3).max(0) as usize;
                ValueBuffer::TextView {
                    views: values!(),
                    // SAFETY: behind the views come that many data buffers, and then their lengths.
                    buffers: unsafe { slice(array.buffers.add(2).cast(), count) },
                }
            }
            Type::Date => ValueBuffer::Date(values!()),
            Type::Timestamp(unit) => ValueBuffer::Timestamp(values!(), unit),
            Type::Time32(unit) => ValueBuffer::Time32(values!(), unit),
            Type::Time64(unit) => ValueBuffer::Time64(values!(), unit),
            Type::Duration(unit) => ValueBuffer::Duration(values!(), unit),
        };
        let has_validity = kind != Type::Null && array.null_count != 0 && !buffer_is_null(array);
        Self {
            validity: has_validity.then(|| bitmap(0)),
            offset,
            values,
        }
    }

    /// Returns the same rows, with the values of the cells that they were made of; `first_row` is the number of the first row
    /// among these cells.
    pub(super) fn typed(self, cells: &'a TypedCells, first_row: usize) -> Self {
        Self {
            validity: None,
            offset: 0,
            values: ValueBuffer::Typed(cells, first_row, Box::new(self)),
        }
    }

    /// Returns whether its values may have several types.
    pub fn is_typed(&self) -> bool {
        matches!(self.values, ValueBuffer::Typed(..))
    }

    /// Returns whether some of its values may be text.
    pub fn is_text(&self) -> bool {
        match &self.values {
            ValueBuffer::Typed(.., column) => column.is_text(),
            ValueBuffer::Text { .. }
            | ValueBuffer::LargeText { .. }
            | ValueBuffer::TextView { .. } => true,
            _ => false,
        }
    }

    /// Returns whether a row has no value in the column itself.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        match self.validity {
            Some(bits) => !bit(bits, self.offset + row),
            None => matches!(self.values, ValueBuffer::Null),
        }
    }

    /// Returns the value of a row.
    #[inline]
    pub fn value(&self, row: usize) -> ColumnValue<'a> {
        let at = self.offset + row;
        if let Some(bits) = self.validity
            && !bit(bits, at)
        {
            return ColumnValue::Null;
        }
        match self.values {
            ValueBuffer::Null => ColumnValue::Null,
            ValueBuffer::Boolean(bits) => ColumnValue::Boolean(bit(bits, at)),
            ValueBuffer::Signed8(values) => ColumnValue::Integer(values[at].into()),
            ValueBuffer::Signed16(values) => ColumnValue::Integer(values[at].into()),
            ValueBuffer::Signed32(values) => ColumnValue::Integer(values[at].into()),
            ValueBuffer::Signed64(values) => ColumnValue::Integer(values[at]),
            ValueBuffer::Unsigned8(values) => ColumnValue::Integer(values[at].into()),
            ValueBuffer::Unsigned16(values) => ColumnValue::Integer(values[at].into()),
            ValueBuffer::Unsigned32(values) => ColumnValue::Integer(values[at].into()),
            ValueBuffer::Unsigned64(values) => ColumnValue::Unsigned(values[at]),
            ValueBuffer::Float32(values) => ColumnValue::Float(values[at].into()),
            ValueBuffer::Float64(values) => ColumnValue::Float(values[at]),
            ValueBuffer::Text { offsets, bytes } => {
                let (start, end) = (offsets[at] as usize, offsets[at + 1] as usize);
                ColumnValue::Text(text_at(bytes, start, end - start))
            }
            ValueBuffer::LargeText { offsets, bytes } => {
                let (start, end) = (offsets[at] as usize, offsets[at + 1] as usize);
                ColumnValue::Text(text_at(bytes, start, end - start))
            }
            ValueBuffer::TextView { views, buffers } => {
                let view = &views[at];
                let length = view[0] as usize;
                if length <= 12 {
                    ColumnValue::Text(text_at(ptr::from_ref(view).cast::<u8>(), 4, length))
                } else {
                    ColumnValue::Text(text_at(buffers[view[2] as usize], view[3] as usize, length))
                }
            }
            ValueBuffer::Date(values) => ColumnValue::Date(values[at].into()),
            ValueBuffer::Timestamp(values, unit) => {
                ColumnValue::DateTime(unit.to_microseconds(values[at]))
            }
            ValueBuffer::Time32(values, unit) => {
                ColumnValue::Time(unit.to_microseconds(values[at].into()))
            }
            ValueBuffer::Time64(values, unit) => {
                ColumnValue::Time(unit.to_microseconds(values[at]))
            }
            ValueBuffer::Duration(values, unit) => {
                ColumnValue::Duration(unit.to_microseconds(values[at]))
            }
            ValueBuffer::Typed(cells, first_row, ref column) => cells
                .value(first_row + row)
                .unwrap_or_else(|| column.value(row)),
        }
    }
}

// SAFETY: nothing writes into the memory that a view reads, which outlives it.
unsafe impl Sync for ColumnView<'_> {}

/// A column in one or several chunks, read in place.
pub struct SeriesView<'a> {
    /// The chunks, each with its first row.
    chunks: Vec<(usize, ColumnView<'a>)>,
    rows: usize,
}

impl<'a> SeriesView<'a> {
    /// Returns a view of chunks, each with its number of rows.
    pub fn new(chunks: impl Iterator<Item = (ColumnView<'a>, usize)>) -> Self {
        let mut rows = 0;
        let chunks = chunks.map(|(chunk, count)| {
            rows += count;
            (rows - count, chunk)
        });
        Self {
            chunks: chunks.collect(),
            rows,
        }
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the value of a row; null behind the last row.
    #[inline]
    pub fn value(&self, row: usize) -> ColumnValue<'a> {
        if row >= self.rows {
            return ColumnValue::Null;
        }
        let (first, chunk) = match self.chunks.as_slice() {
            [only] => only,
            chunks => &chunks[chunks.partition_point(|(first, _)| *first <= row) - 1],
        };
        chunk.value(row - first)
    }

    /// Returns the values, in order.
    pub fn values(&self) -> impl Iterator<Item = ColumnValue<'a>> + '_ {
        (0..self.rows).map(|row| self.value(row))
    }
}

fn buffer_is_null(array: &ArrowArray) -> bool {
    // SAFETY: every type but null has a validity buffer first, which may be a null pointer.
    array.buffer_count == 0 || unsafe { (*array.buffers).is_null() }
}

#[inline]
fn bit(bits: &[u8], at: usize) -> bool {
    bits[at / 8] & (1 << (at % 8)) != 0
}

#[inline]
fn text_at<'a>(bytes: *const u8, start: usize, length: usize) -> &'a str {
    if length == 0 {
        return "";
    }
    // SAFETY: Arrow text is UTF-8 and its offsets lie within its buffer; both are the exporter's promise.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(bytes.add(start), length)) }
}
