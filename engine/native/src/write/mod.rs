//! Writing `.xlsx` files at native speed, in constant memory.
//!
//! The values are those that openpyxl would write for the same frame: formulas for text that starts with `=`, error
//! cells for error codes, text cut at 32,767 characters, number formats for dates and times.
//!
//! - [`workbook`]: a whole workbook; its XML is packed in blocks by several threads ([`package`]), so that a large table
//!   costs little more than formatting it
//! - [`styled`]: a table as people expect to see it, whose columns [`measure`] measures; [`styles`]: the looks of a workbook
//! - [`issues`]: those of a table; [`issue_list`]: those of a run, as lines of JSON, as a sheet, and as what is told of them
//! - [`list_sheet`]: a sheet that lists what is told of a workbook, line by line
//! - [`rows`]: rows alone, for a sheet that openpyxl writes around them
//! - [`cells`]: one cell of either; [`text`] and [`shared_texts`] what stands in it. Dates are
//!   [serial numbers](crate::cells::serial_date)

pub mod cells;
pub mod issue_list;
pub mod issues;
pub mod list_sheet;
pub mod measure;
pub mod package;
pub mod rows;
pub mod shared_texts;
pub mod styled;
pub mod styles;
pub mod text;
pub mod workbook;
