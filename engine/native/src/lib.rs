//! The engine's native half: all work on single cells.
//!
//! # Map
//! - [`account`]: what is told of a run
//! - [`read`]: from input files of every format to sheets, in the background
//! - [`cells`]: the storage of a sheet's cells, and the conversion of single values (serial dates, text forms)
//! - [`columns`]: from cells to polars columns, and from polars frames back
//! - [`fields`]: values as people type them: a column of cells to dates, numbers and other types
//! - [`layout`]: which rows of a sheet are titles, headers, data, totals and notes
//! - [`settings`]: the settings of the engine
//! - [`shape`]: what would make a table one record a row
//! - [`sheet`]: from the cells of a sheet to the rows of its tables
//! - [`mod@write`]: from polars frames to an `.xlsx` file
//! - [`error`]: why a file could not be read; [`progress`]: watching and stopping a scan
//!
//! docs/contributing/architecture.md draws which of these may use which. Python knows all of it by the crate `ade-engine-module`.
//!
//! # Promises
//! No input makes it panic, hang, or take memory out of proportion to the input's size. Values are those that openpyxl
//! returns for workbooks, xlrd for old ones, and the `csv` module for text.

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
