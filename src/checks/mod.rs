//! What finds trouble before a run does.
//!
//! - [`check`]: loads a configuration without running it.
//! - [`cases`]: runs inputs whose result is known.
//! - [`ci`]: all that a CI job asks of configurations, with reports for those who read it there.
//! - [`trial`]: runs one over inputs of former runs and says what would be another.
//! - [`dev`]: finds configurations, and watches them while they are edited.
//! - [`past`]: runs one as it is over inputs of its former runs, and says where rows, fields and issues are others.
//! - [`drift`]: in what the layout of a file differs from that of its sender's last good run.
//! - [`infer`]: the configuration that sample files show.
//! - [`fix`]: which headers a configuration lacks, and its files with them.
//! - [`doctor`]: is this machine ready.

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
