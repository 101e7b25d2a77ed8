//! Whole columns: from cells to polars and, for writing, back from polars.
//!
//! - [`series`]: the type that a range of cells gets as a column, and its values; [`export`] hands them over
//! - [`column`]: a column that stays here until an operation needs polars
//! - [`frame`]: the rows of a polars frame, each column a [`view`] of the memory that polars holds, of one of [`types`]
//! - [`arrow`]: the C structures that both directions use

pub mod arrow;
pub mod column;
pub mod export;
pub mod frame;
pub mod series;
pub mod types;
pub mod view;
