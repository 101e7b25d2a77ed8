//! The native half of the engine: all work on single cells.
//!
//! # Map
//! - [`account`]: what the engine reports about a run
//! - [`read`]: from input files of every format to sheets, in the background
//! - [`cells`]: the storage of a sheet's cells, and the conversion of single values (serial dates, text forms)
//! - [`columns`]: from cells to polars columns, and from polars frames back
//! - [`fields`]: values as people type them: from a column of cells to dates, numbers and other types
//! - [`layout`]: which rows of a sheet are titles, headers, data, totals and notes
//! - [`settings`]: the settings of the engine
//! - [`shape`]: the steps that turn a table into one record per row
//! - [`sheet`]: from the cells of a sheet to the rows of its tables
//! - [`mod@write`]: from polars frames to an `.xlsx` file
//! - [`error`]: the reasons why a file cannot be read; [`progress`]: watching and stopping a scan
//!
//! docs/contributing/architecture.md shows which of these may use which. Python calls this crate through the crate
//! `ade-engine-module`.
//!
//! # Promises
//! No input makes it panic, hang, or use memory out of proportion to the input's size. Values are those that openpyxl returns
//! for `.xlsx` workbooks, xlrd for old workbooks, and the `csv` module for text.

pub mod account;
pub mod cells;
pub mod columns;
pub mod error;
pub mod fields;
pub mod layout;
pub mod progress;
pub mod read;
pub mod settings;
pub mod shape;
pub mod sheet;
pub mod words;
pub mod write;

pub use error::{Result, SourceError};
