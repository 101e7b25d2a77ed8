//! The engine's native half: everything that touches each cell.
//!
//! # Map
//! - [`book`]: one input file of any format; what the rest starts from
//!   - [`xlsx`] over [`archive`] (zip) and [`xml`], [`xls`], [`csv`]; [`dates`] knows serial numbers
//!   - [`source`]: opens and scans in the background, so that reading overlaps the start of Python and polars
//! - [`store`]: where the cells of a sheet live
//! - [`series`]: from cells to polars columns, handed over through [`arrow`]; [`text_form`] prints values as text
//! - [`writer`]: from polars frames to an `.xlsx` file
//! - `python`: the module `ade_engine._native`, behind the feature `python`; nothing else knows Python
//!
//! # Promises
//! No input makes it panic, hang, or take memory out of proportion to the bytes that it really has. Values are those
//! of the engine contract: openpyxl's for workbooks, xlrd's for old ones, the `csv` module's for text.

pub mod archive;
pub mod arrow;
pub mod book;
pub mod csv;
pub mod dates;
pub mod error;
pub mod progress;
#[cfg(feature = "python")]
mod python;
pub mod read_ahead;
pub mod series;
pub mod source;
pub mod store;
pub mod text_form;
pub mod writer;
pub mod xls;
pub mod xlsx;
pub mod xml;

pub use error::{Result, SourceError};
