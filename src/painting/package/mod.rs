//! The package around a workbook (ECMA-376 part 2): a zip archive of parts, which relationships tie together.
//!
//! - `archive`: the sender's archive, and its copy
//! - `relationships`: which part a part refers to; `content_types`: what kind each part is

pub mod archive;
pub mod content_types;
pub mod relationships;
