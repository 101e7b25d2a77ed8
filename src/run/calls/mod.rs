//! What people ask of runs: each a file.
//!
//! - [`request`]: what a run is asked to do. [`inline`]: a run of this process; [`enqueue`] (files) and [`submit`] (a stored document): one that waits for a worker.
//! - [`retry`], [`remove`]: of runs that ended.

pub mod enqueue;
pub mod inline;
pub mod remove;
pub mod request;
pub mod retry;
pub mod submit;
