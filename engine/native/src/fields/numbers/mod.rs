//! Numbers: one cell ([`amount`], with its `digits`), and the column ([`number`]), which decides on the `decimal_mark`.

pub mod amount;
mod decimal_mark;
pub mod digits;
pub mod number;
pub mod percent;
pub mod units;
