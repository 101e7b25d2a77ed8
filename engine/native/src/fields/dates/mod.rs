//! Dates, times of day and durations: single cells, and the column, which decides on the order.
//!
//! - [`day`] and [`clock`]: one cell as a date, and the time of day in it; [`moment`]: cells that are times or durations
//! - [`zone`]: the zones behind times
//! - `groups`: the cells of a column, cut and grouped by the way they are written; `rules`: the order of a group
//! - [`date`]: the column; `by_group`: its groups, one after the other; `said`: how it was read, in words

mod by_group;
pub mod clock;
pub mod date;
pub mod day;
mod groups;
pub mod moment;
pub(super) mod orders;
mod rules;
mod said;
pub mod short_years;
pub mod zone;
