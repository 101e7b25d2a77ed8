//! The account of a run: what the engine tells of it, typed once for those who fill it and for those who read it.
//!
//! - [`completed`]: the closing report, as the event `engine.run.completed` has it
//! - [`run`]: what is counted while a run goes on, of which that report is made
//! - [`rows`]: where the rows of the output came from, and what became of those of the input

pub mod completed;
pub mod rows;
pub mod run;
