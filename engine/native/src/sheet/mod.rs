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
//! Each pass takes the kinds of all rows ([`RowKind`](crate::layout::RowKind)) and changes them by one rule.

pub mod columns;
pub mod headers;
pub mod lines;
pub mod on_its_side;
pub mod records;
pub mod rows;
pub mod span;
