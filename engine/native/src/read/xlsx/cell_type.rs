//! The types of cells, and the details of a cell that openpyxl has besides its value.

use crate::cells::{CellTag, SheetCell};

/// The type of a cell: its `t` attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    Number,
    SharedString,
    InlineString,
    Boolean,
    IsoDate,
    Error,
    FormulaText,
    /// Any other type: the value stays unchanged.
    Literal,
}

impl CellType {
    /// Returns the type for the value of the attribute.
    #[inline]
    pub fn parse(attribute: &[u8]) -> Self {
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

/// Returns the details of a cell that openpyxl has besides its value, as one number: eight times its style plus the index of
/// its data type in `n s b d e str inlineStr`. The last two are only for cells without a value.
pub fn detail(style: usize, kind: CellType, cell: SheetCell) -> SheetCell {
    let has_value = cell.tag != CellTag::Empty;
    let data_type = match kind {
        CellType::Number => match cell.tag {
            CellTag::DateTime | CellTag::Date | CellTag::Time | CellTag::Duration => 3,
            // A number outside the range of dates; any other text was no number.
            CellTag::Text if style != 0 => 4,
            CellTag::Text => 1,
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
    SheetCell::integer((style.min(1 << 24) * 8 + data_type) as i64)
}

/// The first cell of a row that is in the file, but has no cells.
pub const ROW_WITHOUT_CELLS: SheetCell = SheetCell {
    tag: CellTag::Integer,
    bits: -2i64 as u64,
};
