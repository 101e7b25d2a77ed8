//! Columns that are written as their cells stood in a sheet, each with its own type: in the column that polars made of
//! cells of several types, some have lost theirs.

use std::sync::Arc;

use super::view::Value;
use crate::cells::{Cell, Sheet, Tag};

/// The number of a cell among those of several columns of sheets: the column's place in a list, and the row from 1.
pub type CellNumber = u64;

/// The bits of a [`CellNumber`] that are the row.
pub const ROW_BITS: u32 = 32;

/// For each row of a column the cell that it was made of.
pub struct TypedCells {
    /// Columns of sheets, each counted from 0.
    pub origins: Vec<(Arc<Sheet>, usize)>,
    /// 0 where a row has no cell.
    pub cells: Vec<CellNumber>,
}

impl TypedCells {
    /// What stands in the cell of a row, unless that is text: the column's own value is the text that is written.
    pub fn value(&self, row: usize) -> Option<Value<'static>> {
        let number = self.cells[row];
        let row = usize::try_from(number & ((1 << ROW_BITS) - 1)).ok()?;
        let (sheet, column) = self.origins.get((number >> ROW_BITS) as usize)?;
        value_of(sheet.cell(row.checked_sub(1)?, *column))
    }
}

/// The value of a cell that is no text.
pub fn value_of(cell: Cell) -> Option<Value<'static>> {
    Some(match cell.tag {
        Tag::Integer => Value::Integer(cell.as_integer()),
        Tag::Float => Value::Float(cell.as_float()),
        Tag::Boolean => Value::Boolean(cell.bits != 0),
        Tag::DateTime => Value::DateTime(cell.as_integer()),
        Tag::Date => Value::Date(cell.as_integer()),
        Tag::Time => Value::Time(cell.as_integer()),
        Tag::Duration => Value::Duration(cell.as_integer()),
        Tag::Empty | Tag::EmptyText | Tag::Text | Tag::BigInteger => return None,
    })
}
