//! Stores a sheet's cells, and converts single values.
//!
//! - [`sheet`]: the store, in `group`s of rows; [`builder`] fills it, `grouping` sorts rows into columns
//! - [`merged`]: merged ranges, which `filling` fills; [`findings`]: the other facts that a scan finds
//! - [`cell`]: one value; [`text`]: the storage of text; [`column_letters`]
//! - [`serial_date`]: dates as spreadsheets store them, read and written; [`calendar`]: days and dates
//! - [`text_form`]: values other than text as text; [`white_space`]: the characters that count as blank
//! - [`parts`]: many cells in parts, each in a thread

pub mod builder;
pub mod calendar;
pub mod cell;
pub mod column_letters;
mod filling;
pub mod findings;
mod group;
mod grouping;
pub mod merged;
pub mod parts;
pub mod serial_date;
pub mod sheet;
pub mod text;
pub mod text_form;
pub mod white_space;
pub mod zeros;

pub use builder::{MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, ScanLimits, ScanStep, SheetBuilder};
pub use calendar::DAY_MICROSECONDS;
pub use cell::{CellTag, SheetCell};
pub use column_letters::{column_name, column_of};
pub use findings::{FormulasWithoutValue, MergedFillCounts, RowRuns, ScanFindings};
pub use merged::MergedRange;
pub use serial_date::Epoch;
pub use sheet::{ColumnKinds, DeclaredExtent, ScanFacts, Sheet};
pub use text::{TextArena, TextReference};
pub use zeros::{ZeroCells, ZeroFormat};
