//! What finds trouble before a run does.
//!
//! - [`check`]: loads a configuration without running it.
//! - [`dev`]: watches configurations while they are edited.
//! - [`doctor`]: is this machine ready.

pub mod check;
pub mod dev;
pub mod doctor;
