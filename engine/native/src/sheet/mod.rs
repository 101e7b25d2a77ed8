//! From the cells of a sheet to the rows of its tables.
//!
//! - [`span`]: the place of a table
//! - [`rows`]: the texts of rows, and the kinds of value that cells hold
//! - [`columns`]: tables beside one another, and notes beside tables
//! - [`headers`]: header rows that only the rows around them explain
//! - [`on_its_side`]: tables whose records are columns
//! - [`records`]: records that were taken for a header
//! - [`lines`]: rows of texts alone between the records of a table
//!
//! Each pass takes the kinds of all rows and changes them by one rule. [`RowKind`] has the numbers that the pipeline knows.

pub mod columns;
pub mod headers;
pub mod lines;
pub mod on_its_side;
pub mod records;
pub mod rows;
pub mod span;

/// The kind that a row counts as when tables are sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RowKind {
    Other = 0,
    Header = 1,
    Data = 2,
    Total = 3,
    Group = 4,
    Note = 5,
    Title = 6,
    Balance = 7,
    /// A further line of the record above.
    Line = 8,
    /// A text between records that may be a section head, a note or a line.
    LoneText = 9,
}
