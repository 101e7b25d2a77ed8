//! The inputs of runs.
//!
//! - [`input`]: the files of a call; [`stage`]: a copy in the run's folder; [`watch`]: further runs when a file changes.
//! - [`documents`]: the inputs that clients store.

pub mod documents;
pub mod input;
pub mod stage;
pub mod watch;
