//! The account of a run: what the engine tells of it, typed once for those who fill it and for those who read it.
//!
//! - [`completed`]: the closing report, as the event `engine.run.completed` has it
//! - [`run`]: what is counted while a run goes on, of which that report is made

pub mod completed;
pub mod run;
