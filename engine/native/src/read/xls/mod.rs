//! Reads the old binary workbooks, `.xls`, with the semantics of xlrd.
//!
//! It reads Excel 97 to 2003 (BIFF8) and Excel 5 and 95 (BIFF5, BIFF7), and refuses older files with a message. Whole numbers
//! are integers, dates are recognised by their number format and are always date-times, errors are their text.
//!
//! [`workbook`] reads everything but the cells, [`sheet`] the cells, both with `records`.

mod date_format;
pub(in crate::read) mod records;
pub mod sheet;
pub mod workbook;

pub use workbook::LegacyWorkbook;
