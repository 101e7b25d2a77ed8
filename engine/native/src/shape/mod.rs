//! Says of a table whether each row is one record, and if not, what would make it so: columns of months stacked, groups of
//! columns made rows, rows and columns turned, section lines made a column, first columns filled down, cells with several
//! values split.
//!
//! - `table`: cells as numbers of texts; `reading`, `header`, `words`, `scan`: what a text says
//! - `profile`, `hollow`, `series`, `view`: what columns hold, where they are empty, which headers belong together
//! - `stack`, `groups`, `turn`, `records`, `fill`, `lists`, `sections`, `plain`: one for each way to reshape, and for none;
//!   each makes candidates with evidence; `marks`: what stands between values in a cell
//! - `candidate`, `weights`: what the evidence counts, from weights.txt
//! - `reshape`, `search`: does a step and looks at the result, so that steps can follow each other
//! - `proposal`: what is said in the end, and when it is so sure that nobody has to be asked; `doubts`: what speaks against that
//!
//! The same table always has the same proposals. No table makes it panic or take long: rows and columns that are looked at
//! are bounded.

mod candidate;
mod doubts;
mod fill;
mod groups;
mod header;
mod hollow;
mod lists;
mod marks;
mod plain;
mod profile;
mod proposal;
mod reading;
mod records;
mod reshape;
mod scan;
mod search;
mod sections;
mod series;
mod stack;
mod table;
#[cfg(test)]
mod tests;
mod turn;
mod view;
mod weights;
mod words;

pub use candidate::{Operator, Step};
pub use marks::Mark;
pub use proposal::{PROPOSE, Proposal, propose};
