//! Reading workbooks of the Office Open XML kind: `.xlsx`, `.xlsm`, `.xltx`, `.xltm`.
//!
//! Values, sheets and their order are what openpyxl returns in its read-only mode with cached formula values. Where
//! openpyxl would lose data, or fail because of a small fault, this reader reads more, on purpose:
//! - cells outside the declared dimension are read, and rows that come out of order are put where they say;
//! - strict OOXML, other encodings than UTF-8 and stylesheets at unusual places are understood;
//! - values that do not fit their cell's type (`<v>n/a</v>` in a numeric cell) are kept as text.
//!
//! [`workbook`] reads the structure, out of the parts that `package` knows; [`sheet`] reads the cells of one sheet.

pub mod cell_type;
pub mod iso_date;
pub mod number;
pub mod number_format;
pub(in crate::read) mod package;
pub mod sheet;
pub mod strings;
pub mod styles;
pub mod usual_cell;
pub mod workbook;

pub use workbook::Workbook;
