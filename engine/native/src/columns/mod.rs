//! Whole columns: from cells to polars and, for writing, from polars back.
//!
//! - [`series`]: the type that a stretch of cells gets, and its values; [`export`] hands them over
//! - [`column`]: a column that stays here until somebody asks polars for what only that can do
//! - [`frame`]: the rows of a polars frame, each column a [`view`] of the memory that polars holds, of one of [`types`]
//! - [`arrow`]: the C structures that both go through

pub mod arrow;
pub mod column;
pub mod export;
pub mod frame;
pub mod series;
pub mod types;
pub mod view;
