//! Finds out whether each row of a table is one record, and if not, proposes steps that make it so: stacking columns of months,
//! turning groups of columns into rows, transposing, making section lines a column, filling first columns down, splitting cells
//! with several values.
//!
//! Each step has one rule, described in its file: `columns` (stack and groups), `rows` (sections, values given once for several
//! rows, records in lines), `turn`, `lists`. A rule reports its confidence, its reasons, and the doubts for which a person
//! should be asked. `heads` recognises headers that are values, `table` finds the kinds of cells, `proposal` chooses.
//!
//! The same table always has the same proposals. No table makes it panic or take long: the numbers of rows and columns that it
//! checks are bounded.

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

pub use marks::ValueSeparator;
pub use proposal::{PROPOSE, propose};
pub use step::{Proposal, ReshapeStep};
