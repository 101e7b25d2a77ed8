//! What a run reads.
//!
//! - [`input`]: which files a call means; [`stage`]: a copy in the run's folder; [`watch`]: again when a file changes.
//! - [`documents`]: inputs that clients store.

pub mod documents;
pub mod input;
pub mod stage;
pub mod watch;
