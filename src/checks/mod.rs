//! Checks that find trouble before a run does.
//!
//! - [`check`]: loads a configuration without running it.
//! - [`cases`]: runs inputs with expected results.
//! - [`ci`]: everything that a CI job asks of configurations, with reports.
//! - [`trial`]: runs a configuration on inputs of earlier runs, and reports the changes.
//! - [`dev`]: finds configurations, and watches them while they are edited.
//! - [`past`]: compares a configuration's current results with its past runs.
//! - [`drift`]: compares the layout of a file with that of its sender's last good run.
//! - [`infer`]: infers a configuration from sample files.
//! - [`fix`]: finds headers that a configuration lacks, and adds them.
//! - [`doctor`]: checks whether this machine is ready.

pub mod cases;
pub mod check;
pub mod ci;
pub mod dev;
pub mod doctor;
pub mod drift;
mod engine;
pub mod fix;
pub mod infer;
pub mod past;
pub mod trial;
