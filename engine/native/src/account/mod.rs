//! The account of a run: what the engine tells of it, typed once for those who fill it and for those who read it.
//!
//! - [`completed`]: the closing report, as the event `engine.run.completed` has it
//! - [`issues`]: how many issues there are, and where; [`severity`]: how much they matter
//! - [`run`]: what is counted while a run goes on, of which that report is made
//! - [`tables`]: how each table was read, and why
//! - [`row_counts`]: how many rows there were, and what became of them
//! - [`rows`]: where the rows of the output came from, and what became of those of the input

pub mod completed;
pub mod issues;
pub mod row_counts;
pub mod rows;
pub mod run;
pub mod severity;
pub mod tables;
