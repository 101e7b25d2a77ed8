//! The calls that people make about runs, one per file.
//!
//! - [`request`]: the request of a run. [`inline`]: a run in this process; [`enqueue`] (files) and [`submit`] (a stored
//!   document): a run that waits for a worker.
//! - [`combine`]: combines the outputs of a call's runs into one table.
//! - `unchanged`: finds the inputs of a call that need no run.
//! - [`retry`], [`remove`]: repeat or remove ended runs.

pub mod combine;
pub mod enqueue;
pub mod inline;
pub mod remove;
pub mod request;
pub mod retry;
pub mod submit;
pub(crate) mod unchanged;
