//! What people ask of runs: each a file.
//!
//! - [`request`]: what a run is asked to do. [`inline`]: a run of this process; [`enqueue`] (files) and [`submit`] (a stored document): one that waits for a worker.
//! - [`combine`]: one table out of the outputs of a call's runs.
//! - `unchanged`: the inputs of a call that need no run.
//! - [`retry`], [`remove`]: of runs that ended.

pub mod combine;
pub mod enqueue;
pub mod inline;
pub mod remove;
pub mod request;
pub mod retry;
pub mod submit;
pub(crate) mod unchanged;
