//! Says of a table whether each row is one record, and if not, what would make it so: columns of months stacked, groups of
//! columns made rows, rows and columns turned, section lines made a column, first columns filled down, cells with several
//! values split.
//!
//! Each way to reshape has one rule, stated in its file: `columns` (stack and groups), `rows` (sections, values that are said once, records in
//! lines), `turn`, `lists`. A rule says how sure it is, why, and what speaks against doing it without asking. `heads` tells which headers are
//! values, `table` what the cells hold, `proposal` chooses.
//!
//! The same table always has the same proposals. No table makes it panic or take long: rows and columns that are looked at
//! are bounded.

mod columns;
mod heads;
mod lists;
mod marks;
mod proposal;
mod rows;
mod step;
mod table;
#[cfg(test)]
mod tests;
mod turn;

pub use marks::Mark;
pub use proposal::{PROPOSE, propose};
pub use step::{Proposal, Step};
