//! Dates, times of day and durations: one cell, and the column that decides about the order.

pub mod clock;
pub mod date;
pub mod day;
pub mod moment;
