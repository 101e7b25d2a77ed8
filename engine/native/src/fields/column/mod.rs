//! What readers of columns share: how a column was read, the columns that come out.

pub mod built;
pub mod reading;
