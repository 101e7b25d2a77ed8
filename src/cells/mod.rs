//! Windows of cells of a run's input and output, read by the engine's native half as a plain Rust library: no Python, no
//! environment.
//!
//! [`Cells`] opens a file, scans the one sheet that is asked for as the engine scans it, and keeps what it has read for the
//! next window, within a bound of bytes. A file that has changed is read anew. The same sheet asked for twice at once is
//! read once.
//!
//! - `reader`: [`Cells`], and what is kept for how long; `permits`: how many read at once
//! - `file`: which file it is, and the settings that it is read with
//! - `window`: cells as JSON values; `find`: those that hold a text
//! - `rows`: [`Rows`], where the rows of an output came from and what became of those of its input, as the run tells
//! - `row_map`: the same for the rows of a window
//! - `whole`: a sheet as a whole
//!
//! # Promises
//! A file never makes it panic, hang or take memory without a bound: a sheet that takes more than [`WindowLimits::sheet_bytes`] is
//! refused, and no more than [`WindowLimits::reads`] files are read at once. No message holds the path of a file beyond its name.

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

pub use ade_engine_native::account::rows::{NotWritten, Reason};
pub use error::CellsError;
pub use file::Reading;
pub use find::Found;
pub use reader::{Cells, Choice, SheetInfo, WindowLimits};
pub use row_map::RowMap;
pub use rows::{Fate, Origin, OwnCell, Quarantined, Rows, Segment, Written};
pub use whole::{ShownCell, WholeSheet};
pub use window::{MOST_COLUMNS, MOST_ROWS, Window};
