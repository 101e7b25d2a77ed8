//! What columns and rows look like, before anything is read.

pub mod profile;
pub mod rows;
