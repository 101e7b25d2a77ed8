//! Writes `.xlsx` files at native speed, in constant memory.
//!
//! The values are those that openpyxl would write for the same frame: formulas for text that starts with `=`, error cells for
//! error codes, text cut at 32,767 characters, number formats for dates and times.
//!
//! - [`workbook`]: a whole workbook; several threads pack its XML in blocks ([`package`]), so that a large table costs little
//!   more than formatting it
//! - [`styled`]: a table laid out for people; [`measure`] measures its columns; [`styles`]: the looks of a workbook
//! - [`issues`]: the issues of a table; [`issue_list`]: the issues of a run, as lines of JSON, as a sheet, and as summarised in
//!   events
//! - [`list_sheet`]: a sheet that lists the issues of a workbook, line by line
//! - [`rows`]: only rows, for a sheet that openpyxl writes around them
//! - [`cells`]: a single cell; [`text`] and [`shared_texts`]: the text in it. Dates are [serial
//!   numbers](crate::cells::serial_date)

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
