//! The types of cells, and what openpyxl knows about a cell beside its value.

use crate::cells::{Cell, Tag};

/// A cell's type: its `t` attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    Number,
    SharedString,
    InlineString,
    Boolean,
    IsoDate,
    Error,
    FormulaText,
    /// Any other type: the value unchanged.
    Literal,
}

impl CellType {
    /// The type that the attribute names.
    #[inline]
    pub fn of(attribute: &[u8]) -> Self {
        match attribute {
            b"n" => Self::Number,
            b"s" => Self::SharedString,
            b"inlineStr" => Self::InlineString,
            b"b" => Self::Boolean,
            b"d" => Self::IsoDate,
            b"e" => Self::Error,
            b"str" => Self::FormulaText,
            _ => Self::Literal,
        }
    }
}

/// What openpyxl knows about a cell beside its value, as one number: eight times its style plus its data type's place in
/// `n s b d e str inlineStr`. The last two are those of cells without a value.
pub fn detail(style: usize, kind: CellType, cell: Cell) -> Cell {
    let has_value = cell.tag != Tag::Empty;
    let data_type = match kind {
        CellType::Number => match cell.tag {
            Tag::DateTime | Tag::Date | Tag::Time | Tag::Duration => 3,
            // A number that is beyond what dates can be; any other text was not a number.
            Tag::Text if style != 0 => 4,
            Tag::Text => 1,
            _ => 0,
        },
        CellType::SharedString => 1,
        CellType::InlineString => [6, 1][usize::from(has_value)],
        CellType::Boolean => 2,
        CellType::IsoDate => 3,
        CellType::Error => 4,
        CellType::FormulaText => [5, 1][usize::from(has_value)],
        CellType::Literal => 1,
    };
    Cell::integer((style.min(1 << 24) * 8 + data_type) as i64)
}

/// Stands in the first column of a row that the file has, but without a cell.
pub const ROW_WITHOUT_CELLS: Cell = Cell {
    tag: Tag::Integer,
    bits: -2i64 as u64,
};
