//! Runs as people see them.
//!
//! - [`chosen`]: selecting runs; [`show`]: one run; [`explain`]: why it read its input as it did; [`json`], [`mod@summary`],
//!   [`issues`]: parts of a run; [`stage`]: what a run does now; [`waiting`]: why a queued run does not run yet; [`files`]:
//!   the files of a run.
//! - [`difference`]: the differences between two runs, or two workbooks.
//! - [`follow`]: a log until the run ends; [`top`]: the queue at one moment.

pub mod chosen;
pub mod difference;
pub mod explain;
pub mod files;
pub mod follow;
mod grid;
pub mod issues;
pub mod json;
pub mod show;
pub mod stage;
pub mod summary;
pub mod top;
pub mod waiting;
