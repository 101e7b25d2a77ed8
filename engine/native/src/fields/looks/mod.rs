//! What columns and rows look like, before anything is read.

pub mod outline;
pub mod profile;
pub mod rows;
