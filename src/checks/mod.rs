//! What finds trouble before a run does.
//!
//! - [`check`]: loads a configuration without running it.
//! - [`dev`]: finds configurations, and watches them while they are edited; `syntax` reads their modules without executing them.
//! - [`doctor`]: is this machine ready.

pub mod check;
pub mod dev;
pub mod doctor;
mod syntax;
