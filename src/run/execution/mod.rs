//! A claimed run, up to its recorded end.
//!
//! - [`lifecycle`]: the order of things; [`after_attempt`]: what is done after an attempt, and what spends one. [`provide`]: the
//!   environment for a command that runs nothing.
//! - [`attempt`]: input in place, engine started, its events kept; [`request_file`]: what it was asked; [`names`]: files named as people know them.
//! - [`verdict`]: what the end of an engine means; [`error`]: what can go wrong; [`safe_mode`]: nothing is executed.
//! - [`happenings`]: what a person or a log is told meanwhile; [`queue_metrics`]: the figures of a worker.

pub mod after_attempt;
pub mod attempt;
pub mod error;
pub mod happenings;
pub mod lifecycle;
pub mod names;
pub mod provide;
pub mod queue_metrics;
pub mod request_file;
pub mod safe_mode;
pub mod verdict;
