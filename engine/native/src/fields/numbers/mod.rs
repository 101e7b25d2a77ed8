//! Numbers: one cell, and the column that decides about the decimal mark.

pub mod amount;
pub mod number;
pub mod percent;
pub mod units;
