//! What readers of columns share: threads for long ones, how a column was read, the columns that come out.

pub mod built;
pub(super) mod parts;
pub mod reading;
