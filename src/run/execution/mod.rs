//! Takes a claimed run to its recorded end.
//!
//! - [`lifecycle`]: the order of the steps; [`after_attempt`]: the next step after an attempt, and what spends one.
//!   [`provide`]: the environment for a command that runs nothing.
//! - [`attempt`]: puts the input in place, starts the engine, keeps its events; [`request_file`]: the file with the request;
//!   [`names`]: file names as people know them.
//! - [`verdict`]: the meaning of an engine's end; [`error`]: the possible errors; [`safe_mode`]: runs that execute nothing.
//! - [`happenings`]: the stream of changes for people and logs; [`queue_metrics`]: the figures of a worker.

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
