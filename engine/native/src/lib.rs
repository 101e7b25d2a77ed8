//! The engine's native half: everything that touches each cell.
//!
//! # Map
//! - [`read`]: from input files of every format to sheets, in the background
//! - [`cells`]: where the cells of a sheet live, and what single values mean (serial dates, text forms)
//! - [`columns`]: from cells to polars columns, and from polars frames back
//! - [`mod@write`]: from polars frames to an `.xlsx` file
//! - `python`: the module `ade_engine._native`, behind the feature `python`; nothing else knows Python
//! - [`error`]: why a file could not be read; [`progress`]: watching and stopping a scan
//!
//! docs/architecture.md draws which of these may use which.
//!
//! # Promises
//! No input makes it panic, hang, or take memory out of proportion to the bytes that it really has. Values are those
//! of the engine contract: openpyxl's for workbooks, xlrd's for old ones, the `csv` module's for text.

pub mod cells;
pub mod columns;
pub mod error;
pub mod progress;
#[cfg(feature = "python")]
mod python;
pub mod read;
pub mod write;

pub use error::{Result, SourceError};
