//! Describes columns and rows before anything is read.

pub mod outline;
pub mod profile;
pub mod rows;
