//! Reads workbooks in Office Open XML: `.xlsx`, `.xlsm`, `.xltx`, `.xltm`.
//!
//! Values, sheets and their order are those of openpyxl in its read-only mode with cached formula values. Where openpyxl would
//! lose data, or fail because of a small fault, this reader deliberately reads more:
//! - it reads cells outside the declared dimension, and puts rows that are out of order where their numbers say;
//! - it understands strict OOXML, other encodings than UTF-8, and stylesheets in unusual positions;
//! - it keeps values that do not fit their cell's type (`<v>n/a</v>` in a numeric cell) as text.
//!
//! [`workbook`] reads the structure from the parts that `package` finds; [`sheet`] reads the cells of one sheet.

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
