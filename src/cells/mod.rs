//! Windows of cells of a run's input and output. The engine's native half reads them as a plain Rust library, without Python
//! and without an environment.
//!
//! [`CellReader`] opens a file, scans only the requested sheet, as the engine scans it, and caches the result for the next window,
//! up to a number of bytes. If a file has changed, it is read again. If two callers request the same sheet at the same time,
//! it is read once.
//!
//! - `reader`: [`CellReader`] and its cache; `permits`: the limit on simultaneous reads
//! - `file`: the file, and the settings for reading it
//! - `window`: cells as JSON values; `find`: the cells that contain a text
//! - `rows`: [`RunRows`], the origin of each output row and the outcome of each input row, as the run recorded them
//! - `row_map`: the same for the rows of a window
//! - `whole`: a whole sheet
//!
//! # Promises
//! A file never makes this module panic, hang or take unbounded memory: a sheet that takes more than
//! [`WindowLimits::sheet_bytes`] is refused, and at most [`WindowLimits::reads`] files are read at once. Messages contain the
//! name of a file, never its folder.

mod error;
mod file;
mod find;
mod permits;
mod reader;
mod row_map;
mod rows;
#[cfg(test)]
mod tests;
mod whole;
mod window;

pub use ade_engine_native::account::rows::{Reason, UnwrittenRows};
pub use error::CellsError;
pub use file::ReadSettings;
pub use find::CellMatches;
pub use reader::{CellReader, SheetInfo, SheetSelector, WindowLimits};
pub use row_map::RowMap;
pub use rows::{OwnCell, QuarantinedRow, RowOrigin, RowOutcome, RunRows, Segment, WrittenRow};
pub use whole::{ShownCell, WholeSheet};
pub use window::{MAX_WINDOW_COLUMNS, MAX_WINDOW_ROWS, Window};
