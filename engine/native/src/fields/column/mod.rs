//! What readers of columns share: how a column was read.

pub mod reading;
