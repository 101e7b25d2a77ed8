//! The report of the engine on a run. One set of types serves the code that fills it and the code that reads it.
//!
//! - [`completed`]: the closing report, as in the event `engine.run.completed`
//! - [`issues`]: the number of issues, and their positions; [`severity`]: how serious they are
//! - [`run`]: the counts during a run, from which the closing report is made
//! - [`tables`]: how the engine read each table, and why
//! - [`row_counts`]: the number of rows, and how many were written, quarantined, dropped or added
//! - [`rows`]: where the rows of the output come from, and where the rows of the input went

pub mod completed;
pub mod issues;
pub mod row_counts;
pub mod rows;
pub mod run;
pub mod severity;
pub mod tables;
